from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.access.tokens import IssuerRules, KeySet, Person, peek, verify
from maskproxy.errors import Unauthenticated
from tests.fakes_tokens import (
    AUDIENCE,
    ISSUER,
    NOW,
    SigningKey,
    base64url,
    claims,
    compact,
    ec_key,
    ed_key,
    hmac_token,
    rsa_key,
    token,
)

RULES = IssuerRules(ISSUER, AUDIENCE)
KEYS = KeySet.from_dict({"keys": [rsa_key().jwk(), ec_key().jwk(), ed_key().jwk()]})
EVERY_KEY = [rsa_key(), ec_key(), ed_key()]
HEADER = {"alg": "ES256", "typ": "JWT", "kid": "ec-1"}


def check(compact_token: str, rules: IssuerRules = RULES, now: float = NOW) -> Person:
    return verify(compact_token, rules, KEYS, now)


def test_nothing_was_refused_because_the_test_is_wrong() -> None:
    assert check(compact(ec_key(), HEADER, claims())).key == f"{ISSUER}#u-1"


@pytest.mark.parametrize("key", EVERY_KEY, ids=lambda key: key.algorithm)
def test_a_good_token_names_its_person(key: SigningKey) -> None:
    good = token(key, claims(groups=["engineering", "ops"], auth_time=int(NOW) - 500))
    assert peek(good) == (ISSUER, key.kid)
    person = check(good)
    assert (person.issuer, person.subject, person.name) == (ISSUER, "u-1", "Ada Lovelace")
    assert person.groups == {"engineering", "ops"}
    assert (person.issued_at, person.expires_at, person.signed_in_at) == (NOW - 60, NOW + 3600, NOW - 500)
    assert person.claims["sub"] == "u-1"
    assert "claims" not in repr(person)


@pytest.mark.parametrize(
    ("changes", "header"),
    [
        ({}, {"typ": None}),
        ({}, {"typ": "jwt"}),
        ({}, {"typ": "at+JWT"}),
        ({}, {"x5t": "abc", "cty": "text", "nonce": "n"}),
        ({"aud": ["other", AUDIENCE]}, {}),
        ({"iat": None}, {}),
        ({"iat": NOW + 60, "nbf": NOW + 60}, {}),
        ({"exp": NOW - 59}, {}),
        ({"exp": NOW + 0.5}, {}),
        ({"iat": 0}, {}),
        ({"groups": None}, {}),
        ({"name": None}, {}),
    ],
)
def test_what_may_vary(changes: dict[str, object], header: dict[str, object]) -> None:
    assert check(token(ec_key(), claims(**changes), **header)).subject == "u-1"


def test_a_token_without_kid_means_the_only_key_of_its_algorithm() -> None:
    nameless = token(ec_key(), kid=None)
    assert peek(nameless) == (ISSUER, None)
    assert check(nameless).subject == "u-1"
    two = KeySet.from_dict({"keys": [ec_key().jwk(), ec_key("ec-2").jwk()]})
    with pytest.raises(Unauthenticated, match="does not publish"):
        verify(nameless, RULES, two, NOW)


@pytest.mark.parametrize(
    ("path", "changes", "groups"),
    [
        ("groups", {"groups": "engineering"}, {"engineering"}),
        ("groups", {"groups": []}, set[str]()),
        ("groups", {"groups": ["a", "b", "a"]}, {"a", "b"}),
        ("groups", {"groups": ["a", "", "line\nbreak", "x" * 600]}, {"a"}),
        ("realm_access.roles", {"realm_access": {"roles": ["dev"]}}, {"dev"}),
        ("realm_access.roles", {"realm_access": {"other": 1}}, set[str]()),
        ("realm_access.roles", {"realm_access": "text"}, set[str]()),
        ("https://example.com/groups", {"https://example.com/groups": ["dev"]}, {"dev"}),
        ("a.b", {"a.b": ["whole"], "a": {"b": ["path"]}}, {"whole"}),
        ("absent", {}, set[str]()),
    ],
)
def test_where_groups_are_found(path: str, changes: dict[str, object], groups: set[str]) -> None:
    rules = IssuerRules(ISSUER, AUDIENCE, groups_claim=path)
    assert check(token(ec_key(), claims(**changes)), rules).groups == groups


