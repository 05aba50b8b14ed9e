from hypothesis import given
from hypothesis import strategies as st

from maskproxy.store.sealing import Envelope, Seals

SEALS = Seals(b"\x01" * 32)
ADA, BOB = SEALS.scope("ada"), SEALS.scope("bob")


@given(st.binary(max_size=200), st.text("ABC_", max_size=8), st.text("abc-", max_size=8))
def test_what_was_sealed_comes_out_in_its_place(secret: bytes, name: str, rule: str) -> None:
    sealed = SEALS.seal(ADA, name, rule, secret)
    assert SEALS.open(ADA, name, rule, sealed) == secret
    assert Seals(b"\x01" * 32).open(ADA, name, rule, sealed) == secret
    assert SEALS.seal(ADA, name, rule, secret) != sealed


@given(st.binary(min_size=6, max_size=40), st.integers(0, 7), st.data())
def test_a_bit_that_changed_is_seen(secret: bytes, bit: int, data: st.DataObject) -> None:
    sealed = bytearray(SEALS.seal(ADA, "P", "r", secret))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << bit
    assert SEALS.open(ADA, "P", "r", bytes(sealed)) is None


def test_it_opens_in_no_other_place_and_under_no_other_key() -> None:
    sealed = SEALS.seal(ADA, "P", "r", b"secret")
    assert SEALS.open(BOB, "P", "r", sealed) is None
    assert SEALS.open(ADA, "Q", "r", sealed) is None
    assert SEALS.open(ADA, "P", "s", sealed) is None
    assert SEALS.open(ADA, "Pr", "", sealed) is None
    assert Seals(b"\x02" * 32).open(ADA, "P", "r", sealed) is None
    for length in range(len(sealed)):
        assert SEALS.open(ADA, "P", "r", sealed[:length]) is None


def test_scopes_and_digests_tell_nothing_without_the_key() -> None:
    other = Seals(b"\x02" * 32)
    assert len({ADA, BOB, other.scope("ada"), other.scope("bob")}) == 4
    assert SEALS.digest(ADA, "P", b"s") == SEALS.digest(ADA, "P", b"s")
    digests = [
        SEALS.digest(*place) for place in ((ADA, "P", b"s"), (BOB, "P", b"s"), (ADA, "Q", b"s"), (ADA, "P", b"t"))
    ]
    assert len({*digests, other.digest(ADA, "P", b"s")}) == 5


@given(st.binary(max_size=200), st.binary(max_size=20), st.binary(max_size=20))
def test_an_envelope_opens_in_its_place_and_for_its_purpose_alone(secret: bytes, place: bytes, other: bytes) -> None:
    sealed = Envelope(b"\x01" * 32, b"keys").seal(place, secret)
    assert Envelope(b"\x01" * 32, b"keys").open(place, sealed) == secret
    if other != place:
        assert Envelope(b"\x01" * 32, b"keys").open(other, sealed) is None
    assert Envelope(b"\x01" * 32, b"logins").open(place, sealed) is None
    assert Envelope(b"\x02" * 32, b"keys").open(place, sealed) is None
    assert Envelope(b"\x01" * 32, b"keys").open(place, sealed[:-1]) is None
    assert Envelope(b"\x01" * 32, b"keys").open(place, b"") is None
