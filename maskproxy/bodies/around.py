"""A mask around another one: all goes through as that one gives it, but for what a subclass does otherwise."""

from __future__ import annotations

from maskproxy.bodies.output import BodyFinding, BodyMask, Output
from maskproxy.errors import MaskproxyError


class Around:
    """`mask` is the one inside."""

    def __init__(self, mask: BodyMask) -> None:
        self._mask = mask

    @property
    def stopped(self) -> MaskproxyError | None:
        """Why a stream of events has ended before its end, where the mask inside has said so itself."""
        stopped: MaskproxyError | None = getattr(self._mask, "stopped", None)
        return stopped

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
        return self._mask.feed(data)

    def finish(self) -> Output:
        return self._mask.finish()
