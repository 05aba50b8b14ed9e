r"""Where rules may match in a text: the compiled expressions of a rule set, and which of them to ask for what.

`hits` is a superset, to be confirmed by whoever knows neighbours and groups. Base64 spans are looked for by their own
look in short texts, where that is cheap, and in long ones by what the rules look like inside them (`base64_images`)
and by lines of a width at which such spans are wrapped. The images are a database of their own: the engine goes
through literals alone faster than through literals among expressions, and short texts are spared them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from maskproxy.errors import RuleRefused
from maskproxy.masking.base64_images import images
from maskproxy.masking.encoded import BASE64, CORE_BYTES, PERCENT_CORE, QUAD_BYTES, RUN
from maskproxy.masking.engine import Database, Hit, Part
from maskproxy.masking.grammar import Bytes, Node, Repeat, Series, expression, of, width
from maskproxy.masking.relaxed import needless_escapes, relaxed
from maskproxy.masking.wrapped import NARROWEST, first_cores, holds_core, may_be_wrapped

LONG_BYTES = 4096
_MOST_LONG_RUNS = 1000
_BYTES_A_RUN = 512
"""Where long runs are more frequent, it is quicker to look for what ends a line behind them, too."""
_LINE = Repeat(Bytes(of(RUN)), NARROWEST, NARROWEST)
_LINE_END = Bytes(of(b"\r\n\\"))
_NOT_IN_BASE64 = Series((Bytes(1),) * 16)
"""Stands for the images where no rule has any."""
_ESCAPED_PLUS = Series((Repeat(Bytes(of(RUN)), 3, 3), *(Bytes(of((byte,))) for byte in b"\\u002"), Bytes(of(b"bB"))))


class Finder:
    """The expressions of some rules, of our placeholders and of encoded spans. Shared by threads.

    Hits are numbered: the rules in order, then placeholders, percent-encoded spans, base64 spans.
    """

    __slots__ = (
        "_base64",
        "_cores",
        "_exact",
        "_images",
        "_lines",
        "_relaxed",
        "_runs",
    )

    def __init__(self, rules: int, databases: Sequence[Database]) -> None:
        """`rules`: how many there are. `databases`: what they were `compiled` to."""
        self._base64 = rules + 2
        self._exact, self._relaxed, self._images, self._cores, self._runs, self._lines = databases

    def hits(self, text: bytes) -> list[Hit]:
        """Give where cores end in the text, in no particular order, perhaps more than once."""
        hits = self._exact.hits(text)
        if len(text) < CORE_BYTES:
            return hits
        if len(text) <= LONG_BYTES:
            ends = [end for _, end in self._cores.hits(text)]
        else:
            images = [end for _, end in self._images.hits(text)]
            ends = self._spans(text, images, self._ends_of_lines(text))
        return hits + [(self._base64, end) for end in ends] if ends else hits

    def few_hits(self, text: bytes, most: int) -> list[Hit] | None:
        """Give the same of a long text; None where there are more than about so many."""
        found = self._exact.few_hits(text, most)
        images = None if found is None else self._images.few_hits(text, most)
        lines = None if images is None else self._few_ends_of_lines(text, most)
        if found is None or images is None or lines is None:
            return None
        return found + [(self._base64, end) for end in self._spans(text, [end for _, end in images], lines)]

    def _spans(self, text: bytes, images: Iterable[int], lines: Iterable[int]) -> list[int]:
        """Give where the base64 spans of a long text begin that may hold something: the ends of their first cores."""
        places = [*images]
        places += [end for end in lines if text[end : end + 1] in (b"\n", b"\r")]
        places.append(QUAD_BYTES)  # what tells of a span at the beginning may have begun before it
        return first_cores(text, places)

    def may_hold(self, raw: bytes) -> bool:
        """Tell whether raw bytes may hold anything that a rule matches, JSON-escaped or not."""
        if self._relaxed.any(raw):
            return True
        if len(raw) < CORE_BYTES:
            return False
        if any(holds_core(raw, end) for _, end in self._images.hits(raw)):
            return True
        ends = self._ends_of_lines(raw)
        return any(may_be_wrapped(raw, end) for end in ends)

    def _ends_of_lines(self, text: bytes) -> list[int]:
        """Give where runs end that are long enough to be wrapped, and other places inside such runs."""
        ends = self._few_ends_of_lines(text, None)
        assert ends is not None
        return ends

    def _few_ends_of_lines(self, text: bytes, most: int | None) -> list[int] | None:
        """The same; None where there are more than `most`."""
        runs = self._runs.few_hits(text, max(_MOST_LONG_RUNS, len(text) // _BYTES_A_RUN))
        if runs is not None:
            return [end for _, end in runs]
        lines = self._lines.hits(text) if most is None else self._lines.few_hits(text, most)
        return None if lines is None else [end - 1 for _, end in lines]


def compiled(rules: Sequence[tuple[str, Node]], placeholder: Node) -> tuple[Database, ...]:
    """Compile what a `Finder` needs side by side. `rules`: id and core of each. Raises RuleRefused with its name."""
    looser = {_relaxed(rule_id, core): rule_id for rule_id, core in reversed(rules)}  # several rules may begin alike
    raw = [*looser, *_raw_beside()]
    names = [rule_id for rule_id, _ in rules]
    with ThreadPoolExecutor(3) as pool:  # the engine compiles without the interpreter's lock
        exact = pool.submit(_compile, names, [*(core for _, core in rules), placeholder, PERCENT_CORE])
        superset = pool.submit(_compile, [*looser.values()], raw)
        inside = pool.submit(_compile, (), images(core for _, core in rules) or [_NOT_IN_BASE64])
        return exact.result(), superset.result(), inside.result(), *_for_spans()


def selected(rules: int, numbers: Sequence[int], databases: Sequence[Database]) -> tuple[Database, ...]:
    """Give what some of `rules` rules need, of what all were `compiled` to: `may_hold` tells of the others, too."""
    exact, *rest = databases
    return Part(exact, [*numbers, rules, rules + 1]), *rest


def _relaxed(rule_id: str, core: Node) -> Node:
    """Relax a rule's core; one of which nothing certain is left would take all JSON for a secret."""
    node = relaxed(core)
    if not width(node)[0]:
        raise RuleRefused(
            f"Rule {rule_id} is refused: any JSON might hold it, since each byte of it may be a blank or a part of a "
            "character outside ASCII; let one of them be a plain letter or sign."
        )
    return node


@lru_cache(maxsize=1)
def _raw_beside() -> list[Node]:
    """What raw JSON is looked through for beside all rules."""
    return [relaxed(PERCENT_CORE), *needless_escapes(), _ESCAPED_PLUS]


@lru_cache(maxsize=1)
def _for_spans() -> list[Database]:
    """The same for all rules: base64 spans, long runs, and long runs with what ends a line behind them."""
    return [_compile([], [node]) for node in (BASE64.core, _LINE, Series((_LINE, _LINE_END)))]


def _compile(names: Sequence[str], nodes: Sequence[Node]) -> Database:
    """Compile together; when that fails, find the rule that is to blame."""
    expressions = [expression(node) for node in nodes]
    try:
        return Database.compile(expressions)
    except RuleRefused as refusal:
        for rule_id, text in zip(names, expressions, strict=False):
            try:
                Database.compile([text])
            except RuleRefused as alone:
                raise RuleRefused(
                    f"Rule {rule_id} is refused: the matching engine cannot compile it.", detail=alone.detail
                ) from refusal
        raise
