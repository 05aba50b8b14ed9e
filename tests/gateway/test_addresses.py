import asyncio
import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import Denied, UpstreamFailed
from maskproxy.gateway.addresses import Address, refusal, resolve_public

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "160.79.104.10",
    "2606:4700::1111",
    "2a00:1450:4001::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]
PRIVATE = [
    *(
        "127.0.0.1",
        "127.255.255.254",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
    ),
    *("::1", "fc00::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b::a00:1", "2002:7f00:1::", "2002:c0a8:101::1", "::ffff:0:10.0.0.1", "2001:0:808:808::80ff:fffe"),
]
NEVER = [
    *(
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "169.254.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
    ),
    *("192.0.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1"),
    *("100.100.100.200", "168.63.129.16", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "fd00:ec2::254"),
    *(
        "fd20:ce::254",
        "2001:db8::1",
        "100::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
        "64:ff9b:1::1",
        "::ffff:169.254.169.254",
    ),
    *("64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::169.254.169.254", "2001:0:a9fe:a9fe::f7f7:f7f7", "::ffff:0.0.0.0"),
]


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_safe(text: str) -> None:
    assert refusal(ipaddress.ip_address(text), allow_private=False) is None


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_are_safe_only_where_allowed(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert refusal(address, allow_private=False) is not None
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize("text", NEVER)
def test_metadata_and_special_addresses_are_never_safe(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert refusal(address, allow_private=False) is not None
    assert refusal(address, allow_private=True) is not None


@given(st.ip_addresses())
def test_nothing_that_python_calls_local_passes(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if refusal(address, allow_private=False) is None:
        assert not any((address.is_loopback, address.is_link_local, address.is_multicast, address.is_unspecified))
        assert address.is_global or isinstance(address, ipaddress.IPv6Address)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "::"]))
def test_an_embedded_address_is_judged_like_the_address_itself(inner: ipaddress.IPv4Address, prefix: str) -> None:
    outer = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(inner))
    for allow in (False, True):
        if refusal(inner, allow_private=allow) is not None and int(outer) != 1:
            assert refusal(outer, allow_private=allow) is not None


def _answers(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


async def test_a_name_is_resolved_once_and_its_checked_addresses_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _answers(monkeypatch, "8.8.8.8", "2606:4700::1111", "8.8.8.8")
    assert await resolve_public("git.example.com", 443, allow_private=False) == [
        Address("8.8.8.8", 443, socket.AF_INET),
        Address("2606:4700::1111", 443, socket.AF_INET6),
    ]
    assert asked == ["git.example.com"]


async def test_one_unsafe_address_among_many_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch, "8.8.8.8", "10.0.0.5")
    with pytest.raises(Denied, match="private"):
        await resolve_public("rebinding.example.com", 443, allow_private=False)


async def test_an_address_without_meaning_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch, "not-an-address")
    with pytest.raises(Denied):
        await resolve_public("odd.example.com", 443, allow_private=True)


async def test_a_name_without_an_address_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch)
    with pytest.raises(UpstreamFailed):
        await resolve_public("empty.example.com", 443, allow_private=True)


@pytest.mark.parametrize("spelling", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "::1", "localhost"])
async def test_no_spelling_of_loopback_passes(spelling: str) -> None:
    with pytest.raises((Denied, UpstreamFailed)):
        await resolve_public(spelling, 443, allow_private=False)


async def test_loopback_is_given_where_private_addresses_are_allowed() -> None:
    assert await resolve_public("127.0.0.1", 8443, allow_private=True) == [Address("127.0.0.1", 8443, socket.AF_INET)]


async def test_a_name_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(UpstreamFailed, match="in time") as failure:
        await resolve_public("slow.example.com", 443, allow_private=False, timeout_s=0.01)
    assert failure.value.retry


async def test_a_name_that_is_no_name_fails_without_quoting_it() -> None:
    with pytest.raises(UpstreamFailed) as failure:
        await resolve_public("a" * 70 + ".example", 443, allow_private=False)
    assert "aaa" not in str(failure.value)
