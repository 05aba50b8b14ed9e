"""The service's own credential: what a route puts in, last of all, before it asks upstream.

Promises: read by one caller at a time, while the others use what is there; kept until it ages, ends or is refused
upstream; forgetting is rate-limited, so that nobody can make the gateway read (or run a command) for each request;
all that was lately in use is told to the masker. A failure is `CredentialFailed` and an alarm, without the secret.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from maskproxy.errors import CredentialFailed
from maskproxy.gateway.credentials.command import SourceFailed
from maskproxy.gateway.credentials.secret_sources import SecretSource

log = logging.getLogger(__name__)

_RETRY_S = 5.0
_FORGET_EVERY_S = 10.0
_WAIT_S = 30.0
_REMEMBERED = 4
"""Former secrets are masked for a while too: answers and retries may still hold them."""


class _Held(NamedTuple):
    secret: str
    fresh_until: float
    valid_until: float


class Credential:
    """A credential for the field `header`. `clock` is monotonic; `alarm` is called for every failure and refusal."""

    def __init__(
        self,
        header: str,
        source: SecretSource,
        *,
        alarm: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.header = header.lower()
        self._source = source
        self._alarm = alarm
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held: _Held | None = None
        self._recent: deque[str] = deque(maxlen=_REMEMBERED)
        self._retry_at = -math.inf
        self._forgotten_at = -math.inf

    async def value(self) -> str:
        """The field's value. A secret without a scheme is a bearer token where the field is `authorization`."""
        held = self._usable()
        if held is None or (self._clock() >= held.fresh_until and not self._lock.locked()):
            held = await self._read()
        if self.header == "authorization" and " " not in held.secret:
            return f"Bearer {held.secret}"
        return held.secret

    async def rejected(self) -> None:
        """Upstream refused it: forget it, so that the next `value` reads anew, at most once in some seconds."""
        self._alarm()
        now = self._clock()
        if now - self._forgotten_at >= _FORGET_EVERY_S:
            self._forgotten_at = now
            self._held = None

    def known_secrets(self) -> tuple[bytes, ...]:
        """What must never be seen elsewhere: the secrets lately in use, and the source's own."""
        secrets = [part.encode() for secret in self._recent for part in {secret, secret.rpartition(" ")[2]}]
        return tuple(dict.fromkeys([*secrets, *self._source.known_secrets()]))

    async def close(self) -> None:
        """Forget the secret. Nothing else is held open."""
        self._held = None

    def _usable(self) -> _Held | None:
        return self._held if self._held is not None and self._clock() < self._held.valid_until else None

    async def _read(self) -> _Held:
        try:
            async with asyncio.timeout(_WAIT_S), self._lock:
                held = self._usable()
                now = self._clock()
                # Somebody else may have read it, or failed to, while this caller waited.
                if held is not None and (now < held.fresh_until or now < self._retry_at):
                    return held
                if held is None and now < self._retry_at:
                    raise _unreadable()
                return await self._read_now(held)
        except TimeoutError:
            raise _unreadable() from None

    async def _read_now(self, held: _Held | None) -> _Held:
        began = self._clock()
        try:
            reading = await self._source.read()
        except SourceFailed as fault:
            self._retry_at = self._clock() + _RETRY_S
            self._alarm()
            log.error("the credential for %s cannot be read: %s", self.header, fault)
            if held is not None:
                return held
            raise _unreadable() from fault
        valid_s = math.inf if reading.valid_s is None else reading.valid_s
        self._held = _Held(reading.secret, began + reading.fresh_s, began + valid_s)
        if reading.secret in self._recent:
            self._recent.remove(reading.secret)
        self._recent.append(reading.secret)
        return self._held


def _unreadable() -> CredentialFailed:
    return CredentialFailed(
        "The gateway's own credential cannot be had. Its operators have been alarmed; try again later.", retry=True
    )
