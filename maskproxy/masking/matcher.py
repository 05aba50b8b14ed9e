"""From the end of a core, which Hyperscan found, to what exactly is to be masked.

Hyperscan looks for a superset (it knows neither neighbours nor groups). `Matcher` confirms one rule's match and
finds the secret in it; `OpenTail` follows a match that may still grow.
"""

from __future__ import annotations

import re

from maskproxy.masking.automaton import TEXT_EDGE, Backward, beginnings, ending
from maskproxy.masking.grammar import ALL_BYTES, ANYTHING, EMPTY, Bytes, Node, Repeat, Shape, Tail, expression, width

Span = tuple[int, int]
_HIGH = ALL_BYTES & ~((1 << 128) - 1)


class Matcher:
    """One rule's shape, ready to confirm matches. Immutable but for its automata, which fill themselves."""

    __slots__ = ("_after", "_before", "_secret", "free_right", "shape", "tail")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.tail = TailReader(shape.tail, shape.right) if shape.tail else None
        self.free_right = shape.right == ANYTHING
        self._before: Backward | None = None
        self._after: Backward | None = None
        self._secret: Backward | None = None

    def secrets(self, text: bytes, end: int, before: int) -> list[Span]:
        """Give, as spans, the union of what the matches whose core ends at `end` would mask.

        `before` is the neighbour to the left of text[0].
        """
        secret = self._secret or self._parts()
        spans = []
        for stop in self._after.starts(text, end, TEXT_EDGE) if self._after else (end,):
            if self._before is None:
                start = secret.longest(text, stop, 0, before)
                if start <= stop:
                    spans.append((start, stop))
                continue
            for start in secret.starts(text, stop, before):
                if self._before.longest(text, start, 0, before) <= start:
                    spans.append((start, stop))
                    break
        return spans

    def _parts(self) -> Backward:
        """Make the automata when the rule has its first hit."""
        shape = self.shape
        if shape.before != EMPTY:
            self._before = ending(shape.before, shape.left)
        if shape.after != EMPTY:
            self._after = ending(shape.after)
        self._secret = ending(shape.secret, shape.left if shape.before == EMPTY else ANYTHING)
        return self._secret


class TailReader:
    """What a tail may hold, in the form that reads it fast."""

    __slots__ = ("limit", "needs_next", "right", "run", "terminator")

    def __init__(self, tail: Tail, right: int) -> None:
        self.run = re.compile(expression(Repeat(Bytes(tail.members), 0, None)).encode())
        self.limit = tail.most
        self.right = right
        self.needs_next = right != ANYTHING or bool(tail.members & _HIGH)
        """At its limit, the tail's end is known only with the byte after it."""
        self.terminator = Terminator(tail.end) if tail.end else None


class Terminator:
    """The last line of an armour, read forwards from where the tail's class ends."""

    __slots__ = ("_begun", "_longest", "_whole")

    def __init__(self, node: Node) -> None:
        self._whole = ending(node)
        self._begun = beginnings([(node, ANYTHING, False)])
        self._longest = width(node)[1] or 0

    def end(self, text: bytes, at: int) -> int:
        """Give the end of the longest terminator that begins at `at`, or `at`."""
        for stop in range(min(len(text), at + self._longest), at, -1):
            if at in self._whole.starts(text, stop, TEXT_EDGE):
                return stop
        return at

    def may_continue(self, text: bytes, at: int) -> bool:
        """Tell whether all that is there from `at` on is the beginning of a terminator."""
        return len(text) - at < self._longest and (
            at == len(text) or at in self._begun.starts(text, len(text), TEXT_EDGE)
        )


class OpenTail:
    """A match whose core is there and whose tail may go on. Offsets are those of the stream."""

    __slots__ = (
        "_at",
        "_first",
        "_limit",
        "_reader",
        "closed",
        "decided",
        "end",
        "rule",
        "start",
        "undecided_from",
        "valid",
    )

    def __init__(self, rule: int, reader: TailReader, start: int, core_end: int) -> None:
        self.rule = rule
        self.start = start
        self.end = core_end
        self.closed = False
        """Nothing that follows can make the match longer."""
        self.valid = True
        """False: what follows the match is not what the rule permits there."""
        self.decided = False
        """The candidate that this tail ends is masked already, as far as it was released."""
        self.undecided_from: int | None = None
        """Where a terminator begins that is not complete yet."""
        self._reader = reader
        self._at = self._first = core_end
        self._limit = None if reader.limit is None else core_end + reader.limit

    @property
    def sure(self) -> bool:
        """Tell whether this is a match whatever follows."""
        return self._reader.right == ANYTHING

    def covers(self, start: int, core_end: int) -> bool:
        """Tell whether a match of the same rule would end where this one does, and begin no earlier."""
        return self._limit is None and self.start <= start and self._first <= core_end <= self._at

    def extend(self, text: bytes, base: int, *, final: bool) -> None:
        """Follow the tail through text, which begins at offset `base` of the stream."""
        if self.closed:
            return
        reader, size = self._reader, len(text)
        stop = size if self._limit is None else min(size, self._limit - base)
        found = reader.run.match(text, self._at - base, stop)
        at = found.end() if found else self._at - base
        self._at = self.end = at + base
        self.undecided_from = None
        if at == size and not final and (reader.needs_next or self.end != self._limit):
            return
        self.closed = True
        self.valid = bool(reader.right >> (text[at] if at < size else TEXT_EDGE) & 1)
        if reader.terminator is not None:
            self.end = base + reader.terminator.end(text, at)
            if not final and reader.terminator.may_continue(text, at):
                self.closed, self.undecided_from = False, base + at
