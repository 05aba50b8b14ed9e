"""Events of an answer, one by one and whole, to a mask of which one event may end the stream.

So what comes before that event goes out, and nothing behind it is recorded, in whatever pieces the events arrive.
"""

from __future__ import annotations

from maskproxy.bodies.events import EventReader
from maskproxy.bodies.output import BodyFinding, BodyMask, Output, join
from maskproxy.bodies.refusing import stopped_of
from maskproxy.errors import MaskproxyError


class ByEvent:
    """Another mask, fed with whole events. An event that is not complete is held, as that mask would hold it."""

    def __init__(self, mask: BodyMask) -> None:
        self._mask = mask
        self._reader = EventReader()

    @property
    def stopped(self) -> MaskproxyError | None:
        return stopped_of(self._mask)

    @property
    def streams(self) -> bool:
        return self._mask.streams

    @property
    def findings(self) -> list[BodyFinding]:
        return self._mask.findings

    @property
    def unread_bytes(self) -> int:
        return self._mask.unread_bytes

    def feed(self, data: bytes) -> Output:
        return join([self._mask.feed(event) for event in self._reader.feed(data)])

    def finish(self) -> Output:
        rest = self._reader.finish()
        outputs = [self._mask.feed(rest)] if rest else []
        return join([*outputs, self._mask.finish()])
