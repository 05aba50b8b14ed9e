"""From a token to a person, quickly: what was verified once is believed until it expires or the issuer's keys change.

Promises: nothing is kept of a token but its SHA-256; the cache is bounded; a person is never served from it after the
token's `exp`, with other keys than those that verified it, or when the issuer's keys are too old to go by. A refusal is
remembered only for seconds, to blunt a client that keeps sending a bad token.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from maskproxy.access.tokens import LONGEST_TOKEN_BYTES, KeySet, Person, peek, verify
from maskproxy.errors import Unauthenticated
from maskproxy.gateway.identity.keys import KeyDirectory, TrustedIssuer

_REFUSED_S = 2.0
_MOST_REFUSED = 1024


class _Known(NamedTuple):
    issuer: str
    """Of the token: one of the gateway's own proves somebody else's person."""
    person: Person
    keys: KeySet


class _Refused(NamedTuple):
    sentence: str
    detail: str
    at: float


class Authenticator:
    """`clock` tells wall time in seconds; `is_over` whether a session of ours was ended before its time."""

    def __init__(
        self,
        keys: KeyDirectory,
        issuers: Sequence[TrustedIssuer],
        clock: Callable[[], float] = time.time,
        *,
        most_known: int = 4096,
        is_over: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._keys = keys
        self._rules = {one.rules.issuer: one.rules for one in issuers}
        self._clock = clock
        self._most_known = most_known
        self._is_over = is_over
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._refused: OrderedDict[bytes, _Refused] = OrderedDict()

    async def authenticate(self, token: str) -> Person:
        """The person whom `token` proves. Raises `Unauthenticated`, or `Unavailable` without keys to go by."""
        person = await self._proven(token)
        if person.session and self._is_over(person.session):
            raise Unauthenticated("This sign-in was ended. Sign in again.")
        return person

    async def _proven(self, token: str) -> Person:
        if len(token) > LONGEST_TOKEN_BYTES:
            raise Unauthenticated("The token is larger than 16 KiB. Ask for one with fewer claims.")
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        person = self._remembered(digest)
        if person is not None:
            return person
        try:
            return await self._verified(token, digest)
        except Unauthenticated as refusal:
            self._refused[digest] = _Refused(str(refusal), refusal.detail, self._clock())
            while len(self._refused) > _MOST_REFUSED:
                self._refused.popitem(last=False)
            raise

    def _remembered(self, digest: bytes) -> Person | None:
        now = self._clock()
        known = self._known.get(digest)
        if known is not None:
            if now < known.person.expires_at and self._keys.current(known.issuer) is known.keys:
                self._known.move_to_end(digest)
                return known.person
            del self._known[digest]
        refused = self._refused.get(digest)
        if refused is not None:
            # Also over when the clock was set back.
            if 0 <= now - refused.at < _REFUSED_S:
                raise Unauthenticated(refused.sentence, detail=refused.detail)
            del self._refused[digest]
        return None

    async def _verified(self, token: str, digest: bytes) -> Person:
        issuer, kid = peek(token)
        rules = self._rules.get(issuer)
        if rules is None:
            raise Unauthenticated("This gateway does not trust the issuer of the token. Sign in at the company's own.")
        keys = await self._keys.keys_for(issuer, kid)
        person = verify(token, rules, keys, self._clock())
        self._known[digest] = _Known(issuer, person, keys)
        while len(self._known) > self._most_known:
            self._known.popitem(last=False)
        return person
