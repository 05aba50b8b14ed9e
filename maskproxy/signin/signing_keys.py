"""The keys that tokens of ours are signed with: made here, kept sealed in the store, shared by all nodes.

A key signs for a month. The next one is published some time before it signs, so that nobody meets a key that they
cannot know, and an old one stays published until every token that it signed is over. What stands in the store is
believed only where its seal, made with the masking key, holds: a row that somebody else put there is no key.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from maskproxy.access.keyset import KeySet, PublicKey
from maskproxy.errors import MaskproxyError, StoreFailed, Unavailable
from maskproxy.signin.tokens import ALGORITHM
from maskproxy.store import signing_key_rows
from maskproxy.store.sealing import Envelope
from maskproxy.store.signing_key_rows import KeyRow
from maskproxy.store.store import Store

CALL_S = 5.0

_PURPOSE = b"maskproxy signin 1: signing keys"


@dataclass(frozen=True, slots=True)
class RingTimes:
    """Seconds. `after_s` is longer than any token of ours is valid."""

    signs_s: float = 30 * 86400
    before_s: float = 3600
    after_s: float = 2 * 3600
    refresh_s: float = 60
    ask_every_s: float = 5


@dataclass(frozen=True, slots=True)
class SigningKey:
    row: KeyRow
    private: ec.EllipticCurvePrivateKey

    def public(self) -> PublicKey:
        return PublicKey(self.row.kid, ALGORITHM, self.private.public_key())

    def jwk(self) -> dict[str, object]:
        members = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**members, "kid": self.row.kid, "alg": ALGORITHM, "use": "sig"}


class KeyRing:
    """`start` and `close` frame its life. For the authenticator, these are an issuer's keys like any other's."""

    def __init__(
        self,
        store: Store,
        masking_key: bytes,
        *,
        wall_ns: Callable[[], int],
        tampered: Callable[[int], None],
        unforeseen: Callable[[Exception], None],
        times: RingTimes | None = None,
    ) -> None:
        """`tampered` is told how many rows are not what was sealed, or were sealed with another masking key."""
        self._store = store
        self._envelope = Envelope(masking_key, _PURPOSE)
        self._wall_ns = wall_ns
        self._tampered = tampered
        self._unforeseen = unforeseen
        self._times = times or RingTimes()
        self._keys: tuple[SigningKey, ...] = ()
        self._set: KeySet | None = None
        self._asked_s = -self._times.ask_every_s
        self._closed_rows = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the keys, or make the first. A store that fails now is asked again."""
        with contextlib.suppress(StoreFailed):
            await self.refresh()
        self._task = asyncio.create_task(self._follow(), name="signing keys")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def signing(self) -> SigningKey:
        """The key to sign with now. Raises Unavailable where there is none."""
        now_us = self._wall_ns() // 1000
        fit = [key for key in self._keys if key.row.signs_from_us <= now_us < key.row.signs_until_us]
        if not fit:
            raise Unavailable("The gateway cannot sign tokens at this moment. Try again soon.", retry=True)
        return max(fit, key=lambda key: key.row.signs_from_us)

    def jwks(self) -> dict[str, object]:
        """The public keys (RFC 7517): those that sign, will sign, or did and are still to be believed."""
        now_us = self._wall_ns() // 1000
        return {"keys": [key.jwk() for key in self._keys if now_us < key.row.ends_us]}

    def usable(self) -> KeySet | None:
        return self._set

    async def keys_for(self, kid: str | None) -> KeySet:
        """Another node may have made a key a moment ago: one that is not known is looked up, now and then."""
        loop_s = asyncio.get_running_loop().time()
        known = self._set
        if (known is None or kid not in known) and loop_s >= self._asked_s + self._times.ask_every_s:
            self._asked_s = loop_s
            with contextlib.suppress(StoreFailed):
                await self.refresh()
        if self._set is None:
            raise Unavailable("The gateway's own keys cannot be had right now. Try again.", retry=True)
        return self._set

    async def refresh(self) -> None:
        """Read what the store has, and add what it lacks. Raises StoreFailed."""
        now_us = self._wall_ns() // 1000
        rows = await self._store.call(
            lambda connection: signing_key_rows.kept_up(connection, now_us, lambda rows: self._missing(rows, now_us)),
            timeout_s=CALL_S,
            reads_first=True,
        )
        keys = self._opened(rows)
        if keys != self._keys or self._set is None:
            self._keys, self._set = keys, KeySet(tuple(key.public() for key in keys))
        if len(rows) - len(keys) > self._closed_rows:
            self._tampered(len(rows) - len(keys))
        self._closed_rows = len(rows) - len(keys)

    def _missing(self, rows: list[KeyRow], now_us: int) -> KeyRow | None:
        """The next key, where no other signs long enough. In the store's thread, while no other node writes."""
        times = self._times
        usable = [key.row for key in self._opened(rows) if key.row.signs_until_us > now_us]
        signs_now = any(row.signs_from_us <= now_us for row in usable)
        from_us = max(row.signs_until_us for row in usable) if signs_now else now_us
        if from_us > now_us + int(times.before_s * 1e6):
            return None
        until_us = from_us + int(times.signs_s * 1e6)
        bare = KeyRow(secrets.token_hex(8), b"", from_us, until_us, until_us + int(times.after_s * 1e6))
        private = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return bare._replace(sealed=self._envelope.seal(_place(bare), private))

    def _opened(self, rows: Sequence[KeyRow]) -> tuple[SigningKey, ...]:
        known = {key.row: key for key in self._keys}
        keys = [known.get(row) or self._open(row) for row in rows]
        return tuple(key for key in keys if key is not None)

    def _open(self, row: KeyRow) -> SigningKey | None:
        secret = self._envelope.open(_place(row), row.sealed)
        if secret is None:
            return None
        private = serialization.load_der_private_key(secret, None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        return SigningKey(row, private)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._times.refresh_s)
            try:
                await self.refresh()
            except MaskproxyError:
                pass
            except Exception as error:  # noqa: BLE001 - a task that died would let the last key run out in silence
                self._unforeseen(error)


def _place(row: KeyRow) -> bytes:
    return f"{row.kid} {row.signs_from_us} {row.signs_until_us} {row.ends_us}".encode()
