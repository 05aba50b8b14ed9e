from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.access.keyset import KeySet
from tests.fakes_tokens import SigningKey, base64url, ec_key, ed_key, rsa_key


@pytest.mark.parametrize("key", [rsa_key(), ec_key(), ed_key()], ids=lambda key: key.algorithm)
def test_finds_a_key_by_name_and_algorithm_only(key: SigningKey) -> None:
    keys = KeySet.from_dict({"keys": [key.jwk(), rsa_key("other").jwk()]})
    found = keys.find(key.kid, key.algorithm)
    assert found is not None
    assert found.key == key.private.public_key()
    assert key.kid in keys
    assert keys.find(key.kid, "HS256") is None
    assert keys.find("nobody", key.algorithm) is None
    assert "nobody" not in keys
    assert not keys.faults


def test_without_a_name_the_only_key_for_the_algorithm_is_meant() -> None:
    keys = KeySet.from_dict({"keys": [rsa_key().jwk(), rsa_key("rsa-2").jwk(), ec_key().jwk(kid=None)]})
    assert keys.find(None, "RS256") is None, "two could be meant"
    found = keys.find(None, "ES256")
    assert found is not None
    assert found.kid is None
    assert keys.find("ec-1", "ES256") is None, "a key without a name is not found by one"


def test_two_keys_of_one_name_are_both_left_out() -> None:
    keys = KeySet.from_dict({"keys": [ec_key("twin").jwk(), ec_key("other").jwk(kid="twin"), rsa_key("twin").jwk()]})
    assert keys.find("twin", "ES256") is None
    assert keys.find("twin", "RS256") is not None
    assert keys.faults == ("two keys share one kid, so neither is used",)


def test_an_empty_set_is_a_set() -> None:
    assert len(KeySet.from_dict({"keys": []})) == 0


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": {}}, {"keys": None}, {"keys": [{}] * 101}])
def test_what_is_no_jwk_set_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="not a JWK set"):
        KeySet.from_dict(document)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("text", "no JSON object"),
        ({"kty": "oct", "k": base64url(b"secret" * 8), "kid": "a"}, "type or curve"),
        ({"kty": ["RSA"]}, "type or curve"),
        ({"kty": "EC", "crv": {}}, "type or curve"),
        (ec_key().jwk(crv="secp256k1"), "type or curve"),
        (ec_key().jwk(crv="P-384"), "type or curve"),
        (ec_key().jwk(crv=None), "type or curve"),
        (ed_key().jwk(crv="Ed448"), "type or curve"),
        (ed_key().jwk(crv="X25519"), "type or curve"),
        (ec_key().jwk(d=base64url(b"\x01" * 32)), "private"),
        (rsa_key().jwk(alg="RS512"), "alg"),
        (rsa_key().jwk(alg="PS256"), "alg"),
        (rsa_key().jwk(alg="HS256"), "alg"),
        (rsa_key().jwk(alg=7), "alg"),
        (ec_key().jwk(alg="RS256"), "alg"),
        (rsa_key().jwk(use="enc"), "signatures"),
        (rsa_key().jwk(use=["sig"]), "signatures"),
        (rsa_key().jwk(key_ops=["encrypt"]), "key_ops"),
        (rsa_key().jwk(key_ops="verify"), "key_ops"),
        (rsa_key().jwk(kid=""), "kid"),
        (rsa_key().jwk(kid="k" * 257), "kid"),
        (rsa_key().jwk(kid=5), "kid"),
        (rsa_key("small", 1024).jwk(), "2048"),
        (rsa_key().jwk(n=base64url(b"\xff" * 1280)), "2048"),
        (rsa_key().jwk(e=base64url(b"\xff" * 9)), "exponent"),
        (rsa_key().jwk(e=base64url(b"\x02")), "numbers"),
        (rsa_key().jwk(n=None), "missing"),
        (rsa_key().jwk(n=""), "missing"),
        (rsa_key().jwk(n=12345), "missing"),
        (rsa_key().jwk(n="A" * 4096), "missing"),
        (rsa_key().jwk(e="AQ=="), "missing"),
        (ec_key().jwk(x=base64url(b"\x01" * 32)), "numbers"),
        (ec_key().jwk(x=base64url(b"\x01" * 31)), "numbers"),
        (ec_key().jwk(y=base64url(bytes(32)), x=base64url(bytes(32))), "numbers"),
        (ed_key().jwk(x=base64url(b"\x01" * 31)), "numbers"),
    ],
)
def test_an_unfit_key_is_left_out_with_a_reason_and_does_not_spoil_the_others(entry: object, reason: str) -> None:
    good = ec_key("good")
    keys = KeySet.from_dict({"keys": [entry, good.jwk()]})
    assert len(keys) == 1
    assert "good" in keys
    assert len(keys.faults) == 1
    assert keys.faults[0].startswith("keys[0]: ")
    assert reason in keys.faults[0]


_values = st.none() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=3), max_size=2)
_jwks = st.dictionaries(
    st.sampled_from(["kty", "crv", "alg", "use", "key_ops", "kid", "n", "e", "x", "y", "d"]), _values
)


@given(st.sampled_from([rsa_key(), ec_key(), ed_key()]), _jwks)
def test_whatever_stands_in_a_key_reading_it_never_fails_otherwise(key: SigningKey, changes: dict[str, object]) -> None:
    keys = KeySet.from_dict({"keys": [{**key.jwk(), **changes}]})
    assert len(keys) + len(keys.faults) == 1