def test_a_null_groups_claim_is_no_group() -> None:
    assert check(compact(ec_key(), HEADER, {**claims(), "groups": None})).groups == frozenset()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"name": None, "preferred_username": "ada", "email": "ada@example.com"}, "ada"),
        ({"name": "", "email": "ada@example.com"}, "ada@example.com"),
        ({"name": "\x1b[31mred"}, "u-1"),
        ({"name": 7}, "u-1"),
        ({"name": "Zoë 👩🏽"}, "Zoë 👩🏽"),
    ],
)
def test_a_name_that_cannot_be_shown_is_passed_over(changes: dict[str, object], name: str) -> None:
    assert check(token(ec_key(), claims(**changes))).name == name


# --- attacks -------------------------------------------------------------------------------------------------------


def _public_pem(key: SigningKey) -> bytes:
    return key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _unsigned(header: Mapping[str, object], payload: Mapping[str, object]) -> str:
    return f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(payload).encode())}."


def _rsa_signed(scheme: padding.AsymmetricPadding, digest: hashes.HashAlgorithm, alg: str) -> str:
    signed = token(rsa_key(), alg=alg).rpartition(".")[0]
    private = rsa_key().private
    assert not isinstance(private, ec.EllipticCurvePrivateKey)
    signature = private.sign(signed.encode(), scheme, digest)  # type: ignore[call-arg]
    return f"{signed}.{base64url(signature)}"


def _resigned(change: Callable[[bytes], bytes], key: SigningKey) -> str:
    """A good token whose signature alone was changed."""
    signed = token(key).rpartition(".")[0]
    return f"{signed}.{base64url(change(key.sign(signed.encode())))}"


