"""Lines and columns of what is found in a stream, in memory that does not grow with it.

Kept are the bytes between what is settled and what was read; everything before is only counted.
"""

from __future__ import annotations

from maskproxy.masking import Finding, Masker

_CONTINUATION = bytes(range(0x80, 0xC0))


class Places:
    """Follows a masker through its stream. Lines and columns begin at 1; a column is a character of UTF-8."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._kept = b""
        self._from = 0
        self._line, self._column = 1, 1
        self._open: dict[int, tuple[int, int]] = {}

    def feed(self, data: bytes) -> None:
        """Take what the masker is about to be fed."""
        self._kept += data

    def found(self) -> list[tuple[Finding, int, int]]:
        """Give what was found since the last time, with lines and columns; call it after each feed of the masker."""
        told = []
        for finding in self._masker.take_findings():
            if finding.start in self._open:
                line, column = self._open.pop(finding.start)
            else:
                self._advance(finding.start)
                line, column = self._line, self._column
            told.append((finding, line, column))
        start = self._masker.open_from
        if start is not None and start not in self._open:
            self._advance(start)
            self._open = {start: (self._line, self._column)}
        self._advance(self._masker.settled)
        return told

    def _advance(self, offset: int) -> None:
        passed, self._kept = self._kept[: offset - self._from], self._kept[offset - self._from :]
        if not passed:
            return
        self._from += len(passed)
        newlines = passed.count(b"\n")
        if newlines:
            self._line += newlines
            self._column = 1
            passed = passed[passed.rfind(b"\n") + 1 :]
        self._column += len(passed.translate(None, _CONTINUATION))
