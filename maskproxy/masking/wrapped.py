r"""A base64 span that may go on, over the ends of lines too, and where spans stand in a long text.

`base64`, MIME and PEM wrap at a fixed width; a run goes on behind a line's end where the line is exactly so wide. What
stands in front of the next line may be indentation and a line number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from maskproxy.masking.encoded import BASE64, CORE_BYTES, RUN
from maskproxy.masking.grammar import expression

WIDTHS = frozenset({60, 64, 72, 76})
NARROWEST = min(WIDTHS)

_CHARACTER = rb"[A-Za-z0-9+/_-]"
_RUN = re.compile(_CHARACTER + rb"*+")
_PAD = ord("=")
_WRAP = re.compile(rb"\r?\n[ \t]{0,16}(?:[0-9]{1,6}(?:\t|\xe2\x86\x92))?+(?=" + _CHARACTER + rb")")
_WRAP_BEGUN = re.compile(rb"\r?(?:\n[ \t]{0,16}(?:[0-9]{1,6}(?:\t|\xe2(?:\x86\x92?)?)?)?)?\Z")
_WRAP_BEFORE = re.compile(rb"\r?\n[ \t]{0,16}(?:[0-9]{1,6}(?:\t|\xe2\x86\x92))?\Z")
_UNFINISHED = re.compile(rb"(?:=|\r|\r?\n[ \t]{0,16}(?:[0-9]{1,6}(?:\t|\xe2(?:\x86\x92?)?)?)?)\Z")
_WRAP_BYTES = 2 + 16 + 6 + 3
_CORE = re.compile(expression(BASE64.core).encode())
_BLOCK_BYTES = 256


class EncodedTail:
    """A base64 span whose core is there and which may go on. Offsets are those of the stream; see `OpenTail`."""

    __slots__ = (
        "_at",
        "_first",
        "_line",
        "_padding",
        "closed",
        "decided",
        "end",
        "rule",
        "start",
        "undecided_from",
        "valid",
    )

    def __init__(self, rule: int, start: int, core_end: int) -> None:
        self.rule = rule
        self.start = self._line = start
        self.end = self._at = self._first = core_end
        self._padding = 0
        self.closed = False
        self.valid = True
        self.decided = False
        self.undecided_from: int | None = None

    def covers(self, start: int, core_end: int) -> bool:
        """Tell whether a core there belongs to this span."""
        return self.start <= start and self._first <= core_end <= self._at

    def extend(self, text: bytes, base: int, *, final: bool) -> None:
        """Follow the span through text, which begins at offset `base` of the stream."""
        size = len(text)
        while not self.closed:
            self.undecided_from = None
            at = self._after_run(text, self._at - base)
            self._at = self.end = at + base
            if at == size:
                self.closed = final
                return
            if text[at] == _PAD and self._padding < 2:
                self._padding += 1
                self._at += 1
            elif self._padding or self._at - self._line not in WIDTHS:
                self.closed = True
            elif not final and _WRAP_BEGUN.match(text, at):
                self.undecided_from = self._at
                return
            else:
                wrap = _WRAP.match(text, at)
                self.closed = wrap is None
                if wrap is not None:
                    self._at = self._line = wrap.end() + base

    def _after_run(self, text: bytes, at: int) -> int:
        if self._padding:
            return at
        run = _RUN.match(text, at)
        assert run is not None
        return run.end()


def first_cores(text: bytes, places: Iterable[int]) -> list[int]:
    """Give where the first cores end of the spans that stand around these places, and at the end of text.

    For texts that are too long to look everywhere: a span without such a place in it holds nothing.
    """
    ends: list[int] = []
    done = 0
    unfinished = _UNFINISHED.search(text, max(0, len(text) - _WRAP_BYTES))
    last = unfinished.start() if unfinished else len(text)
    for place in (*sorted(set(places)), last):
        if place <= done:
            continue
        at = _begin(text, place, done)
        while at < place:
            core = _CORE.search(text, at, _stop(text, place))
            if core is None:
                break
            tail = EncodedTail(0, core.start(), core.end())
            tail.extend(text, 0, final=True)
            ends.append(core.end())
            at = done = tail.end
        done = max(done, place)
    return ends


def may_be_wrapped(raw: bytes, end: int) -> bool:
    r"""Tell whether a run that reaches `end` in raw JSON may go on behind an escaped line end, or `\/` and the like."""
    return raw[end : end + 1] in (b"\\", b"\n", b"\r")


def holds_core(raw: bytes, place: int) -> bool:
    """Tell whether the run around `place`, taken by itself, holds a core."""
    start = _run_begins(raw, place, 0)
    return _CORE.search(raw, start, _stop(raw, place)) is not None


def _begin(text: bytes, place: int, floor: int) -> int:
    """Give where the span around `place` may begin, over all its wrapped lines."""
    start = _run_begins(text, place, floor)
    while start > floor:
        wrap = _WRAP_BEFORE.search(text, max(floor, start - _WRAP_BYTES), start)
        if wrap is None:
            break
        above = _run_begins(text, wrap.start(), floor)
        if wrap.start() - above < NARROWEST:
            break
        start = above
    return start


def _run_begins(text: bytes, place: int, floor: int) -> int:
    while place > floor:
        low = max(floor, place - _BLOCK_BYTES)
        kept = len(text[low:place].rstrip(RUN))
        place = low + kept
        if kept:
            break
    return place


def _stop(text: bytes, place: int) -> int:
    """A core may begin before `place` and end behind it."""
    run = _RUN.match(text, place)
    return min(run.end() if run else place, place + CORE_BYTES)