def _der(raw: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def _header(**changes: object) -> str:
    return token(ec_key(), **changes)


def _claims(**changes: object) -> str:
    return token(ec_key(), claims(**changes))


def _raw(*, header: bytes | None = None, payload: bytes | None = None) -> str:
    return compact(ec_key(), header or json.dumps(HEADER).encode(), payload or json.dumps(claims()).encode())


def _spelled(name: str, spelling: str) -> bytes:
    """The claims as JSON, with the value of `name` written by hand."""
    return json.dumps({**claims(), name: "@"}).replace('"@"', spelling).encode()


_STRANGER = SigningKey("ec-1", ec.generate_private_key(ec.SECP256R1()))
_P384 = SigningKey("ec-1", ec.generate_private_key(ec.SECP384R1()))
_GOOD = token(ec_key())

ATTACKS: dict[str, Callable[[], str]] = {
    # the algorithm
    "alg none, no signature": lambda: _unsigned({**HEADER, "alg": "none"}, claims()),
    "alg None": lambda: _unsigned({**HEADER, "alg": "None"}, claims()),
    "alg nOnE with a signature": lambda: _header(alg="nOnE"),
    "alg empty": lambda: _header(alg=""),
    "alg missing": lambda: _header(alg=None),
    "alg null": lambda: _raw(header=b'{"alg":null,"kid":"ec-1"}'),
    "alg a list": lambda: _raw(header=b'{"alg":["ES256"],"kid":"ec-1"}'),
    "alg a number": lambda: _raw(header=b'{"alg":1,"kid":"ec-1"}'),
    "alg in lower case": lambda: _header(alg="es256"),
    "alg with a space": lambda: _header(alg="ES256 "),
    "HS256 with the RSA key's PEM": lambda: hmac_token(
        _public_pem(rsa_key()), {"alg": "HS256", "kid": "rsa-1"}, claims()
    ),
    "HS512 with the EC key's PEM": lambda: hmac_token(_public_pem(ec_key()), {"alg": "HS512", "kid": "ec-1"}, claims()),
    "HS256 with an empty secret": lambda: hmac_token(b"", {"alg": "HS256", "kid": "ec-1"}, claims()),
    "HS384 with the JWK's text": lambda: hmac_token(
        json.dumps(rsa_key().jwk()).encode(), {"alg": "HS384", "kid": "rsa-1"}, claims()
    ),
    "RS384": lambda: _rsa_signed(padding.PKCS1v15(), hashes.SHA384(), "RS384"),
    "PS256": lambda: _rsa_signed(padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256(), "PS256"),
    "PSS under the name RS256": lambda: _rsa_signed(
        padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256(), "RS256"
    ),
    "SHA-512 under the name RS256": lambda: _rsa_signed(padding.PKCS1v15(), hashes.SHA512(), "RS256"),
    "ES384": lambda: token(_P384, alg="ES384"),
    "ES256K": lambda: _header(alg="ES256K"),
    "Ed448": lambda: token(ed_key(), alg="Ed448"),
    "ES256 for the RSA key": lambda: _header(kid="rsa-1"),
    "RS256 for the EC key": lambda: token(rsa_key(), kid="ec-1"),
    "EdDSA for the EC key": lambda: token(ed_key(), kid="ec-1"),
    # the key
    "signed by a stranger under a known name": lambda: token(_STRANGER),
    "signed on another curve under a known name": lambda: token(_P384, alg="ES256"),
    "kid unknown": lambda: _header(kid="ec-9"),
    "kid a path": lambda: _header(kid="../../../../dev/null"),
    "kid an injection": lambda: _header(kid="' UNION SELECT 'x"),
    "kid a URL": lambda: _header(kid="https://evil.example/key.json"),
    "kid empty": lambda: _header(kid=""),
    "kid null": lambda: _raw(header=b'{"alg":"ES256","kid":null}'),
    "kid a number": lambda: _header(kid=1),
    "kid a list": lambda: _header(kid=["ec-1"]),
    "kid an object": lambda: _header(kid={"$ne": ""}),
    "kid too long": lambda: _header(kid="k" * 257),
    "kid with NUL": lambda: _header(kid="ec-1\x00"),
    "kid with a line break": lambda: _header(kid="ec-1\nX: y"),
    "own key in jwk": lambda: token(_STRANGER, jwk=_STRANGER.jwk()),
    "own key in jwk, kid removed": lambda: token(_STRANGER, jwk=_STRANGER.jwk(), kid=None),
    "good key in jwk": lambda: _header(jwk=ec_key().jwk()),
    "jku": lambda: _header(jku="https://evil.example/jwks.json"),
    "jku of the issuer": lambda: _header(jku=f"{ISSUER}/jwks"),
    "x5u": lambda: _header(x5u="https://evil.example/cert.pem"),
    "x5c": lambda: _header(x5c=[base64url(b"certificate")]),
    "crit unknown": lambda: _header(crit=["exp"], exp=1),
    "crit empty": lambda: _header(crit=[]),
    "crit null": lambda: _raw(header=b'{"alg":"ES256","kid":"ec-1","crit":null}'),
    "crit b64": lambda: _header(crit=["b64"], b64=False),
    "b64 false": lambda: _header(b64=False),
    "b64 true": lambda: _header(b64=True),
    "zip": lambda: _header(zip="DEF"),
    "enc": lambda: _header(enc="A256GCM"),
    "typ of a logout token": lambda: _header(typ="logout+jwt"),
    "typ of a security event": lambda: _header(typ="secevent+jwt"),
    "typ of a DPoP proof": lambda: _header(typ="dpop+jwt"),
    "typ JOSE": lambda: _header(typ="JOSE"),
    "typ empty": lambda: _header(typ=""),
    "typ null": lambda: _raw(header=b'{"alg":"ES256","kid":"ec-1","typ":null}'),
    "typ a list": lambda: _header(typ=["JWT"]),
    # the signature
    "signature empty": lambda: f"{_GOOD.rpartition('.')[0]}.",
    "signature missing": lambda: _GOOD.rpartition(".")[0],
    "signature cut": lambda: _resigned(lambda raw: raw[:-1], ec_key()),
    "signature with a byte more": lambda: _resigned(lambda raw: raw + b"\x00", ec_key()),
    "signature all zero": lambda: _resigned(lambda _: bytes(64), ec_key()),
    "signature r=0": lambda: _resigned(lambda raw: bytes(32) + raw[32:], ec_key()),
    "signature of the curve's order": lambda: _resigned(
        lambda _: bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") * 2, ec_key()
    ),
    "signature in DER": lambda: _resigned(_der, ec_key()),
    "RSA signature with a zero in front": lambda: _resigned(lambda raw: b"\x00" + raw, rsa_key()),
    "Ed25519 signature all zero": lambda: _resigned(lambda _: bytes(64), ed_key()),
    "signature of another token": lambda: f"{_GOOD.rpartition('.')[0]}.{_claims(sub='u-2').rpartition('.')[2]}",
    "claims of another token": lambda: ".".join(
        [_GOOD.split(".")[0], _claims(sub="admin").split(".")[1], _GOOD.split(".")[2]]
    ),
    # the form
    "empty": lambda: "",
    "dots": lambda: "..",
    "a word": lambda: "token",
    "two parts more": lambda: f"{_GOOD}.x.y",
    "five parts as in JWE": lambda: "eyJhbGciOiJkaXIifQ.a.b.c.d",
    "padded": lambda: f"{_GOOD}==",
    "space in front": lambda: f" {_GOOD}",
    "line break at the end": lambda: f"{_GOOD}\n",
    "NUL at the end": lambda: f"{_GOOD}\x00",
    "line break inside": lambda: f"{_GOOD[:20]}\n{_GOOD[20:]}",
    "standard base64 alphabet": lambda: _GOOD.replace("-", "+").replace("_", "/") + "+",
    "not ASCII": lambda: f"{_GOOD}é",
    "half a character": lambda: f"{_GOOD}\udcff",
    "spare bits set": lambda: _GOOD[:-1] + ("B" if _GOOD[-1] == "A" else chr(ord(_GOOD[-1]) + 1)),
    "flattened JSON": lambda: json.dumps(
        dict(zip(("protected", "payload", "signature"), _GOOD.split("."), strict=True))
    ),
    "too large": lambda: _claims(pad="x" * 16_384),
    "header no object": lambda: _raw(header=b'["ES256"]'),
    "header no JSON": lambda: _raw(header=b"ES256"),
    "header in UTF-16": lambda: _raw(header=json.dumps(HEADER).encode("utf-16")),
    "header deep": lambda: _raw(header=b'{"alg":"ES256","kid":"ec-1","x":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "alg twice": lambda: _raw(header=b'{"alg":"none","kid":"ec-1","alg":"ES256"}'),
    "kid twice": lambda: _raw(header=b'{"alg":"ES256","kid":"x","kid":"ec-1"}'),
    "claims no object": lambda: _raw(payload=b'"u-1"'),
    "claims a list": lambda: _raw(payload=b"[]"),
    "claims not UTF-8": lambda: _raw(payload=b'{"sub":"\xff"}'),
    "claims with a BOM": lambda: _raw(payload=b"\xef\xbb\xbf" + json.dumps(claims()).encode()),
    "claims deep": lambda: _raw(payload=_spelled("x", "[" * 50 + "]" * 50)),
    "claims very deep": lambda: _raw(payload=_spelled("x", "[" * 5000 + "]" * 5000)),
    "a nested JWT": lambda: _raw(payload=_GOOD.encode()),
    "sub twice": lambda: _raw(payload=b'{"sub":"admin",' + json.dumps(claims()).encode()[1:]),
    "exp twice, escaped": lambda: _raw(payload=b'{"\\u0065xp":9999999999,' + json.dumps(claims()).encode()[1:]),
    # the claims
    "iss missing": lambda: _claims(iss=None),
    "iss of somebody else": lambda: _claims(iss="https://evil.example"),
    "iss with a slash more": lambda: _claims(iss=ISSUER + "/"),
    "iss in capitals": lambda: _claims(iss=ISSUER.upper()),
    "iss with the good one inside": lambda: _claims(iss=f"https://evil.example/{ISSUER}"),
    "iss a list": lambda: _claims(iss=[ISSUER]),
    "aud missing": lambda: _claims(aud=None),
    "aud of somebody else": lambda: _claims(aud="other"),
    "aud empty": lambda: _claims(aud=""),
    "aud an empty list": lambda: _claims(aud=[]),
    "aud with ours inside": lambda: _claims(aud=f"not-{AUDIENCE}"),
    "aud in capitals": lambda: _claims(aud=AUDIENCE.upper()),
    "aud an object": lambda: _claims(aud={AUDIENCE: True}),
    "aud a mixed list": lambda: _claims(aud=[AUDIENCE, 1]),
    "aud a list in a list": lambda: _claims(aud=[[AUDIENCE]]),
    "exp missing": lambda: _claims(exp=None),
    "exp null": lambda: _raw(payload=_spelled("exp", "null")),
    "exp past": lambda: _claims(exp=NOW - 60),
    "exp long past": lambda: _claims(exp=0),
    "exp negative": lambda: _claims(exp=-1),
    "exp a string": lambda: _claims(exp=str(int(NOW) + 3600)),
    "exp true": lambda: _claims(exp=True),
    "exp a list": lambda: _claims(exp=[NOW + 3600]),
    "exp in milliseconds": lambda: _claims(exp=(NOW + 3600) * 1000),
    "exp infinite": lambda: _raw(payload=_spelled("exp", "Infinity")),
    "exp NaN": lambda: _raw(payload=_spelled("exp", "NaN")),
    "exp 1e999": lambda: _raw(payload=_spelled("exp", "1e999")),
    "exp of 400 digits": lambda: _raw(payload=_spelled("exp", "9" * 400)),
    "exp of 5000 digits": lambda: _raw(payload=_spelled("exp", "9" * 5000)),
    "nbf in the future": lambda: _claims(nbf=NOW + 61),
    "nbf a string": lambda: _claims(nbf="0"),
    "nbf false": lambda: _claims(nbf=False),
    "nbf null": lambda: _raw(payload=_spelled("nbf", "null")),
    "iat in the future": lambda: _claims(iat=NOW + 61),
    "iat a string": lambda: _claims(iat="now"),
    "iat true": lambda: _claims(iat=True),
    "iat infinite": lambda: _raw(payload=_spelled("iat", "-Infinity")),
    "auth_time in the future": lambda: _claims(auth_time=NOW + 61),
    "auth_time a string": lambda: _claims(auth_time="0"),
    "sub missing": lambda: _claims(sub=None),
    "sub empty": lambda: _claims(sub=""),
    "sub a number": lambda: _claims(sub=0),
    "sub a list": lambda: _claims(sub=["u-1"]),
    "sub with a line break": lambda: _claims(sub="u-1\nadmin"),
    "sub with half a character": lambda: _raw(payload=_spelled("sub", '"\\ud800"')),
    "sub very long": lambda: _claims(sub="u" * 513),
    "groups an object": lambda: _claims(groups={"engineering": True}),
    "groups a number": lambda: _claims(groups=7),
    "groups true": lambda: _claims(groups=True),
    "groups a mixed list": lambda: _claims(groups=["engineering", 1]),
    "groups a list in a list": lambda: _claims(groups=[["engineering"]]),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_refuses(attack: str) -> None:
    forged = ATTACKS[attack]()
    with pytest.raises(Unauthenticated) as caught:
        check(forged)
    said = f"{caught.value} {caught.value.detail}"
    assert all(part not in said for part in forged.split(".") if len(part) > 8), "a refusal repeats the token"
    assert caught.value.status == 401


def test_there_are_many_attacks() -> None:
    assert len(ATTACKS) >= 60


@given(st.sampled_from([token(key) for key in EVERY_KEY]), st.data())
def test_any_changed_byte_is_refused(good: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.integers(0, 255).map(chr).filter(lambda character: character != good[place]))
    with pytest.raises(Unauthenticated):
        check(good[:place] + other + good[place + 1 :])


@given(st.sampled_from([token(key) for key in EVERY_KEY]), st.data())
def test_a_cut_or_longer_token_is_refused(good: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, len(good)))
    with pytest.raises(Unauthenticated):
        check(good[:start] + good[end:] if start != end else good[:start] + "A" + good[start:])


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True))
def test_junk_is_refused_and_nothing_else_happens(junk: str) -> None:
    for read in (peek, check):
        with pytest.raises(Unauthenticated):
            read(junk)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["iss", "aud", "exp", "sub"]), _json)
