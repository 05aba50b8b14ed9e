"""The issuers' public keys: found by discovery (OpenID Connect Discovery 1.0), kept fresh, served while fresh enough.

Each issuer has one task, the only one that fetches for it, so that there is never more than one fetch at a time and no
caller who goes away can break one off. Callers read what is there; for an unknown key name they may ask the task to
look again, under a rate limit. While the provider is down the last keys serve for a bounded time; then nobody gets in.

Nothing is fetched but the configured issuer's discovery document and the key set that it names.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from maskproxy.access.tokens import IssuerRules, KeySet
from maskproxy.errors import ConfigurationFault, Unauthenticated, Unavailable
from maskproxy.gateway.fetch import FetchFailed, fetch_json, is_safe

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrustedIssuer:
    """An issuer whose tokens count. http is for loopback only; `ssl` None means the system's roots."""

    rules: IssuerRules
    ssl: ssl.SSLContext | None = None


@dataclass(frozen=True)
class KeyTimes:
    """Seconds. The asks of strangers cost at most `asks` fetches and then one for each `ask_every_s`."""

    refresh_s: float = 600
    stale_s: float = 24 * 3600
    deadline_s: float = 10
    asks: int = 2
    ask_every_s: float = 30
    first_retry_s: float = 1
    last_retry_s: float = 30


class Keys(Protocol):
    """One issuer's keys, wherever they come from."""

    def usable(self) -> KeySet | None:
        """The keys as they are now, without waiting. The same object until they change."""
        ...

    async def keys_for(self, kid: str | None) -> KeySet:
        """The keys, looked up anew where `kid` is not among them. Raises `Unavailable` without keys to go by."""
        ...


class KeyDirectory:
    """The keys of all trusted issuers. `clock` is monotonic; the keys of issuers in `own` are not fetched."""

    def __init__(
        self,
        issuers: Sequence[TrustedIssuer],
        clock: Callable[[], float] = time.monotonic,
        times: KeyTimes | None = None,
        *,
        own: Mapping[str, Keys] | None = None,
    ) -> None:
        faults = [
            (f"identity.issuers[{place}].issuer", "This must be an https URL, or http on loopback, without a query.")
            for place, one in enumerate(issuers)
            if not is_safe(one.rules.issuer) or "?" in one.rules.issuer
        ]
        if faults:
            raise ConfigurationFault(faults)
        self._keepers = {one.rules.issuer: _Keeper(one, clock, times or KeyTimes()) for one in issuers}
        self._keys: Mapping[str, Keys] = {**self._keepers, **(own or {})}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to fetch. Does not wait: a provider that is down must not keep the gateway from starting."""
        self._tasks = [
            asyncio.create_task(keeper.run(), name=f"keys of {issuer}") for issuer, keeper in self._keepers.items()
        ]

    async def close(self) -> None:
        """Stop fetching. Whoever waits for keys is told that there are none."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    @property
    def ready(self) -> bool:
        """True when every issuer's keys can be used. For readiness checks."""
        return all(keys.usable() is not None for keys in self._keys.values())

    def current(self, issuer: str) -> KeySet | None:
        """The keys as they are now, without waiting. The same object until the issuer publishes other keys."""
        keys = self._keys.get(issuer)
        return keys.usable() if keys else None

    async def keys_for(self, issuer: str, kid: str | None) -> KeySet:
        """The keys of `issuer`, looked up anew when `kid` is not among them. Waits for at most one fetch.

        Raises `Unauthenticated` for an issuer that is not trusted, `Unavailable` when there are no keys to go by.
        """
        keys = self._keys.get(issuer)
        if keys is None:
            raise Unauthenticated("This gateway does not trust the issuer of the token. Sign in at the company's own.")
        return await keys.keys_for(kid)

    async def discovery_of(self, issuer: str) -> Mapping[str, object]:
        """The discovery document that led to the keys in use: whatever else stands in it is not checked.

        Waits and raises as `keys_for` does.
        """
        keeper = self._keepers[issuer]
        await keeper.keys_for(None)
        return keeper.discovery


