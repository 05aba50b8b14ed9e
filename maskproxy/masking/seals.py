"""Seals: what masking took out of a signed text, to travel with it and to come back for nobody but its person.

A seal stands behind the text's signature: `<signature>.maskproxy1.<base64url>`. It holds the originals under AES-GCM.
The key is made of the masking key, which nodes share, and the person; signature and masked text are bound to it. So it
opens after a restart and on any node, and for no other person, signature or text.
"""

from __future__ import annotations

import hmac
import os
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from maskproxy.errors import BadRequest, TooLarge

MOST_SPANS = 10_000
LIMIT_BYTES = 1 << 20
"""Of originals in one seal."""

_NAME = b".maskproxy"
_MARK = _NAME + b"1."
_NONCE_BYTES = 12
_REFUSED = (
    "Claude's thinking in this conversation cannot be given back to it: the block was changed, or it was masked for "
    "somebody else or under another key. Go back to before that answer, or start a new conversation."
)


class Span(NamedTuple):
    """A placeholder in the masked text, in bytes, and what stood there."""

    start: int
    length: int
    original: bytes


class SealKey:
    """The key that all nodes share."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, person: str) -> Seals:
        """Give the seals of one person, whatever session they are in: a conversation may go on in another one."""
        return Seals(hmac.digest(self._key, b"maskproxy thinking seal 1\0" + person.encode(), "sha256"))


class Seals:
    """Makes and opens the seals of one person."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, signature: bytes, masked_sha256: bytes, spans: Sequence[Span]) -> bytes:
        """Give what stands behind `signature` from now on. More than a seal may hold is TooLarge."""
        if len(spans) > MOST_SPANS or sum(len(span.original) for span in spans) > LIMIT_BYTES:
            raise TooLarge("A thinking block holds more secrets than can be sealed.")
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, msgpack.packb(spans), masked_sha256 + signature)
        return _MARK + urlsafe_b64encode(nonce + sealed).rstrip(b"=")

    def unseal(self, signature: bytes, masked: bytes) -> tuple[bytes, list[Span]]:
        """Give the signature without its seal, and what to put back into `masked`; BadRequest where that cannot be."""
        own, mark, seal = signature.rpartition(_MARK)
        try:
            data = b64decode(seal + b"=" * (-len(seal) % 4), altchars=b"-_", validate=True)
            if not mark or urlsafe_b64encode(data).rstrip(b"=") != seal:
                raise BadRequest(_REFUSED)
            bound = sha256(masked).digest() + own
            plain = self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound)
        except (ValueError, InvalidTag) as error:
            raise BadRequest(_REFUSED) from error
        return own, [Span(*span) for span in msgpack.unpackb(plain)]


def looks_sealed(signature: bytes) -> bool:
    """Tell whether a seal of ours, of whatever version, stands behind the signature, or what is left of one."""
    last = signature.rfind(b".")
    return _NAME in signature or (last >= 0 and _NAME.startswith(signature[last:]))
