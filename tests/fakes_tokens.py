"""Signing keys and tokens for tests. `compact` signs whatever it is given, so that tokens can be wrong in every way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "https://idp.example.com"
AUDIENCE = "maskproxy"
NOW = 1_800_000_000.0

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int, length: int | None = None) -> str:
    return base64url(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True)
class SigningKey:
    kid: str
    private: PrivateKey

    @property
    def algorithm(self) -> str:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return "RS256"
        return "ES256" if isinstance(self.private, ec.EllipticCurvePrivateKey) else "EdDSA"

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            size = (self.private.curve.key_size + 7) // 8
            r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return self.private.sign(data)

    def jwk(self, **more: object) -> dict[str, object]:
        """The public key as a JWK. `more` adds or, with None, removes members."""
        members: dict[str, object]
        if isinstance(self.private, rsa.RSAPrivateKey):
            rsa_numbers = self.private.public_key().public_numbers()
            members = {"kty": "RSA", "n": _number(rsa_numbers.n), "e": _number(rsa_numbers.e)}
        elif isinstance(self.private, ec.EllipticCurvePrivateKey):
            numbers = self.private.public_key().public_numbers()
            names = {"secp256r1": "P-256", "secp384r1": "P-384"}
            size = (self.private.curve.key_size + 7) // 8
            members = {
                "kty": "EC",
                "crv": names[self.private.curve.name],
                "x": _number(numbers.x, size),
                "y": _number(numbers.y, size),
            }
        else:
            members = {"kty": "OKP", "crv": "Ed25519", "x": base64url(self.private.public_key().public_bytes_raw())}
        members |= {"kid": self.kid, "alg": self.algorithm, "use": "sig", **more}
        return {name: value for name, value in members.items() if value is not None}


@cache
def rsa_key(kid: str = "rsa-1", bits: int = 2048) -> SigningKey:
    return SigningKey(kid, rsa.generate_private_key(public_exponent=65537, key_size=bits))


@cache
def ec_key(kid: str = "ec-1") -> SigningKey:
    return SigningKey(kid, ec.generate_private_key(ec.SECP256R1()))


@cache
def ed_key(kid: str = "ed-1") -> SigningKey:
    return SigningKey(kid, ed25519.Ed25519PrivateKey.generate())


def claims(**changes: object) -> dict[str, object]:
    """The claims of a good token at `NOW`. A change to None removes the claim."""
    good: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "u-1",
        "name": "Ada Lovelace",
        "groups": ["engineering"],
        "iat": int(NOW) - 60,
        "exp": int(NOW) + 3600,
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def compact(key: SigningKey, header: Mapping[str, object] | bytes, payload: Mapping[str, object] | bytes) -> str:
    """A signed token with exactly this header and payload."""
    raw_header = header if isinstance(header, bytes) else json.dumps(header).encode()
    raw_payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = f"{base64url(raw_header)}.{base64url(raw_payload)}"
    return f"{signed}.{base64url(key.sign(signed.encode()))}"


def token(key: SigningKey, payload: Mapping[str, object] | None = None, /, **header: object) -> str:
    """A good token, or one with other claims, or with a header that was changed (None removes a field)."""
    fields: dict[str, object] = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid} | header
    return compact(key, {n: v for n, v in fields.items() if v is not None}, claims() if payload is None else payload)


def hmac_token(secret: bytes, header: Mapping[str, object], payload: Mapping[str, object]) -> str:
    """A token signed with HMAC, as in the attack that passes a public key off as a shared secret."""
    signed = f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(payload).encode())}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[str(header["alg"])]
    return f"{signed}.{base64url(hmac.new(secret, signed.encode(), digest).digest())}"
