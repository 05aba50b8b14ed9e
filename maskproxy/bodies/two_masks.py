"""One body under two masks: what goes on comes from one of them, what is recorded from the other.

For rules that alert, whose secrets pass and are masked in the recording; for what its sender may let pass; and for
what a grant only observes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from maskproxy.bodies.around import Around
from maskproxy.bodies.events import error_event
from maskproxy.bodies.output import BodyFinding, BodyMask, Findings, Output
from maskproxy.masking import Masked, trusted


def believed(
    forward: Iterable[BodyFinding], record: Iterable[BodyFinding], only_recorded: Callable[[BodyFinding], bool]
) -> list[BodyFinding]:
    """Give what two masks found: of what goes on as it is, what the mask for the recording says."""
    return [
        *(one for one in forward if not only_recorded(one)),
        *(one for one in record if only_recorded(one)),
    ]


class TwoMasks(Around):
    """`only_recorded` tells of a finding whether the mask for the recording is to be believed, or the other."""

    def __init__(self, forward: BodyMask, record: BodyMask, only_recorded: Callable[[BodyFinding], bool]) -> None:
        super().__init__(forward)
        self._record = record
        self._only_recorded = only_recorded
        self._found = Findings()
        self._told = [0, 0]

    @property
    def findings(self) -> list[BodyFinding]:
        return self._found

    def feed(self, data: bytes) -> Output:
        return self._both(lambda mask: mask.feed(data))

    def finish(self) -> Output:
        return self._both(lambda mask: mask.finish())

    def _both(self, step: Callable[[BodyMask], Output]) -> Output:
        if self.stopped is not None:
            return step(self._mask)
        try:
            record = step(self._record).record
            forward = step(self._mask).forward
        finally:
            self._tell()
        return Output(forward, self._ended(record))

    def _ended(self, record: Masked) -> Masked:
        """The recording of a stream that was stopped ends as the client's does."""
        error = self.stopped
        if error is None:
            return record
        return trusted(record + error_event(error), why="masked events, and one of our own that says why they end")

    def _tell(self) -> None:
        forward, record = self._mask.findings[self._told[0] :], self._record.findings[self._told[1] :]
        self._told[0] += len(forward)
        self._told[1] += len(record)
        self._found += believed(forward, record, self._only_recorded)
