"""Protected source in a request: read as it was masked, off the loop, and told or refused before upstream has it.

A streamed upload is cut at the piece with which there is too much; what went before it was less.
"""

from __future__ import annotations

from dataclasses import replace

from maskproxy.bodies.claude import request_place
from maskproxy.bodies.output import BodyFinding
from maskproxy.errors import Blocked
from maskproxy.gateway.heads import RequestHead
from maskproxy.gateway.intake import guarded
from maskproxy.gateway.journal import Journal
from maskproxy.gateway.state import Gateway
from maskproxy.masking import Sought
from maskproxy.protected import Holding

_PIECE_BYTES = 64 * 1024


class Guard:
    """One request's body against everything that is protected."""

    def __init__(self, gateway: Gateway, journal: Journal, head: RequestHead, sought: Sought) -> None:
        protection = gateway.protection
        is_json = "json" in (head.value("content-type") or "") or request_place(head.method, head.path) is not None
        self._gateway = gateway
        self._journal = journal
        self._sought = replace(sought, actions={one.rule: one.action for one in protection.protected})
        self._reading = protection.reading(is_json=is_json) if protection else None
        self._told: set[str] = set()

    async def read(self, text: bytes) -> None:
        """Take a piece of the body. Raises Blocked."""
        if self._reading is not None and text:
            await self._tell(await guarded(self._gateway, self._fed, text, len(text)))

    async def finish(self) -> None:
        """The body ends. Raises Blocked."""
        if self._reading is not None:
            await self._tell(await guarded(self._gateway, self._finished, b"", _PIECE_BYTES))

    def _fed(self, text: bytes) -> list[Holding]:
        assert self._reading is not None
        for start in range(0, len(text), _PIECE_BYTES):
            self._reading.feed(text[start : start + _PIECE_BYTES])
        return self._reading.over()

    def _finished(self, _: bytes) -> list[Holding]:
        assert self._reading is not None
        self._reading.finish()
        return self._reading.over()

    async def _tell(self, holdings: list[Holding]) -> None:
        news = [holding for holding in holdings if holding.protected.rule not in self._told]
        if not news:
            return
        self._told.update(holding.protected.rule for holding in news)
        found = [BodyFinding(one.protected.rule, f"{one.lines} lines: {one.places}", "") for one in news]
        await self._journal.findings("request", found, 0, self._sought)
        for holding in news:
            if self._sought.blocks(holding.protected.rule):
                raise Blocked(
                    f"The request was not sent, since it holds {holding.lines} lines of protected source: "
                    f"{holding.protected.name} ({holding.places}). Take them out, or start a new conversation without "
                    "them."
                )
