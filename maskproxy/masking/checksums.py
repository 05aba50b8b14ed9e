"""Arithmetic by which numbers prove themselves: check digits of cards, accounts and registers of people.

Pure functions over digits. What a number of some kind must hold besides its check digits is said in `valid`.
"""

from __future__ import annotations

from collections.abc import Sequence

_D5 = tuple(
    tuple(
        (i + j) % 5 if i < 5 and j < 5 else (i + j) % 5 + 5 if i < 5 else (i - j) % 5 + 5 if j < 5 else (i - j) % 5
        for j in range(10)
    )
    for i in range(10)
)
"""Multiplication in the dihedral group of order ten."""
_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right doubled, digit sums added, a multiple of ten."""
    doubled = "0246813579"
    total = sum(int(doubled[int(d)]) if place % 2 else int(d) for place, d in enumerate(reversed(digits)))
    return total % 10 == 0


def mod_97(text: str) -> bool:
    """ISO/IEC 7064 mod 97-10 as IBANs have it: four characters moved to the end, letters as 10 to 35, remainder one."""
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def verhoeff(digits: str) -> bool:
    """Verhoeff's check over the dihedral group, which Aadhaar numbers have."""
    state = 0
    for place, digit in enumerate(reversed(digits)):
        turned = int(digit)
        for _ in range(place % 8):
            turned = _TURN[turned]
        state = _D5[state][turned]
    return state == 0


def mod_11_10(digits: str) -> bool:
    """ISO/IEC 7064 mod 11,10: the last digit is the check digit."""
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Give the sum of digits times weights, as many as there are weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def ean(digits: str) -> bool:
    """EAN: weights one and three in turn, a multiple of ten."""
    return weighted(digits, [1, 3] * 9) % 10 == 0
