"""Access tokens of ours: who is in them, and how they are signed (RFC 7519, RFC 9068). Pure: the time is handed in.

Their subject is the person's key, so that it is unique however many providers there are; `idp` holds its two halves.
`access.tokens` verifies them as it does any other issuer's.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from maskproxy.access.tokens import IssuerRules
from maskproxy.errors import Denied
from maskproxy.signin.login import Login

ALGORITHM = "ES256"
LONGEST_BYTES = 11 * 1024
"""As Basic, base64 and all, a longer one does not fit into a header field."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """`carried` names the claims of whoever vouched that go into our token, since grants match on them."""

    issuer: str
    audience: str
    life_s: float
    carried: frozenset[str] = frozenset()

    def verified_by(self) -> IssuerRules:
        return IssuerRules(self.issuer, self.audience, algorithms=frozenset({ALGORITHM}), own=True)


def claims_of(login: Login, session: str, rules: TokenRules, now: float, ends_at: float) -> dict[str, object]:
    """What a token says of `login`: no longer valid than its session."""
    claims: dict[str, object] = {
        "iss": rules.issuer,
        "aud": rules.audience,
        "sub": f"{login.issuer}#{login.subject}",
        "idp": {"name": login.provider, "iss": login.issuer, "sub": login.subject},
        "name": login.name,
        "email": login.email,
        "groups": sorted(login.groups),
        "auth_time": int(login.signed_in_at),
        "iat": int(now),
        "exp": int(min(now + rules.life_s, ends_at)),
        "jti": secrets.token_urlsafe(16),
        "sid": session,
    }
    carried = {name: login.claims[name] for name in sorted(rules.carried & login.claims.keys())}
    return {**claims, "claims": carried} if carried else claims


def signed(claims: Mapping[str, object], kid: str, key: EllipticCurvePrivateKey) -> str:
    """Raises Denied where the person's groups do not fit into a token."""
    token = jwt.encode(dict(claims), key, algorithm=ALGORITHM, headers={"kid": kid, "typ": "at+jwt"})
    if len(token) > LONGEST_BYTES:
        raise Denied("You are in more groups than fit into a token. Ask for fewer groups to be sent to this gateway.")
    return token
