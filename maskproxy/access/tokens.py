"""Verify a JWT (RFC 7519, RFC 8725) against an issuer's keys. Pure: the time is handed in, nothing is fetched.

Promises: the algorithm comes from a short list and must be the one that the key itself serves; a token never names its
own key material; what two readers could understand differently (repeated names, odd base64, other text codings) is
refused; nothing in a token is believed before its signature holds. Every refusal is `Unauthenticated` with a constant
sentence that says what to do, and never holds any part of the token.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import jwt
from jwt.exceptions import PyJWTError

from maskproxy.access import strict_json
from maskproxy.access.keyset import ALGORITHMS, LONGEST_KID, KeySet, PublicKey
from maskproxy.access.patterns import claim_at
from maskproxy.errors import Unauthenticated

__all__ = [
    "ALGORITHMS",
    "LONGEST_TOKEN_BYTES",
    "IssuerRules",
    "KeySet",
    "Person",
    "PublicKey",
    "Signed",
    "groups_at",
    "is_text",
    "peek",
    "person",
    "signed",
    "verify",
]

LONGEST_TOKEN_BYTES = 16 * 1024

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_TYPES = frozenset({"jwt", "at+jwt"})
# Each of these lets a token choose how, or with which key, it is checked; `enc` and `zip` belong to encrypted tokens.
_REFUSED_FIELDS = frozenset({"crit", "b64", "jwk", "jku", "x5u", "x5c", "enc", "zip"})
_NAME_CLAIMS = ("name", "preferred_username", "email")
_LONGEST_TEXT = 512
_LATEST_S = 1e11
"""The year 5138. Larger numbers are milliseconds or nonsense."""

_JWS = jwt.PyJWS(algorithms=sorted(ALGORITHMS))


@dataclass(frozen=True)
class IssuerRules:
    """What a token of one issuer must say. `issuer` and `audience` are compared exactly."""

    issuer: str
    audience: str
    groups_claim: str = "groups"
    """A claim's name, or a dotted path into nested claims such as `realm_access.roles`."""
    algorithms: frozenset[str] = ALGORITHMS
    leeway_s: float = 60
    own: bool = False
    """The gateway's own tokens: they name who vouched for the person (`idp`), and the person is theirs."""

    def __post_init__(self) -> None:
        if not self.algorithms or not self.algorithms <= ALGORITHMS:
            raise ValueError("algorithms must be some of RS256, ES256 and EdDSA")


@dataclass(frozen=True)
class Person:
    """Somebody, or some service, that an issuer vouches for. Times are seconds since the epoch."""

    issuer: str
    subject: str
    name: str
    groups: frozenset[str]
    claims: Mapping[str, object] = field(repr=False, compare=False)
    issued_at: float
    """0 where the token does not say, so that whatever is counted from it is long over."""
    expires_at: float
    session: str = ""
    """Of a token of the gateway's own: the sign-in that it belongs to."""

    @property
    def key(self) -> str:
        """Names the person beyond doubt: a subject is unique only within its issuer."""
        return f"{self.issuer}#{self.subject}"

    @property
    def signed_in_at(self) -> float:
        """When the person proved who they are: `auth_time`, which a refreshed token keeps, else `issued_at`."""
        auth_time = self.claims.get("auth_time")
        return float(auth_time) if isinstance(auth_time, int | float) else self.issued_at


class Signed(NamedTuple):
    """What an issuer signed. Whom it is for, and for how long, is not checked."""

    header: Mapping[str, object]
    claims: dict[str, object]


class _Parts(NamedTuple):
    header: Mapping[str, object]
    payload: bytes


def peek(token: str) -> tuple[str, str | None]:
    """The issuer and the key's name that `token` claims, to choose the key set by. Neither is proven."""
    parts = _open(token)
    claims = _object(parts.payload)
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        raise Unauthenticated("The token names no issuer. Sign in at the company's identity provider.")
    return issuer, _kid(parts.header)


def verify(token: str, rules: IssuerRules, keys: KeySet, now: float) -> Person:
    """The person whom `token` proves, by `rules`, at `now`."""
    return person(signed(token, rules.algorithms, keys).claims, rules, now)


def signed(token: str, algorithms: frozenset[str], keys: KeySet) -> Signed:
    """What `token` holds, if its signature does. Enough by itself only for what says nothing of who may come in."""
    parts = _open(token)
    algorithm = parts.header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise Unauthenticated("The token's signature algorithm is not allowed; RS256, ES256 or EdDSA is needed.")
    key = keys.find(_kid(parts.header), algorithm)
    if key is None:
        raise Unauthenticated("The token is signed with a key that its issuer does not publish. Get a new token.")
    try:
        opened = _JWS.decode_complete(token, key.key, algorithms=[algorithm])
    except (PyJWTError, ValueError, TypeError) as fault:
        raise Unauthenticated("The token's signature does not hold. Get a new token.") from fault
    return Signed(parts.header, _object(opened["payload"]))


