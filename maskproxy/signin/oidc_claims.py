"""What an ID token and userinfo must say beyond what every token must (OpenID Connect Core 1.0, 3.1.3.7, 5.3). Pure.

Promises: an ID token counts only for the sign-in that asked for it (nonce), for the access token that came with it
(at_hash) and for us alone (aud, azp); userinfo counts only for the subject of the ID token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from maskproxy.access.tokens import IssuerRules, KeySet, Person, person, signed
from maskproxy.errors import Unauthenticated

_NEXT = "Begin to sign in anew; if that does not help, tell the gateway's operators."


def verify_id_token(
    token: str, rules: IssuerRules, keys: KeySet, now: float, *, access_token: str, nonce: str | None
) -> Person:
    """The person whom an ID token proves. `nonce` None: none was asked for, and the caller checks what there is."""
    header, claims = signed(token, rules.algorithms, keys)
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() != "jwt":
        raise Unauthenticated(f"The identity provider sent another kind of token for an ID token. {_NEXT}")
    proven = person(claims, rules, now)
    if "iat" not in claims:
        raise Unauthenticated(f"The ID token does not say when it was issued (iat). {_NEXT}")
    if claims.get("azp", rules.audience) != rules.audience or ("azp" not in claims and _is_for_several(claims)):
        raise Unauthenticated(f"The ID token was issued to another client (azp). {_NEXT}")
    if nonce is not None and not _equal(claims.get("nonce"), nonce):
        raise Unauthenticated(f"The ID token belongs to another sign-in (nonce). {_NEXT}")
    if "at_hash" in claims and not _equal(claims["at_hash"], _at_hash(access_token, str(header["alg"]))):
        raise Unauthenticated(f"The ID token does not belong to the access token (at_hash). {_NEXT}")
    return proven


def signed_userinfo(token: str, rules: IssuerRules, keys: KeySet) -> Mapping[str, object]:
    """The claims of userinfo that came as a JWT. It need not say until when it holds: it was just asked for."""
    claims = signed(token, rules.algorithms, keys).claims
    audience = claims.get("aud")
    if claims.get("iss") != rules.issuer or rules.audience not in (
        audience if isinstance(audience, list) else [audience]
    ):
        raise Unauthenticated(f"What the identity provider says of the person is meant for somebody else. {_NEXT}")
    return claims


def check_subject(claims: Mapping[str, object], subject: str) -> None:
    """Refuse userinfo of somebody else (OpenID Connect Core 1.0, 5.3.2)."""
    if claims.get("sub") != subject:
        raise Unauthenticated(f"What the identity provider says is of another person than the one signing in. {_NEXT}")


def points_elsewhere(claims: Mapping[str, object], path: str) -> bool:
    """True where the claim at `path` is not in the token, which only says from where else to get it (Core, 5.6.2)."""
    names = claims.get("_claim_names")
    return isinstance(names, Mapping) and path in names


def _is_for_several(claims: Mapping[str, object]) -> bool:
    audience = claims.get("aud")
    return isinstance(audience, list) and len(audience) > 1


def _at_hash(access_token: str, algorithm: str) -> str:
    """The left half of the access token's digest, by the hash that the signature's algorithm uses."""
    digest = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _equal(said: object, meant: str) -> bool:
    return isinstance(said, str) and hmac.compare_digest(said.encode(), meant.encode())
