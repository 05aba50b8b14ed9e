"""Events of an answer, one by one and whole, to a mask of which one event may end the stream.

So what comes before that event goes out, and nothing behind it is recorded, in whatever pieces the events arrive.
"""

from __future__ import annotations

from maskproxy.bodies.around import Around
from maskproxy.bodies.events import EventReader
from maskproxy.bodies.output import BodyMask, Output, join


class ByEvent(Around):
    """Another mask, fed with whole events. An event that is not complete is held, as that mask would hold it."""

    def __init__(self, mask: BodyMask) -> None:
        super().__init__(mask)
        self._reader = EventReader()

    def feed(self, data: bytes) -> Output:
        return join([self._mask.feed(event) for event in self._reader.feed(data)])

    def finish(self) -> Output:
        rest = self._reader.finish()
        outputs = [self._mask.feed(rest)] if rest else []
        return join([*outputs, self._mask.finish()])