def _open(token: str) -> _Parts:
    if len(token) > LONGEST_TOKEN_BYTES:
        raise Unauthenticated("The token is larger than 16 KiB. Ask for one with fewer claims.")
    match = _COMPACT.fullmatch(token)
    if match is None:
        raise Unauthenticated("The token is not a signed JWT. Use the token that the identity provider gave out.")
    try:
        header, payload, _ = (_decoded(part) for part in match.groups())
    except ValueError:
        raise Unauthenticated("The token is not proper base64url. Check that it was copied whole.") from None
    parts = _Parts(_object(header), payload)
    if not _REFUSED_FIELDS.isdisjoint(parts.header):
        raise Unauthenticated("The token's header holds a field that is not allowed here, such as jwk, jku or crit.")
    kind = parts.header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise Unauthenticated("The token's type is not one for access. Use an access token or an ID token.")
    _kid(parts.header)
    return parts


def _decoded(part: str) -> bytes:
    """The bytes of unpadded base64url. Refuses unused bits that are set: one token would have several spellings."""
    try:
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise ValueError("not base64url") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise ValueError("not canonical base64url")
    return data


def _object(data: bytes) -> dict[str, object]:
    try:
        value = strict_json.parse(data)
    except ValueError as fault:
        raise Unauthenticated("The token's JSON cannot be read without doubt.", detail=str(fault)) from None
    if not isinstance(value, dict):
        raise Unauthenticated("The token's header and claims must be JSON objects.")
    return value


def _kid(header: Mapping[str, object]) -> str | None:
    if "kid" not in header:
        return None
    kid = header["kid"]
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID or not kid.isprintable():
        raise Unauthenticated("The token's key name (kid) is not a short string.")
    return kid


def person(claims: dict[str, object], rules: IssuerRules, now: float) -> Person:
    """The person of whom `claims`, which were signed, tell, by `rules`, at `now`."""
    if claims.get("iss") != rules.issuer:
        raise Unauthenticated("The token comes from another issuer than the one that it was checked against.")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(one, str) for one in audiences) or rules.audience not in audiences:
        raise Unauthenticated("The token is meant for another service (aud). Ask for one for this gateway.")
    expires_at = _moment(claims, "exp")
    if expires_at is None:
        raise Unauthenticated("The token never expires. One with an exp claim is needed.")
    if now >= expires_at + rules.leeway_s:
        raise Unauthenticated("The token has expired. Sign in again.")
    for name in ("nbf", "iat", "auth_time"):
        if (_moment(claims, name) or 0) > now + rules.leeway_s:
            raise Unauthenticated("The token is not valid yet. Check the clocks of this machine and of the issuer.")
    issuer, session = rules.issuer, ""
    if rules.own:
        issuer, session, claims = _vouched(claims)
    subject = claims.get("sub")
    if not is_text(subject):
        raise Unauthenticated("The token names nobody (sub).")
    return Person(
        issuer=issuer,
        subject=str(subject),
        name=next((str(claims[name]) for name in _NAME_CLAIMS if is_text(claims.get(name))), str(subject)),
        groups=groups_at(rules.groups_claim, claims) or frozenset(),
        claims=MappingProxyType(claims),
        issued_at=_moment(claims, "iat") or 0.0,
        expires_at=expires_at,
        session=session,
    )


def _vouched(claims: dict[str, object]) -> tuple[str, str, dict[str, object]]:
    """Whose person a token of the gateway's own proves, its session, and the claims as those who vouched made them.

    A person is the same, with the same claims, whether they show this token or one of the company's own.
    """
    idp, session, carried = claims.get("idp"), claims.get("sid"), claims.get("claims", {})
    issuer, subject = (idp.get("iss"), idp.get("sub")) if isinstance(idp, dict) else (None, None)
    texts = isinstance(issuer, str) and isinstance(subject, str) and isinstance(session, str)
    if not texts or claims.get("sub") != f"{issuer}#{subject}" or not isinstance(carried, dict):
        raise Unauthenticated("The token does not say who vouched for its person. Sign in again.")
    return str(issuer), str(session), {**carried, **claims, "iss": issuer, "sub": subject}


def _moment(claims: Mapping[str, object], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    # bool is an int in Python, and `true` is not a time.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST_S:
        raise Unauthenticated("A time in the token (exp, nbf, iat or auth_time) is not in seconds since 1970.")
    return float(value)


def groups_at(path: str, claims: Mapping[str, object]) -> frozenset[str] | None:
    """The groups at `path`, or None where there is no such claim.

    A claim of that very name comes first, since names may hold dots (`https://x.example/g`).
    """
    found = claim_at(claims, path)
    if found is None:
        return None
    groups = found if isinstance(found, list) else [found]
    if not all(isinstance(group, str) for group in groups):
        raise Unauthenticated("The token's groups claim is neither a string nor a list of strings.")
    return frozenset(str(group) for group in groups if is_text(group))


def is_text(value: object) -> bool:
    """True for a string that can be shown and logged as it is: short, not empty, no control characters."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT and value.isprintable()
