"""An issuer's public keys, as read from its JWK set (RFC 7517).

Promises: each key serves exactly one algorithm, decided by its own type and curve and never by a token; symmetric and
private keys, RSA keys under 2048 bits, keys for encryption and keys that contradict themselves are left out, with a
reason in `faults`. Two keys that could be meant by the same name are both left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from jwt import PyJWK
from jwt.exceptions import PyJWTError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})
"""All that a token may use: signatures only, so that a public key is never taken for a shared secret."""

LONGEST_KID = 256

_ALGORITHM_OF = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
_PARTS_OF = {"RS256": ("n", "e"), "ES256": ("x", "y"), "EdDSA": ("x",)}
_SECRET_PARTS = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth"})
_LEAST_RSA_BITS = 2048
_MOST_RSA_BITS = 8192
_MOST_EXPONENT_BITS = 64
_MOST_KEYS = 100
_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,2048}")


@dataclass(frozen=True)
class PublicKey:
    kid: str | None
    algorithm: str
    key: RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


class KeySet:
    """The usable keys of one JWK set."""

    def __init__(self, keys: tuple[PublicKey, ...], faults: tuple[str, ...] = ()) -> None:
        self._keys = keys
        self.faults = faults
        """Why keys were left out. For the log; holds no key material."""

    @classmethod
    def from_dict(cls, document: object) -> KeySet:
        """Read a JWK set. A set without usable keys is a set all the same: an issuer may withdraw every key.

        Raises `ValueError` where the document is no JWK set.
        """
        entries = document.get("keys") if isinstance(document, Mapping) else None
        if not isinstance(entries, list) or len(entries) > _MOST_KEYS:
            raise ValueError("the document is not a JWK set, or holds too many keys")
        keys: list[PublicKey] = []
        faults: list[str] = []
        for place, entry in enumerate(entries):
            try:
                keys.append(_read(entry))
            except (ValueError, TypeError, PyJWTError) as fault:
                reason = str(fault) if type(fault) is ValueError else "its numbers do not make a key"
                faults.append(f"keys[{place}]: {reason}")
        named = [(key.kid, key.algorithm) for key in keys]
        for name in {name for name in named if name[0] is not None and named.count(name) > 1}:
            faults.append("two keys share one kid, so neither is used")
            keys = [key for key in keys if (key.kid, key.algorithm) != name]
        return cls(tuple(keys), tuple(faults))

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, kid: object) -> bool:
        return any(key.kid == kid for key in self._keys)

    def find(self, kid: str | None, algorithm: str) -> PublicKey | None:
        """The one key that `kid` and `algorithm` can mean. Without a kid: the only key for that algorithm."""
        fitting = [key for key in self._keys if key.algorithm == algorithm and kid in (None, key.kid)]
        return fitting[0] if len(fitting) == 1 else None


def _read(entry: object) -> PublicKey:
    if not isinstance(entry, dict):
        raise ValueError("it is no JSON object")
    kty, crv = entry.get("kty"), entry.get("crv")
    algorithm = _ALGORITHM_OF.get((kty, crv)) if isinstance(kty, str) and isinstance(crv, str | None) else None
    if algorithm is None:
        raise ValueError("its type or curve is not among RSA, P-256 and Ed25519")
    if not _SECRET_PARTS.isdisjoint(entry):
        raise ValueError("it is published together with its private part")
    if entry.get("alg", algorithm) != algorithm:
        raise ValueError("its alg is not one that this gateway takes, or does not fit its type")
    if entry.get("use", "sig") != "sig":
        raise ValueError("it is not for signatures")
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise ValueError("its key_ops do not include verify")
    kid = entry.get("kid")
    if kid is not None and (not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID):
        raise ValueError("its kid is not a short string")
    return PublicKey(kid, algorithm, _key(entry, kty, crv, algorithm))


def _key(
    entry: dict[str, Any], kty: object, crv: object, algorithm: str
) -> RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey:
    parts = {name: entry.get(name) for name in _PARTS_OF[algorithm]}
    if not all(isinstance(part, str) and _NUMBER.fullmatch(part) for part in parts.values()):
        raise ValueError("one of its numbers is missing or is not base64url")
    # Only the checked members are handed on, so that nothing else in the entry can have a say.
    bare = {"kty": kty, **({"crv": crv} if crv else {}), **parts}
    key = PyJWK(bare, algorithm=algorithm).key
    if algorithm == "RS256":
        rsa = cast("RSAPublicKey", key)
        numbers = rsa.public_numbers()
        if not _LEAST_RSA_BITS <= rsa.key_size <= _MOST_RSA_BITS:
            raise ValueError("an RSA key must have 2048 to 8192 bits")
        if numbers.e.bit_length() > _MOST_EXPONENT_BITS:
            raise ValueError("its RSA exponent is too large")
    return cast("RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey", key)
