"""Numbers that the registers themselves publish as specimens, and those next to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.valid import VALID

SPECIMENS = {
    "us-ssn": ["536-22-8726"],
    "us-itin": ["912-70-1234", "900884321"],
    "uk-nino": ["AB 12 34 56 C"],
    "de-steuer-id": ["86095742719", "57 549 285 017"],
    "br-cpf": ["529.982.247-25", "11144477735"],
    "br-cnpj": ["11.222.333/0001-81", "11.444.777/0001-61"],
    "in-aadhaar": ["2341 2341 2346"],
    "fr-nir": ["2 55 08 14 168 025 38"],
    "es-dni": ["12345678Z", "X1234567L"],
    "it-codice-fiscale": ["RSSMRA85T10A562S", "MRTMTT25D09F205Z"],
    "nl-bsn": ["111222333"],
    "pl-pesel": ["44051401359"],
    "ch-ahv": ["756.9217.0769.85"],
    "ca-sin": ["130 692 544"],
    "au-tfn": ["876 543 210"],
    "cn-id": ["11010519491231002X"],
    "se-personnummer": ["811218-9876", "19811218-9876"],
    "be-nn": ["85.07.30-033.28"],
    "fi-hetu": ["131052-308T"],
}
CHECKED = sorted(set(SPECIMENS) - {"us-ssn", "us-itin", "uk-nino"})


@pytest.mark.parametrize("name", sorted(SPECIMENS))
def test_specimens_are_valid(name: str) -> None:
    assert all(VALID[name](number.encode()) for number in SPECIMENS[name])


@pytest.mark.parametrize("name", CHECKED)
def test_another_last_character_is_not(name: str) -> None:
    number = SPECIMENS[name][0]
    alike = "0123456789" if number[-1].isdecimal() else "ABCDEFGHJKLMNPQRSTUVWYZ"
    assert not any(VALID[name]((number[:-1] + other).encode()) for other in alike if other != number[-1])


@pytest.mark.parametrize("name", sorted(SPECIMENS))
@given(text=st.binary(max_size=24))
def test_anything_can_be_asked(name: str, text: bytes) -> None:
    VALID[name](text)


@pytest.mark.parametrize(
    "name", [name for name in sorted(SPECIMENS) if name not in {"uk-nino", "it-codice-fiscale", "fi-hetu"}]
)
def test_a_number_of_one_digit_is_nobodys(name: str) -> None:
    assert not any(VALID[name]((digit * size).encode()) for digit in "0123456789" for size in range(9, 15))


@pytest.mark.parametrize(
    "number",
    ["000-12-3456", "666-12-3456", "900-12-3456", "536-00-8726", "536-22-0000", "078-05-1120", "53622872"],
)
def test_ranges_that_were_never_given(number: str) -> None:
    assert not VALID["us-ssn"](number.encode())


@pytest.mark.parametrize("number", ["812-70-1234", "912-49-1234", "912-69-1234", "912-89-1234", "912-93-1234"])
def test_groups_that_no_taxpayer_has(number: str) -> None:
    assert not VALID["us-itin"](number.encode())


@pytest.mark.parametrize("number", ["QQ123456C", "GB123456A", "AO123456A", "AB123456E", "DA123456A"])
def test_beginnings_that_no_insurance_number_has(number: str) -> None:
    assert not VALID["uk-nino"](number.encode())
