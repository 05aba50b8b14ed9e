from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.checksums import luhn, mod_97
from maskproxy.masking.valid.accounts import holds_card, holds_iban, is_card


def card(start: str, size: int, body: str) -> str:
    number = (start + body)[: size - 1]
    return number + next(digit for digit in "0123456789" if luhn(number + digit))


@given(
    st.sampled_from(
        [("4", 16), ("4", 13), ("51", 16), ("2221", 16), ("34", 15), ("6011", 16), ("36", 14), ("3528", 16)]
    ),
    st.text("0123456789", min_size=18, max_size=18),
    st.sampled_from(["", " ", "-"]),
)
def test_a_card_of_an_issuer_is_held_in_groups_or_not(kind: tuple[str, int], body: str, between: str) -> None:
    number = card(*kind, body)
    shown = between.join(number[at : at + 4] for at in range(0, len(number), 4)) if between else number
    assert holds_card(shown.encode())
    assert holds_card(f"{shown} 123".encode()), "a verification code behind it does no harm"


@pytest.mark.parametrize(
    "digits", ["0000000000000000", "4444444444444444444", "9999888877776666", "411111111111116", ""]
)
def test_what_no_issuer_has_is_no_card(digits: str) -> None:
    assert not is_card(digits)


@given(st.text("0123456789", min_size=16, max_size=16).filter(lambda digits: not luhn(digits)))
def test_a_wrong_check_digit_is_no_card(digits: str) -> None:
    assert not holds_card(digits.encode())


@given(
    st.sampled_from([("DE", 18), ("NO", 11), ("GB", 18), ("MT", 27)]), st.text("0123456789", min_size=27, max_size=27)
)
def test_an_account_is_held_in_groups_or_not(country: tuple[str, int], body: str) -> None:
    name, size = country
    number = next(n for check in range(2, 99) if mod_97(n := f"{name}{check:02}{body[:size]}"))
    groups = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    assert holds_iban(number.encode())
    assert holds_iban(f"{groups} BIC".encode())
    assert not holds_iban(number[:-1].encode())
    assert not holds_iban(f"{number[:-1]}{(int(number[-1]) + 1) % 10}".encode())


def test_a_country_without_such_accounts_has_none() -> None:
    assert not holds_iban(b"US82WEST12345698765432")
