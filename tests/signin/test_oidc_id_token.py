"""ID tokens that a provider, or somebody between, would have us believe."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from maskproxy.errors import Unauthenticated
from tests.fakes_issuer import raw
from tests.fakes_tokens import SigningKey, base64url, compact, ec_key, ed_key, hmac_token, rsa_key
from tests.signin.oidc_bench import ID, Bench, bench

pytestmark = pytest.mark.asyncio(loop_scope="module")

Claims = dict[str, Any]
Attack = Callable[[Bench, Claims], str]


def key_of(b: Bench) -> SigningKey:
    return SigningKey(*b.provider.signing_key)


def with_header(**fields: object) -> Attack:
    def attack(b: Bench, claims: Claims) -> str:
        key = key_of(b)
        header = {"alg": "ES256", "typ": "JWT", "kid": key.kid} | fields
        return compact(key, {name: value for name, value in header.items() if value is not None}, claims)

    return attack


def signed_by(key: SigningKey, **fields: object) -> Attack:
    def attack(b: Bench, claims: Claims) -> str:
        return compact(key, {"alg": key.algorithm, "typ": "JWT", "kid": key_of(b).kid} | fields, claims)

    return attack


def unsigned(algorithm: str, tail: str) -> Attack:
    def attack(b: Bench, claims: Claims) -> str:
        whole = compact(key_of(b), {"alg": algorithm, "typ": "JWT", "kid": key_of(b).kid}, claims)
        return f"{whole.rpartition('.')[0]}.{tail}"

    return attack


def keyed_with_the_public_key(algorithm: str) -> Attack:
    def attack(b: Bench, claims: Claims) -> str:
        public = key_of(b).private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return hmac_token(public, {"alg": algorithm, "typ": "JWT", "kid": key_of(b).kid}, claims)

    return attack


def own_key_in_the_header(name: str) -> Attack:
    def attack(b: Bench, claims: Claims) -> str:
        evil = ec_key("evil")
        value: object = evil.jwk() if name == "jwk" else "https://evil.example/keys"
        return compact(evil, {"alg": "ES256", "kid": "evil", name: value}, claims)

    return attack


def other_sub_after_signing(b: Bench, claims: Claims) -> str:
    header, _, signature = compact(key_of(b), {"alg": "ES256", "kid": key_of(b).kid}, claims).split(".")
    forged = compact(key_of(b), {}, claims | {"sub": "u-2"}).split(".")[1]
    return f"{header}.{forged}.{signature}"


ATTACKS: dict[str, tuple[Attack, str]] = {
    "alg none": (unsigned("none", ""), "not a signed JWT"),
    "alg none with a signature": (with_header(alg="none"), "algorithm is not allowed"),
    "alg None": (with_header(alg="None"), "algorithm is not allowed"),
    "no alg": (with_header(alg=None), "algorithm is not allowed"),
    "a list of algs": (with_header(alg=["ES256"]), "algorithm is not allowed"),
    "no signature": (unsigned("ES256", ""), "not a signed JWT"),
    "a signature of zeros": (unsigned("ES256", base64url(bytes(64))), "does not hold"),
    "HS256 with the public key": (keyed_with_the_public_key("HS256"), "algorithm is not allowed"),
    "HS512 with the public key": (keyed_with_the_public_key("HS512"), "algorithm is not allowed"),
    "HS256 said to be ES256": (
        lambda b, claims: hmac_token(b"k", {"alg": "HS256"}, claims).replace(
            base64url(b'{"alg": "HS256"}'), base64url(b'{"alg": "ES256"}')
        ),
        "does not hold",
    ),
    "RS256 by a key that serves ES256": (signed_by(rsa_key("evil")), "does not publish"),
    "another key under the same name": (signed_by(ec_key("evil")), "does not hold"),
    "another key under its own name": (signed_by(ec_key("evil"), kid="evil"), "does not publish"),
    "another key without a name": (with_header(kid=None, alg="EdDSA"), "does not publish"),
    "a path for a kid": (signed_by(ec_key("evil"), kid="../../dev/null"), "does not publish"),
    "a query for a kid": (signed_by(ec_key("evil"), kid="x' UNION SELECT 'k"), "does not publish"),
    "an empty kid": (with_header(kid=""), "kid"),
    "a number for a kid": (with_header(kid=1), "kid"),
    "an endless kid": (with_header(kid="k" * 300), "kid"),
    "a key in the header": (own_key_in_the_header("jwk"), "not allowed here"),
    "a place of keys in the header": (own_key_in_the_header("jku"), "not allowed here"),
    "a certificate's place in the header": (own_key_in_the_header("x5u"), "not allowed here"),
    "a critical extension": (with_header(crit=["x"], x=1), "not allowed here"),
    "an access token": (with_header(typ="at+jwt"), "another kind of token"),
    "a logout token": (with_header(typ="logout+jwt"), "type is not one"),
    "claims changed after signing": (other_sub_after_signing, "does not hold"),
    "encrypted": (lambda b, claims: "e30.e30.e30.e30.e30", "not a signed JWT"),
    "far too large": (
        lambda b, claims: b.provider.sign(claims | {"x": "x" * 15_000}),
        "larger than 16 KiB",
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def long_bench() -> AsyncIterator[Bench]:
    async with bench() as b:
        yield b
        assert (await b.sign_in()).subject == "u-1", "all that was wrong was in the tokens"


@pytest_asyncio.fixture(loop_scope="module")
async def b(long_bench: Bench) -> AsyncIterator[Bench]:
    """One provider for all tests here; each leaves it as good as it was."""
    yield long_bench
    long_bench.reset()


@pytest.mark.parametrize("case", ATTACKS)
async def test_a_forged_token_is_refused(b: Bench, case: str) -> None:
    attack, reason = ATTACKS[case]
    b.provider.script.signs = lambda claims: attack(b, claims)
    with pytest.raises(Unauthenticated, match=reason):
        await b.sign_in()
    assert b.provider.asked["/userinfo"] == 0


CLAIMS: dict[str, tuple[Mapping[str, Any], str]] = {
    "another issuer": ({"iss": "https://evil.example"}, "another issuer"),
    "no issuer": ({"iss": None}, "names no issuer"),
    "another audience": ({"aud": "other"}, "another service"),
    "no audience": ({"aud": None}, "another service"),
    "an audience in another case": ({"aud": "MASKPROXY"}, "another service"),
    "an audience that holds ours": ({"aud": f"{ID}-admin"}, "another service"),
    "several audiences and nobody it was issued to": ({"aud": [ID, "other"]}, "azp"),
    "issued to another": ({"azp": "other"}, "azp"),
    "several audiences, issued to another": ({"aud": [ID, "other"], "azp": "other"}, "azp"),
    "issued to a list": ({"azp": [ID]}, "azp"),
    "expired": ({"exp": 1_700_000_000}, "expired"),
    "never over": ({"exp": None}, "never expires"),
    "over when words say": ({"exp": "tomorrow"}, "not in seconds"),
    "not yet": ({"nbf": 99_999_999_999}, "not valid yet"),
    "issued in the future": ({"iat": 99_999_999_999}, "not valid yet"),
    "issued at no time": ({"iat": None}, "iat"),
    "proven in the future": ({"auth_time": 99_999_999_999}, "not valid yet"),
    "proven in milliseconds": ({"auth_time": 1_700_000_000_000}, "not in seconds"),
    "another sign-in's nonce": ({"nonce": "another"}, "nonce"),
    "no nonce": ({"nonce": None}, "nonce"),
    "a list of nonces": ({"nonce": ["another"]}, "nonce"),
    "another access token's hash": ({"at_hash": base64url(bytes(16))}, "at_hash"),
    "a number for a hash": ({"at_hash": 5}, "at_hash"),
    "nobody": ({"sub": None}, "names nobody"),
    "a number for a person": ({"sub": 5}, "names nobody"),
    "a person with a line break": ({"sub": "u\n1"}, "names nobody"),
    "groups that are an object": ({"groups": {"admins": True}}, "groups claim"),
    "groups that are numbers": ({"groups": [1, 2]}, "groups claim"),
}


@pytest.mark.parametrize("case", CLAIMS)
async def test_a_token_that_is_not_for_this_sign_in_is_refused(b: Bench, case: str) -> None:
    changes, reason = CLAIMS[case]
    b.provider.script.id_claims = dict(changes)
    with pytest.raises(Unauthenticated, match=reason):
        await b.sign_in()


async def test_a_token_of_an_earlier_sign_in_is_refused(b: Bench) -> None:
    earlier = dict((await b.sign_in()).claims)
    b.provider.script.signs = lambda claims: b.provider.sign(earlier | {"at_hash": claims["at_hash"]})
    with pytest.raises(Unauthenticated, match="nonce"):
        await b.sign_in()


async def test_another_issuers_token_is_refused(b: Bench) -> None:
    async with bench(name="evil") as evil:
        b.provider.script.signs = lambda claims: evil.provider.sign(claims | {"iss": evil.provider.url})
        with pytest.raises(Unauthenticated, match="does not publish"):
            await b.sign_in()
        b.provider.script.signs = lambda claims: b.provider.sign(claims | {"iss": evil.provider.url})
        with pytest.raises(Unauthenticated, match="another issuer"):
            await b.sign_in()


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [ID]},
        {"aud": [ID, "other"], "azp": ID},
        {"aud": ID, "azp": ID},
        {"at_hash": None},
        {"auth_time": None},
    ],
)
async def test_what_a_good_token_may_also_look_like(b: Bench, changes: dict[str, Any]) -> None:
    b.provider.script.id_claims = changes
    assert (await b.sign_in()).subject == "u-1"


async def test_within_the_leeway_a_token_still_counts(b: Bench) -> None:
    b.provider.script.id_claims = {"exp": int(time.time()) - 30}
    assert (await b.sign_in()).subject == "u-1"


@pytest.mark.parametrize("key", [rsa_key("k-1"), ec_key("k-1"), ed_key("k-1")], ids=lambda key: key.algorithm)
async def test_each_algorithm_with_the_hash_that_belongs_to_it(key: SigningKey) -> None:
    async with bench() as b:
        b.provider.script.signs = lambda claims: compact(key, {"alg": key.algorithm, "kid": key.kid}, claims)
        b.provider.script.instead["/jwks"] = raw(json.dumps({"keys": [key.jwk()]}).encode())
        b.provider.script.digest = "sha512" if key.algorithm == "EdDSA" else "sha256"
        assert (await b.sign_in()).subject == "u-1"
        b.provider.script.digest = "sha384"
        with pytest.raises(Unauthenticated, match="at_hash"):
            await b.sign_in()


async def test_an_algorithm_that_the_configuration_leaves_out_is_refused() -> None:
    async with bench(algorithms=frozenset({"RS256"})) as b:
        with pytest.raises(Unauthenticated, match="algorithm is not allowed"):
            await b.sign_in()
