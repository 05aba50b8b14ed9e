"""Numbers of payment cards (ISO/IEC 7812) and bank accounts (ISO 13616)."""

from __future__ import annotations

import re

from maskproxy.masking.checksums import luhn, mod_97

_GROUP = re.compile(rb"[0-9]+")
_MOST_GROUPS = 8
_ISSUERS: tuple[tuple[int, int, int, int], ...] = (
    # First and last beginning of a range, shortest and longest number.
    (2200, 2204, 16, 19),  # Mir
    (2221, 2720, 16, 16),  # Mastercard
    (3000, 3059, 14, 19),  # Diners Club
    (3095, 3095, 14, 19),
    (3400, 3499, 15, 15),  # American Express
    (3528, 3589, 16, 19),  # JCB
    (3600, 3699, 14, 19),  # Diners Club
    (3700, 3799, 15, 15),  # American Express
    (3800, 3999, 14, 19),  # Diners Club
    (4000, 4999, 13, 19),  # Visa; what is neither 13, 16 nor 19 long is refused below
    (5000, 5099, 12, 19),  # Maestro, Elo, Verve
    (5100, 5599, 16, 16),  # Mastercard
    (5600, 5899, 12, 19),  # Maestro
    (6000, 6999, 12, 19),  # Discover, UnionPay, RuPay, Maestro
    (8100, 8199, 16, 19),  # UnionPay, RuPay
    (9792, 9792, 16, 16),  # Troy
)
_IBAN_LENGTHS = {
    country: length
    for length, countries in (
        (15, "NO"),
        (16, "BE BI"),
        (18, "DK FI FO GL NL SD"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU XK MN"),
        (21, "CH CR HR LI LV"),
        (22, "BG BH DE GB GE IE ME RS VA"),
        (23, "AE GI IL IQ OM SO TL"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "LY PT ST"),
        (26, "IS TR"),
        (27, "BJ BF CI CM CF CG DJ DZ FR GA GR IT KM MC MG ML MR MZ NE SM SN TD TG"),
        (28, "AL AZ BY CY DO GT HN HU LB NI PL SV"),
        (29, "BR EG PS QA UA"),
        (30, "JO KW MU"),
        (31, "MT SC"),
        (32, "LC"),
        (33, "RU"),
    )
    for country in countries.split()
}
"""By country, as SWIFT's registry and the banks of countries outside it have them."""
_IBAN_START = re.compile(r"[A-Z]{2}[0-9]{2}")
_SEPARATORS = re.compile(rb"[\s-]+")


def is_card(digits: str) -> bool:
    """Tell of digits without separators whether an issuer has such numbers and the check digit is right."""
    start, size = int(digits[:4] or "0"), len(digits)
    if start // 1000 == 4 and size not in (13, 16, 19):
        return False
    issued = any(low <= start <= high and least <= size <= most for low, high, least, most in _ISSUERS)
    return issued and len(set(digits)) > 1 and luhn(digits)


def holds_card(candidate: bytes) -> bool:
    """Tell whether neighbouring groups of digits make a card's number."""
    groups = [group.decode() for group in _GROUP.findall(candidate)]
    return any(
        is_card("".join(groups[first:last]))
        for first in range(len(groups))
        for last in range(first + 1, min(len(groups), first + _MOST_GROUPS) + 1)
    )


def holds_iban(candidate: bytes) -> bool:
    """Tell whether an account's number begins somewhere in the candidate, in groups or not."""
    text = _SEPARATORS.sub(b"", candidate).decode("ascii", "replace").upper()
    for start in _IBAN_START.finditer(text):
        number = text[start.start() :][: _IBAN_LENGTHS.get(start[0][:2], 0)]
        if number and len(number) == _IBAN_LENGTHS[start[0][:2]] and number.isalnum() and mod_97(number):
            return True
    return False
