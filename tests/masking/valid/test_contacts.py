from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.valid.contacts import is_email, is_phone, is_public_ip


@pytest.mark.parametrize(
    "number", ["+49 30 901820", "+1 (415) 867-5309", "+442079460958", "0049 30 901820", "415-867-5309"]
)
def test_numbers_of_people(number: str) -> None:
    assert is_phone(number.encode())


@pytest.mark.parametrize(
    "number", ["+1 212 555 0123", "+0 123 456 789", "+1234", "+1111111111", "12345", "+4912345678901234567"]
)
def test_numbers_of_nobody(number: str) -> None:
    assert not is_phone(number.encode())


@pytest.mark.parametrize("address", ["jane.doe@corp-mail.com", "j+list@mail.corp.de", "ops@corp.io", "o'brien@corp.ie"])
def test_addresses_of_people(address: str) -> None:
    assert is_email(address.encode())


@pytest.mark.parametrize(
    "address", ["me@example.com", "a@sub.example.org", "git@github.com", "icon@2x.png", "x@host.test"]
)
def test_addresses_of_nobody(address: str) -> None:
    assert not is_email(address.encode())


@given(st.ip_addresses(v=4))
def test_an_address_is_public_as_the_registry_says(address: IPv4Address) -> None:
    assert is_public_ip(str(address).encode()) == address.is_global


@pytest.mark.parametrize("text", ["300.1.1.1", "1.2.3", "", "::g", "2001:db8::1", "fe80::1", "01.2.3.4"])
def test_what_is_no_public_address(text: str) -> None:
    assert not is_public_ip(text.encode())
