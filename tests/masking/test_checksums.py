from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking import checksums

numbers = st.text("0123456789", min_size=6, max_size=18)


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (checksums.luhn, "79927398713"),
        (checksums.verhoeff, "2363"),
        (checksums.mod_11_10, "86095742719"),
        (checksums.ean, "4006381333931"),
    ],
)
def test_published_examples_prove_themselves(check: object, number: str) -> None:
    assert callable(check)
    assert check(number)
    assert not any(check(number[:-1] + other) for other in set("0123456789") - {number[-1]})


@given(numbers)
def test_one_check_digit_fits_each_number(number: str) -> None:
    for check in (checksums.luhn, checksums.verhoeff, checksums.mod_11_10):
        assert sum(check(number + digit) for digit in "0123456789") == 1


@given(numbers, st.data())
def test_a_wrong_digit_is_seen_anywhere(number: str, data: st.DataObject) -> None:
    for check in (checksums.luhn, checksums.verhoeff):
        whole = number + next(digit for digit in "0123456789" if check(number + digit))
        at = data.draw(st.integers(0, len(whole) - 1))
        other = data.draw(st.sampled_from(sorted(set("0123456789") - {whole[at]})))
        assert not check(whole[:at] + other + whole[at + 1 :])


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=10, max_size=30))
def test_two_digits_make_an_account_a_remainder_of_one(account: str) -> None:
    assert sum(checksums.mod_97(f"DE{check:02}{account}") for check in range(2, 99)) == 1


def test_weights_without_a_digit_count_nothing() -> None:
    assert checksums.weighted("12", (3, 4, 5)) == 11
