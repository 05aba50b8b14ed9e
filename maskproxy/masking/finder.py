r"""Where rules may match in a text: the compiled expressions of a rule set, and which of them to ask for what.

`hits` is a superset, to be confirmed by whoever knows neighbours and groups. Base64 spans are looked for by their own
look in short texts, where that is cheap, and in long ones by what the rules look like inside them (`base64_images`)
and by lines of a width at which such spans are wrapped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from maskproxy.errors import RuleRefused
from maskproxy.masking.base64_images import images
from maskproxy.masking.encoded import BASE64, CORE_BYTES, PERCENT_CORES, RUN
from maskproxy.masking.engine import Database, Hit
from maskproxy.masking.grammar import Bytes, Node, Repeat, Series, expression, of, width
from maskproxy.masking.relaxed import needless_escapes, relaxed
from maskproxy.masking.wrapped import NARROWEST, first_cores, holds_core

LONG_BYTES = 4096
_MOST_LONG_RUNS = 1000
_CERTAIN, _MAYBE = 0, 1
_LINE = Repeat(Bytes(of(RUN)), NARROWEST, NARROWEST)
_LINE_END = Bytes(of(b"\r\n\\"))
_ESCAPED_PLUS = Series((Repeat(Bytes(of(RUN)), 3, 3), *(Bytes(of((byte,))) for byte in b"\\u002"), Bytes(of(b"bB"))))


class Finder:
    """The expressions of some rules, of our placeholders and of encoded spans. Shared by threads.

    Hits are numbered: the rules in order, then placeholders, percent-encoded spans, base64 spans.
    """

    __slots__ = ("_base64", "_cores", "_exact", "_lines", "_relaxed", "_runs", "databases")

    def __init__(
        self,
        rules: Sequence[tuple[str, Node]],
        placeholder: Node,
        databases: Sequence[Database] | None = None,
    ) -> None:
        """`rules`: id and core of each. `databases`: what equal ones were compiled to before."""
        self._base64 = len(rules) + 2
        if databases is None:
            cores = [core for _, core in rules]
            inside = images(cores)
            raw = [_relaxed(rule_id, core) for rule_id, core in rules]
            raw += [*(relaxed(core) for core in PERCENT_CORES), *needless_escapes(), _ESCAPED_PLUS]
            numbers = [
                *range(len(cores) + 1),
                *(len(cores) + 1 for _ in PERCENT_CORES),
                *(self._base64 for _ in inside),
            ]
            names = [rule_id for rule_id, _ in rules]
            databases = [
                _compile(names, [*cores, placeholder, *PERCENT_CORES, *inside], numbers),
                _compile(names, [*raw, *inside], [*(_CERTAIN for _ in raw), *(_MAYBE for _ in inside)]),
                *_for_spans(),
            ]
        self.databases = tuple(databases)
        self._exact, self._relaxed, self._cores, self._runs, self._lines = self.databases

    def hits(self, text: bytes) -> list[Hit]:
        """Give where cores end in the text, in no particular order, perhaps more than once."""
        hits = self._exact.hits(text)
        if len(text) < CORE_BYTES:
            return [hit for hit in hits if hit[0] < self._base64] if hits else hits
        number = self._base64
        if len(text) <= LONG_BYTES:
            ends = [end for _, end in self._cores.hits(text)]
        else:
            places = [end for index, end in hits if index >= number]
            places += [end for end in self._ends_of_lines(text) if text[end : end + 1] in (b"\n", b"\r")]
            ends = first_cores(text, places)
        if hits:
            hits = [hit for hit in hits if hit[0] < number]
        return hits + [(number, end) for end in ends] if ends else hits

    def may_hold(self, raw: bytes) -> bool:
        """Tell whether raw bytes may hold anything that a rule matches, JSON-escaped or not."""
        places = self._relaxed.places_unless(raw, _CERTAIN)
        if places is None:
            return True
        if len(raw) < CORE_BYTES:
            return False
        if places and any(holds_core(raw, place) for place in places):
            return True
        ends = self._ends_of_lines(raw)
        return bool(ends) and any(raw[end : end + 1] in (b"\\", b"\n", b"\r") for end in ends)

    def _ends_of_lines(self, text: bytes) -> list[int]:
        """Give where runs end that are long enough to be wrapped, and other places inside such runs."""
        ends, complete = self._runs.first_ends(text, _MOST_LONG_RUNS)
        return ends if complete else [end - 1 for _, end in self._lines.hits(text)]


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
def _for_spans() -> list[Database]:
    """The same for all rules: base64 spans, long runs, and long runs with what ends a line behind them."""
    return [_compile([], [node]) for node in (BASE64.core, _LINE, Series((_LINE, _LINE_END)))]


def _compile(names: Sequence[str], nodes: Sequence[Node], numbers: Sequence[int] | None = None) -> Database:
    """Compile together; when that fails, find the rule that is to blame."""
    expressions = [expression(node) for node in nodes]
    try:
        return Database.compile(expressions, numbers)
    except RuleRefused as refusal:
        for rule_id, text in zip(names, expressions, strict=False):
            try:
                Database.compile([text])
            except RuleRefused as alone:
                raise RuleRefused(
                    f"Rule {rule_id} is refused: the matching engine cannot compile it.", detail=alone.detail
                ) from refusal
        raise
