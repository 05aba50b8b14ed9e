"""Numbers that countries give to people: ranges and check digits, as their registers publish them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from maskproxy.masking.checksums import ean, luhn, mod_11_10, verhoeff, weighted

_NO_SSN = frozenset({"078051120", "219099999", "123456789"})
"""Numbers that were printed as examples."""
_ITIN_GROUPS = frozenset([*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)])
_NINO_NEVER = frozenset({"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"})
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_LETTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_FISCALE_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        ),
        strict=True,
    )
)
_CN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CN_CHECK = "10X98765432"
_NOISE = re.compile(rb"[^0-9A-Za-z]+")


def _plain(candidate: bytes) -> str:
    return _NOISE.sub(b"", candidate).decode("ascii", "replace").upper()


def _digits(candidate: bytes, count: int) -> str:
    """Give the digits if they are so many and not all the same, else nothing."""
    text = _plain(candidate)
    return text if text.isdecimal() and len(text) == count and len(set(text)) > 1 else ""


def _day(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def is_us_ssn(candidate: bytes) -> bool:
    """No area 000, 666 or 9xx, no group 00, no serial 0000; since 2011 any other may be given."""
    digits = _digits(candidate, 9)
    given = digits[:3] not in ("000", "666") and digits[:1] != "9" and digits[3:5] != "00" and digits[5:] != "0000"
    return bool(digits) and given and digits not in _NO_SSN


def is_us_itin(candidate: bytes) -> bool:
    digits = _digits(candidate, 9)
    return digits[:1] == "9" and int(digits[3:5]) in _ITIN_GROUPS


def is_uk_nino(candidate: bytes) -> bool:
    text = _plain(candidate)
    return (
        re.fullmatch(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]", text) is not None
        and text[:2] not in _NINO_NEVER
    )


def is_de_steuer_id(candidate: bytes) -> bool:
    """Of the first ten digits one is there twice or three times, the others once at most."""
    digits = _digits(candidate, 11)
    return digits[:1] not in ("", "0") and len(set(digits[:10])) in (8, 9) and mod_11_10(digits)


def _mod_11_pair(digits: str, first: Sequence[int], second: Sequence[int]) -> bool:
    """Two check digits at the end, each eleven less the remainder, of which ten and eleven count as nothing."""
    expected = [(11 - weighted(digits, weights) % 11) % 11 % 10 for weights in (first, second)]
    return digits[-2:] == "".join(map(str, expected))


def is_br_cpf(candidate: bytes) -> bool:
    digits = _digits(candidate, 11)
    return bool(digits) and _mod_11_pair(digits, range(10, 1, -1), range(11, 1, -1))


def is_br_cnpj(candidate: bytes) -> bool:
    digits = _digits(candidate, 14)
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    return bool(digits) and _mod_11_pair(digits, weights[1:], weights)


def is_in_aadhaar(candidate: bytes) -> bool:
    digits = _digits(candidate, 12)
    return digits[:1] > "1" and verhoeff(digits)


def is_fr_nir(candidate: bytes) -> bool:
    """Sex, year, month, department (Corsica's are 2A and 2B), number, and a key that completes a multiple of 97."""
    text = _plain(candidate)
    if not re.fullmatch(r"[1-478][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{8}", text):
        return False
    number = text[:13].replace("2A", "19").replace("2B", "18") if "A" in text or "B" in text else text[:13]
    return 97 - int(number) % 97 == int(text[13:])


def is_es_dni(candidate: bytes) -> bool:
    text = _plain(candidate)
    if not re.fullmatch(r"[0-9XYZ][0-9]{7}[A-Z]", text):
        return False
    number = str("XYZ".find(text[0])) + text[1:8] if text[0] in "XYZ" else text[:8]
    return int(number) > 0 and _DNI_LETTERS[int(number) % 23] == text[8]


def is_it_codice_fiscale(candidate: bytes) -> bool:
    text = _plain(candidate)
    if not re.fullmatch(r"[A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPR-T][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]", text):
        return False
    even = sum(int(c, 36) - 10 if c.isalpha() else int(c) for c in text[1:15:2])
    return (even + sum(_FISCALE_ODD[c] for c in text[0:15:2])) % 26 == int(text[15], 36) - 10


def is_nl_bsn(candidate: bytes) -> bool:
    digits = _digits(candidate, 9)
    return bool(digits) and weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def is_pl_pesel(candidate: bytes) -> bool:
    """The month tells the century too: 20, 40, 60 or 80 are added to it."""
    digits = _digits(candidate, 11)
    return (
        bool(digits)
        and _day(str(int(digits[2:4]) % 20), digits[4:6])
        and weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0
    )


def is_ch_ahv(candidate: bytes) -> bool:
    digits = _digits(candidate, 13)
    return digits[:3] == "756" and ean(digits)


def is_ca_sin(candidate: bytes) -> bool:
    digits = _digits(candidate, 9)
    return digits[:1] not in ("", "0", "8") and luhn(digits)


def is_au_tfn(candidate: bytes) -> bool:
    digits = _digits(candidate, 9)
    return bool(digits) and weighted(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def is_cn_id(candidate: bytes) -> bool:
    text = _plain(candidate)
    return (
        re.fullmatch(r"[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9X]", text) is not None
        and _day(text[10:12], text[12:14])
        and _CN_CHECK[weighted(text, _CN_WEIGHTS) % 11] == text[17]
    )


def is_se_personnummer(candidate: bytes) -> bool:
    """The day is 60 more in coordination numbers."""
    text = _plain(candidate)[-10:]
    digits = _digits(text.encode(), 10)
    return bool(digits) and _day(digits[2:4], str(int(digits[4:6]) % 60)) and luhn(digits)


def is_be_nn(candidate: bytes) -> bool:
    """A two is put before the number of those born from 2000 on."""
    digits = _digits(candidate, 11)
    return (
        bool(digits)
        and int(digits[2:4]) % 20 <= 12
        and any(97 - int(century + digits[:9]) % 97 == int(digits[9:]) for century in ("", "2"))
    )


def is_fi_hetu(candidate: bytes) -> bool:
    text = candidate.decode("ascii", "replace").upper()
    if not re.fullmatch(r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]", text):
        return False
    return _day(text[2:4], text[:2]) and _HETU_LETTERS[int(text[:6] + text[7:10]) % 31] == text[10]
