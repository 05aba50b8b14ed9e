import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import BadRequest
from maskproxy.gateway.maskings import Maskings, forms_of
from maskproxy.masking import Action, Override, PlaceholderKey, SealKey, Sought, treatments, with_actions
from tests.compiled import built_in

TREATMENTS = treatments(built_in("builtin:github"))


@pytest.fixture(scope="module")
def maskings() -> Maskings:
    return Maskings(PlaceholderKey(b"k" * 32), SealKey(b"k" * 32))


def of(maskings: Maskings, scope: str, credential: bytes) -> Sought:
    return maskings.of(TREATMENTS.request, scope, "t" * 40, (credential,))


def test_a_masking_is_made_once(maskings: Maskings) -> None:
    one = of(maskings, "ada", b"credential")
    assert of(maskings, "ada", b"credential") is one
    assert one.forward is one.record
    assert of(maskings, "bob", b"credential") is not one
    assert of(maskings, "ada", b"another-credential") is not one


def test_the_credential_is_masked_as_soon_as_it_is_known(maskings: Maskings) -> None:
    masked, findings = of(maskings, "ada", b"the-service-key-0123").forward.text(b"key the-service-key-0123 end")
    assert masked.find(b"the-service-key") < 0
    assert [f.rule for f in findings] == ["service-credential"]


def test_what_is_observed_hides_the_credential_and_nothing_else(maskings: Maskings) -> None:
    token = "gh" + "p_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    text = f"key the-service-key-0123 {token}".encode()

    def observing(*credentials: bytes) -> Sought:
        return maskings.observing(TREATMENTS.answer, "ada", "t" * 40, credentials)

    masked, findings = observing(b"the-service-key-0123").forward.text(text)
    assert masked.endswith(f" {token}".encode())
    assert [f.rule for f in findings] == ["service-credential"]
    assert observing().forward.text(text) == (text, [])
    recorded = observing(b"the-service-key-0123").record.find(text)
    assert [f.rule for f in recorded] == ["service-credential", "github-pat-classic"]


@pytest.mark.parametrize("action", ["block", "alert", "allow"])
def test_whatever_the_actions_are_the_token_and_the_credential_are_masked(action: Action) -> None:
    rules = with_actions(built_in("builtin:github"), [Override(("*", "caller-token"), action, action)])
    maskings = Maskings(PlaceholderKey(b"k" * 32), SealKey(b"k" * 32))
    sought = maskings.of(treatments(rules).request, "ada", "t" * 40, (b"the-service-key-0123",))
    for masking in (sought.forward, sought.record):
        assert [f.rule for f in masking.find(b"t" * 40 + b" the-service-key-0123")] == [
            "caller-token",
            "service-credential",
        ]
    assert sought.action("caller-token") == "mask"
    assert not sought.blocks("service-credential")


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
