"""Chosen events as signed POSTs, each until its receiver has it or its time is over.

A leaked key that turns up in every turn of a conversation is one case: a finding with the same fingerprint is told once
in `_ONCE_S`, by each node.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import aiohttp
from yarl import URL

from maskproxy.audit.signing import signature
from maskproxy.service.auditing.outbox import Entry, NotDelivered

LIFE_S = 3600.0
"""An event that could not be delivered for so long is dropped."""
_POST_S = 10.0
_ONCE_S = 86_400.0
_MOST_FINGERPRINTS = 100_000
_AGAIN = frozenset({408, 409, 425, 429})


class WebhookSink:
    def __init__(
        self,
        name: str,
        url: str,
        secret: bytes,
        events: frozenset[str],
        trust: ssl.SSLContext | None,
        *,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.name = f"webhook {name}"
        self._url = URL(url, encoded=True)
        self._secret = secret
        self._events = events
        self._trust = trust
        self._wall_s = wall_s
        self._told: OrderedDict[str, float] = OrderedDict()

    def takes(self, entry: Entry) -> bool:
        return entry.event in self._events and not self._is_told(entry.fingerprint)

    def _is_told(self, fingerprint: str) -> bool:
        before = self._told.get(fingerprint)
        return before is not None and self._wall_s() - before < _ONCE_S

    def _note(self, fingerprint: str) -> None:
        if not fingerprint:
            return
        self._told[fingerprint] = self._wall_s()
        self._told.move_to_end(fingerprint)
        if len(self._told) > _MOST_FINGERPRINTS:
            self._told.popitem(last=False)

    def reopen(self) -> None:
        """Nothing is left open between two events."""

    async def deliver(self, batch: Sequence[Entry]) -> None:
        for done, entry in enumerate(batch):
            if self._is_told(entry.fingerprint):
                continue  # it was, since this one began to wait
            try:
                async with asyncio.timeout(_POST_S):
                    status = await self._post(entry)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                raise NotDelivered("The webhook's receiver cannot be reached.", done=done) from error
            if not 200 <= status < 300:
                retry = status >= 500 or status in _AGAIN
                raise NotDelivered(f"The webhook's receiver answered {status}.", done=done, retry=retry)
            self._note(entry.fingerprint)

    async def _post(self, entry: Entry) -> int:
        timestamp = str(int(self._wall_s()))
        fields = {
            "Content-Type": "application/json",
            "User-Agent": "maskproxy",
            "X-Maskproxy-Event": entry.event,
            "X-Maskproxy-Id": entry.id,
            "X-Maskproxy-Timestamp": timestamp,
            "X-Maskproxy-Signature": signature(self._secret, timestamp, entry.line),
        }
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False) as session,
            session.post(
                self._url,
                data=entry.line,
                headers=fields,
                ssl=self._trust if self._trust is not None else True,
                allow_redirects=False,
            ) as answer,
        ):
            return answer.status

    async def close(self) -> None:
        """Nothing is open."""
