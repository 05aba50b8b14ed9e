"""Cheap looks at the raw bytes of a document: which of its strings deserve to be decoded and searched.

A look over a window that holds nothing spares looks at all that stands in it, and the next window is wider.
"""

from __future__ import annotations

from maskproxy.masking import Masking

_NARROWEST_BYTES = 512
_WIDEST_BYTES = 8192


class Looks:
    """What is known of a document's raw bytes so far. Ask in the order of the document."""

    __slots__ = ("_hot_from", "_hot_until", "_masking", "_raw", "_width", "cold_from", "cold_until")

    def __init__(self, raw: bytes, masking: Masking) -> None:
        self._raw = raw
        self._masking = masking
        self._width = _NARROWEST_BYTES
        self.cold_from = self.cold_until = 0
        """A window in which nothing can be found."""
        self._hot_from = self._hot_until = 0
        """One in which something may be found, who knows where."""

    def is_worth(self, start: int, end: int) -> bool:
        """Tell whether something may be found in the raw bytes from `start` to `end`, a member or so."""
        if self.cold_from <= start and end <= self.cold_until:
            return False
        if not self._hot_from <= start < self._hot_until:
            window_end = max(end, start + self._width)
            if not self._masking.may_hold(self._raw[start:window_end]):
                self.cold_from, self.cold_until = start, window_end
                self._width = min(2 * self._width, _WIDEST_BYTES)
                return False
            self._width = _NARROWEST_BYTES
            if window_end == end:
                return True
            self._hot_from, self._hot_until = start, window_end
        return self._masking.may_hold(self._raw[start:end])
