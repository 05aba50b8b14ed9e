from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import BadRequest, TooLarge
from maskproxy.masking import SealKey, Span, looks_sealed
from maskproxy.masking.seals import LIMIT_BYTES, MOST_SPANS

KEY = bytes(range(32))
ADA = SealKey(KEY).of("https://issuer.example#ada")
SIGNATURE = b"EqQBCkYIBxgCKkC+/w=="
MASKED = b"so MASKED_X and more"
SPANS = [Span(3, 8, b"the secret \xc3\xa9\0"), Span(12, 0, b"")]


def digest(masked: bytes = MASKED) -> bytes:
    return sha256(masked).digest()


@given(
    signature=st.binary(max_size=40),
    masked=st.binary(max_size=60),
    spans=st.lists(st.builds(Span, st.integers(0, 1 << 40), st.integers(0, 1 << 20), st.binary(max_size=50))),
)
def test_what_is_sealed_comes_back_with_the_signature_as_it_was(
    signature: bytes, masked: bytes, spans: list[Span]
) -> None:
    sealed = signature + ADA.seal(signature, digest(masked), spans)
    assert looks_sealed(sealed)
    assert SealKey(KEY).of("https://issuer.example#ada").unseal(sealed, masked) == (signature, spans)
    # A gateway behind another one: each takes off its own.
    again = sealed + ADA.seal(sealed, digest(masked), spans)
    assert ADA.unseal(again, masked) == (sealed, spans)


def test_a_seal_is_one_word_that_no_client_has_to_escape() -> None:
    seal = ADA.seal(SIGNATURE, digest(), SPANS)
    assert seal.startswith(b".maskproxy1.")
    assert seal.translate(None, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == b""
    assert b"secret" not in seal
    assert ADA.seal(SIGNATURE, digest(), SPANS) != seal


def test_any_other_byte_anywhere_is_refused() -> None:
    """Of the signature, the mark, the nonce, the seal, and of the masked text."""
    sealed = SIGNATURE + ADA.seal(SIGNATURE, digest(), SPANS)
    for at, byte in enumerate(sealed):
        for other in {byte ^ 1, byte ^ 32, ord("A"), ord("."), 0xFF} - {byte}:
            with pytest.raises(BadRequest):
                ADA.unseal(sealed[:at] + bytes([other]) + sealed[at + 1 :], MASKED)
        for changed in (sealed[:at], sealed[at + 1 :], sealed[:at] + b"A" + sealed[at:]):
            if changed != sealed:
                with pytest.raises(BadRequest):
                    ADA.unseal(changed, MASKED)
    for masked in (b"", MASKED[:-1], MASKED + b" ", MASKED.replace(b"more", b"mode")):
        with pytest.raises(BadRequest):
            ADA.unseal(sealed, masked)


@pytest.mark.parametrize(
    "other",
    [SealKey(KEY).of("https://issuer.example#bob"), SealKey(bytes(32)).of("https://issuer.example#ada")],
    ids=["person", "key"],
)
def test_nobody_else_opens_it(other: object) -> None:
    sealed = SIGNATURE + ADA.seal(SIGNATURE, digest(), SPANS)
    with pytest.raises(BadRequest, match="start a new conversation"):
        other.unseal(sealed, MASKED)  # type: ignore[attr-defined]


def test_what_is_left_of_a_seal_is_recognised() -> None:
    seal = ADA.seal(b"", digest(), SPANS)
    for length in range(1, len(seal)):
        assert looks_sealed(SIGNATURE + seal[:length]), length
    assert looks_sealed(SIGNATURE + b".maskproxy2.of-a-later-version")
    for plain in (b"", SIGNATURE, b"a.b", b"maskproxy1", b"a.maskx", b"eyJh.eyJz.c2ln"):
        assert not looks_sealed(plain), plain


def test_a_seal_is_bounded() -> None:
    ADA.seal(b"", digest(), [Span(0, 1, b"x" * LIMIT_BYTES)])
    with pytest.raises(TooLarge):
        ADA.seal(b"", digest(), [Span(0, 1, b"x" * LIMIT_BYTES), Span(1, 1, b"x")])
    with pytest.raises(TooLarge):
        ADA.seal(b"", digest(), [Span(0, 1, b"")] * (MOST_SPANS + 1))
