"""Names to addresses that a tunnel may dial.

A name is resolved once and every address of it is checked; the caller dials one of the addresses it is given, never the
name again, so that a second answer of the DNS (rebinding) cannot lead elsewhere. One unsafe address refuses the name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Final, NamedTuple

from maskproxy.errors import Denied, UpstreamFailed

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


_METADATA: Final = _networks(
    # Link-local ones (169.254.0.0/16) are refused as such; these clouds put theirs elsewhere.
    *("fd00:ec2::/32", "fd20:ce::254/128", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32"),
)
_PRIVATE: Final = _networks(
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "::1/128", "fc00::/7"),
)
_NEVER: Final = _networks(
    *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    *("::/128", "64:ff9b:1::/48", "100::/64", "2001:2::/48", "2001:10::/28", "2001:db8::/32", "3fff::/20", "5f00::/16"),
    *("fe80::/10", "fec0::/10", "ff00::/8"),
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_TRANSLATED: Final = ipaddress.IPv6Network("::ffff:0:0:0/96")
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")


class Address(NamedTuple):
    """A checked address. `host` is numeric: dialling it asks no name server."""

    host: str
    port: int
    family: int


def refusal(address: _Address, *, allow_private: bool) -> str | None:
    """Say what is wrong with an address, or None. `allow_private` admits loopback, private and carrier ranges only."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return "a link-local address"
        for inner in _embedded(address):
            fault = refusal(inner, allow_private=allow_private)
            if fault is not None:
                return fault
    if any(address in network for network in _METADATA):
        return "a cloud's metadata address"
    if any(address in network for network in _PRIVATE):
        return None if allow_private else "a loopback or private address"
    if any(address in network for network in _NEVER):
        return "an address that is not for this"
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST and not _embedded(address):
        return "an address that is not for this"
    return None


def _embedded(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """List the IPv4 addresses that packets to an IPv6 address may end at: mapped, compatible, NAT64, 6to4, Teredo."""
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if address in _NAT64 or address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 1):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return []


async def resolve_public(host: str, port: int, *, allow_private: bool = False, timeout_s: float = 5.0) -> list[Address]:
    """Resolve a host once and check every address.

    Raises Denied if any address is unsafe, UpstreamFailed if the name cannot be resolved. The list is never empty.
    """
    try:
        async with asyncio.timeout(timeout_s):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise UpstreamFailed("The tunnel's host could not be resolved in time.", retry=True) from error
    except (OSError, UnicodeError, ValueError) as error:
        detail = type(error).__name__
        raise UpstreamFailed("The tunnel's host could not be resolved.", detail=detail, retry=True) from error
    addresses: list[Address] = []
    for family, _, _, _, sockaddr in found:
        numeric = str(sockaddr[0])
        try:
            fault = refusal(ipaddress.ip_address(numeric), allow_private=allow_private)
        except ValueError as error:
            raise Denied("The tunnel's host has an address that cannot be read.") from error
        if fault is not None:
            raise Denied(f"The tunnel's host resolves to {fault}, so it is not dialled.")
        address = Address(numeric, port, family)
        if address not in addresses:
            addresses.append(address)
    if not addresses:
        raise UpstreamFailed("The tunnel's host has no address.", retry=True)
    return addresses