def test_a_needed_claim_of_any_other_value_is_refused_or_means_itself(name: str, value: object) -> None:
    try:
        person = check(compact(ec_key(), HEADER, {**claims(), name: value}))
    except Unauthenticated:
        return
    assert (name == "exp" and person.expires_at == value) or (name == "sub" and person.subject == value)


@given(_json)
def test_signed_claims_of_any_kind_never_fail_in_another_way(value: object) -> None:
    signed = compact(ec_key(), HEADER, {**claims(), "groups": value, "name": value, "more": value})
    try:
        groups = check(signed).groups
    except Unauthenticated:
        return
    assert all(isinstance(group, str) for group in groups)


def test_peek_refuses_what_names_no_issuer() -> None:
    with pytest.raises(Unauthenticated, match="names no issuer"):
        peek(_claims(iss=None))
    with pytest.raises(Unauthenticated, match="names no issuer"):
        peek(_claims(iss={"a": 1}))


def test_the_leeway_is_the_rules() -> None:
    strict = IssuerRules(ISSUER, AUDIENCE, leeway_s=0)
    assert check(_claims(exp=NOW + 1), strict).subject == "u-1"
    with pytest.raises(Unauthenticated, match="expired"):
        check(_claims(exp=NOW), strict)
    with pytest.raises(Unauthenticated, match="not valid yet"):
        check(_claims(nbf=NOW + 1), strict)


@pytest.mark.parametrize("algorithms", [frozenset[str](), frozenset({"HS256"}), frozenset({"none", "RS256"})])
def test_rules_cannot_allow_more_than_the_list(algorithms: frozenset[str]) -> None:
    with pytest.raises(ValueError, match="algorithms"):
        IssuerRules(ISSUER, AUDIENCE, algorithms=algorithms)


def test_rules_can_allow_less() -> None:
    only_rsa = IssuerRules(ISSUER, AUDIENCE, algorithms=frozenset({"RS256"}))
    assert check(token(rsa_key()), only_rsa).subject == "u-1"
    with pytest.raises(Unauthenticated, match="algorithm"):
        check(token(ec_key()), only_rsa)
