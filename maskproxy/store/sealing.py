"""How secrets are sealed for the disk: AES-256-GCM, bound to whose they are and to their place.

Every key here is derived (HKDF, RFC 5869) from the masking key under a label of its own: who has the file and not that
key learns rules, placeholders, lengths and times, and can neither read a secret nor move it to another person's name.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_DIGEST_BYTES = 16


class Seals:
    """The keys of one masking key."""

    __slots__ = ("_aead", "_digest_key", "_scope_key")

    def __init__(self, masking_key: bytes) -> None:
        self._aead = AESGCM(derived(masking_key, b"maskproxy vault 1: seal"))
        self._scope_key = derived(masking_key, b"maskproxy vault 1: scope")
        self._digest_key = derived(masking_key, b"maskproxy vault 1: digest")

    def scope(self, scope: str) -> bytes:
        """Give what stands in the database for a person or a session."""
        return hmac.digest(self._scope_key, scope.encode(), "sha256")

    def digest(self, scope: bytes, placeholder: str, secret: bytes) -> bytes:
        """Give what tells whether the same was sealed before; equal for equal secrets in one row's place only."""
        return hmac.digest(self._digest_key, _place(scope, placeholder) + secret, "sha256")[:_DIGEST_BYTES]

    def seal(self, scope: bytes, placeholder: str, rule: str, secret: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, secret, _place(scope, placeholder) + rule.encode())

    def open(self, scope: bytes, placeholder: str, rule: str, sealed: bytes) -> bytes | None:
        """Give the secret; None where this is not what was sealed in this place."""
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._aead.decrypt(nonce, rest, _place(scope, placeholder) + rule.encode())
        except (InvalidTag, ValueError):
            return None


class Envelope:
    """The key of one purpose: what was sealed for a place opens in that place alone."""

    __slots__ = ("_aead",)

    def __init__(self, masking_key: bytes, purpose: bytes) -> None:
        self._aead = AESGCM(derived(masking_key, purpose))

    def seal(self, place: bytes, secret: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, secret, place)

    def open(self, place: bytes, sealed: bytes) -> bytes | None:
        """Give the secret; None where this is not what was sealed for this place."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
        except (InvalidTag, ValueError):
            return None


def derived(masking_key: bytes, label: bytes) -> bytes:
    """Give a key of its own for one use."""
    return HKDF(SHA256(), 32, salt=None, info=label).derive(masking_key)


def _place(scope: bytes, placeholder: str) -> bytes:
    """A scope has a fixed length and a placeholder no NUL, so that no two places look alike."""
    return scope + placeholder.encode() + b"\0"
