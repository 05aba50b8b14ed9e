import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import BadRequest
from maskproxy.gateway.maskings import Maskings, forms_of
from maskproxy.masking import PlaceholderKey, SealKey, load_rules


@pytest.fixture(scope="module")
def maskings() -> Maskings:
    return Maskings(load_rules(["builtin:github"]), PlaceholderKey(b"k" * 32), SealKey(b"k" * 32))


def test_a_masking_is_made_once(maskings: Maskings) -> None:
    one = maskings.of("ada", "t" * 40, (b"credential",))
    assert maskings.of("ada", "t" * 40, (b"credential",)) is one
    assert maskings.of("bob", "t" * 40, (b"credential",)) is not one
    assert maskings.of("ada", "t" * 40, (b"another-credential",)) is not one


def test_the_credential_is_masked_as_soon_as_it_is_known(maskings: Maskings) -> None:
    masked, findings = maskings.of("ada", "t" * 40, (b"the-service-key-0123",)).text(b"key the-service-key-0123 end")
    assert masked.find(b"the-service-key") < 0
    assert [f.rule for f in findings] == ["service-credential"]


def test_a_guard_hides_the_credential_and_nothing_else(maskings: Maskings) -> None:
    token = "gh" + "p_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    text = f"key the-service-key-0123 {token}".encode()
    masked, findings = maskings.guard("ada", (b"the-service-key-0123",)).text(text)
    assert masked.endswith(f" {token}".encode())
    assert [f.rule for f in findings] == ["service-credential"]
    assert maskings.guard("ada", ()).text(text) == (text, [])


def test_seals_are_a_person_s(maskings: Maskings) -> None:
    seals = maskings.seals("ada")
    assert maskings.seals("ada") is seals
    sealed = b"c2ln" + seals.seal(b"c2ln", sha256(b"masked").digest(), [])
    assert seals.unseal(sealed, b"masked") == (b"c2ln", [])
    with pytest.raises(BadRequest):
        maskings.seals("bob").unseal(sealed, b"masked")


@given(
    token=st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789._-", min_size=40, max_size=80),
    before=st.binary(max_size=7),
    behind=st.binary(max_size=7),
)
def test_a_form_of_the_token_is_in_every_base64_that_holds_it(token: str, before: bytes, behind: bytes) -> None:
    shown = base64.b64encode(before + token.encode() + behind)
    assert any(shown.count(form) for form in forms_of(token))
