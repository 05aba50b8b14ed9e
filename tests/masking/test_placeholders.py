from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking import PlaceholderKey

KEY = PlaceholderKey(b"0" * 32)
HERE = KEY.scoped("someone")


@given(st.binary(min_size=1, max_size=80))
def test_the_same_secret_has_the_same_placeholder_in_its_scope_only(secret: bytes) -> None:
    made = HERE.make("aws-access-key-id", secret)
    assert made == PlaceholderKey(b"0" * 32).scoped("someone").make("aws-access-key-id", secret)
    assert re.fullmatch(rb"MASKED_AWS_ACCESS_KEY_ID_[a-z2-7]{16}_[a-z2-7]{8}", made)
    others = (KEY.scoped("another"), PlaceholderKey(b"1" * 32).scoped("someone"))
    assert made not in [other.make("aws-access-key-id", secret) for other in others]
    assert made != HERE.make("jwt", secret)
    assert made != HERE.make("aws-access-key-id", secret + b"x")


@given(st.binary(min_size=1, max_size=40), st.integers(0, 200), st.integers(1, 255))
def test_only_our_own_placeholders_are_recognised(secret: bytes, place: int, change: int) -> None:
    made = HERE.make("jwt", secret)
    assert KEY.scoped("another").verify(made)
    assert not PlaceholderKey(b"1" * 32).scoped("someone").verify(made)
    place %= len(made)
    forged = made[:place] + bytes([made[place] ^ change]) + made[place + 1 :]
    assert not HERE.verify(forged)
    assert not HERE.verify(made + b"a")
    assert not HERE.verify(made[:-1])


def test_a_secret_in_pieces_and_with_line_numbers_is_the_same_secret() -> None:
    pending = HERE.begin("private-key-pem")
    for piece in (b"BEGIN\n", b"   ", b" 7\tabc\n  ", b"8\txyz"):
        pending.add(piece)
    assert pending.finish() == HERE.make("private-key-pem", b"BEGIN\nabc\nxyz")


def test_a_weak_key_or_an_impossible_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least"):
        PlaceholderKey(b"short")
    with pytest.raises(ValueError, match="characters"):
        HERE.make("x" * 65, b"secret")


MADE = [HERE.make("rule", b"%d" % number) for number in range(6)]
FORGED = MADE[0][:-1] + (b"a" if MADE[0][-1:] != b"a" else b"b")


@given(st.lists(st.sampled_from([*MADE, FORGED, b" ", b"MASKED_", b"A", b"\\n"])))
def test_ours_are_found_in_a_text_each_once_and_the_last_first(parts: list[bytes]) -> None:
    expected = list(dict.fromkeys(part for part in reversed(parts) if part in MADE))
    found = HERE.found_in(b"".join(parts), but=lambda _: False, most=100)
    assert found == expected
    assert KEY.scoped("another").found_in(b"".join(parts), but=lambda _: False, most=100) == expected
    assert HERE.found_in(b"".join(parts), but=lambda _: False, most=2) == expected[:2]
    assert HERE.found_in(b"".join(parts), but=lambda name: name == MADE[1], most=100) == [
        name for name in expected if name != MADE[1]
    ]


def test_of_very_many_that_look_alike_the_last_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maskproxy.masking.placeholders._MOST_LOOK_ALIKES", 2)
    assert HERE.found_in(b" ".join([*MADE[:3], FORGED]), but=lambda _: False, most=100) == [MADE[2]]
