"""One stream, read once: how much of it waits, and whether a match may have ended."""

from __future__ import annotations

from maskproxy.masking.automaton import TEXT_EDGE
from maskproxy.masking.forward import Forward
from maskproxy.masking.standing import Standing

_FAR_BYTES = 4096
"""Of more that is new, only the end is read."""
_NEAR_BYTES = 8
"""What began this near is sought anew with every piece, which costs less than to follow it."""


class Reading:
    """Tells from where on a stream must wait: from where the first secret may begin that goes on.

    That place is sought backwards, then followed by itself for as long as it lives: in a long token, which every piece
    makes longer, each byte is gone through a few times and not once a piece.
    """

    __slots__ = ("_first", "_forward", "_longest", "_past", "_read", "_starts", "ended")

    def __init__(self, forward: Forward, longest: int) -> None:
        """`longest`: bytes of the longest word."""
        self._forward = forward
        self._longest = longest
        self._past = [forward.begin(TEXT_EDGE)]
        """What stood before each byte that may wait and after it, in order."""
        self._read = 0
        """The offset in the stream up to which it was read."""
        self._starts: list[int] = []
        """Where all secrets that went on began when they were sought last, last first."""
        self._first: Standing | None = None
        """Where those stand that begin at the first of these places."""
        self.ended = False
        """Since it was set back, cores may have ended."""

    @property
    def ends(self) -> bool:
        """A core may end at the last byte that was read."""
        return self._past[-1].ends

    def alive(self, text: bytes, base: int, before: int) -> int:
        """Give where in `text` the first secret may begin that goes on at its end; its end if there is none.

        `text` is what there is of the stream from the offset `base` on, as far back as any word reaches; `before` is
        the neighbour to its left.
        """
        size, past = len(text), self._past
        at = self._read - base
        if at < 0 or size - at > _FAR_BYTES:
            # What began further back than the longest word has ended, so reading from there on leads to the same.
            at = max(0, size - self._longest - 1)
            past[:] = [self._forward.begin(text[at - 1] if at else before)]
            self._starts, self.ended = [], True
        standing = past[-1]
        for byte in text[at:] if at else text:
            standing = standing[byte]
            past.append(standing)
            if standing.ends:
                self.ended = True
        self._read = base + size
        if not standing.backwards:
            self._starts, alive = [], size - standing.held
        else:
            alive = self._follow(text, base, at) if self._starts else size
            if alive == size:
                alive = self._seek(text, base, before)
        del past[: alive - size - 1]
        return alive

    def _seek(self, text: bytes, base: int, before: int) -> int:
        """Find the place; note all that may be the next one where following them is worth it."""
        starts = self._forward.starts(self._past, text, before)
        if not starts:
            return len(text)
        if len(text) - starts[-1] > _NEAR_BYTES:
            self._starts = [base + start for start in starts]
            self._first = None
        return starts[-1]

    def _follow(self, text: bytes, base: int, at: int) -> int:
        """Give the first of the places noted of which something still goes on, read to `at` so far; else the end."""
        starts, first, size = self._starts, self._first, len(text)
        while starts:
            start = starts[-1] - base
            if start >= 0:
                if first is None:
                    first, at = self._past[start - size - 1].entered(text[start]), start + 1
                for byte in text[at:]:
                    first = first[byte]
                if first.held or first.backwards:
                    self._first = first
                    return start
            first = None
            starts.pop()
        return size