class _Keeper:
    """One issuer's keys and the task that fetches them."""

    def __init__(self, trusted: TrustedIssuer, clock: Callable[[], float], times: KeyTimes) -> None:
        self._issuer = trusted.rules.issuer
        self._ssl = trusted.ssl
        self._clock = clock
        self._times = times
        self.discovery: Mapping[str, object] = {}
        """Empty until there are keys."""
        self._document: dict[str, object] = {}
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._failures = 0
        self._asked = asyncio.Event()
        self._round = asyncio.Event()
        self._fetching = True
        """From the start, or from an ask, until that fetch is over: others then wait for it rather than ask again."""
        self._asks_left = float(times.asks)
        self._asks_counted_at = clock()

    def usable(self) -> KeySet | None:
        return self._keys if self._clock() - self._fetched_at <= self._times.stale_s else None

    async def keys_for(self, kid: str | None) -> KeySet:
        keys = self.usable()
        if keys is not None and (kid is None or kid in keys):
            return keys
        if self._fetching or (keys is not None and self._may_ask()):
            await self._fetched()
            keys = self.usable()
        if keys is None or (self._failures and kid not in keys):
            raise Unavailable("The identity provider's keys cannot be had right now. Try again.", retry=True)
        return keys

    async def run(self) -> None:
        """Fetch, wait for the time or for an ask, and so on. Ends by being cancelled."""
        try:
            while True:
                # An ask is about keys alone. Everything else starts from discovery, in case it names another place.
                await self._fetch(anew=not self._asked.is_set())
                self._asked.clear()
                self._fetching = False
                self._tell()
                try:
                    async with asyncio.timeout(self._pause_s()):
                        await self._asked.wait()
                except TimeoutError:
                    self._fetching = True
        finally:
            self._fetching = False
            self._tell()

    def _tell(self) -> None:
        told, self._round = self._round, asyncio.Event()
        told.set()

    async def _fetched(self) -> None:
        if not self._fetching:
            self._fetching = True
            self._asked.set()
        try:
            async with asyncio.timeout(2 * self._times.deadline_s):
                await self._round.wait()
        except TimeoutError:
            raise Unavailable("The identity provider is too slow. Try again.", retry=True) from None

    def _may_ask(self) -> bool:
        now = self._clock()
        earned = (now - self._asks_counted_at) / self._times.ask_every_s
        self._asks_left = min(self._times.asks, self._asks_left + earned)
        self._asks_counted_at = now
        if self._asks_left < 1:
            return False
        self._asks_left -= 1
        return True

    def _pause_s(self) -> float:
        if not self._failures:
            return self._times.refresh_s
        doubled: float = self._times.first_retry_s * 2 ** min(self._failures - 1, 10)
        return min(doubled, self._times.last_retry_s, self._times.refresh_s)

    async def _fetch(self, *, anew: bool) -> None:
        began = self._clock()
        try:
            async with asyncio.timeout(self._times.deadline_s):
                discovery = await self._discover() if anew or self._failures or not self.discovery else self.discovery
                document = await self._get(str(discovery["jwks_uri"]))
            keys = KeySet.from_dict(document)
        except (FetchFailed, ValueError) as fault:
            self._failed(str(fault))
            return
        except TimeoutError:
            self._failed(f"no whole answer within {self._times.deadline_s:g} s")
            return
        except Exception as fault:  # noqa: BLE001 - a task that died would leave the keys to age in silence
            self._failed(f"unforeseen {type(fault).__name__}")
            return
        if self._failures or self._keys is None:
            log.info("keys of %s fetched: %d usable", self._issuer, len(keys))
        self._failures = 0
        self._fetched_at = began
        self.discovery = discovery
        if self._keys is None or document != self._document:
            self._document, self._keys = document, keys
            for reason in keys.faults:
                log.warning("a key of %s is not used: %s", self._issuer, reason)

    def _failed(self, reason: str) -> None:
        self._failures += 1
        log.warning("keys of %s cannot be fetched: %s", self._issuer, reason)

    async def _discover(self) -> Mapping[str, object]:
        document = await self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != self._issuer:
            raise ValueError("the discovery document names another issuer")
        place = document.get("jwks_uri")
        if not isinstance(place, str) or not is_safe(place):
            raise ValueError("the discovery document names no safe jwks_uri")
        if self._issuer.startswith("https:") and not place.startswith("https:"):
            raise ValueError("the discovery document of an https issuer names a jwks_uri without TLS")
        return document

    async def _get(self, url: str) -> dict[str, object]:
        return await fetch_json(url, trust=self._ssl, deadline_s=self._times.deadline_s)
