"""How often something may be done: some times in a row, then at a steady pace. Pure: the time is handed in.

Of very many who did something, the idlest are forgotten.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

from maskproxy.errors import TooMany

_MOST = 20_000
_IPV6_PREFIX = 64


class Rate:
    """`burst` times in a row, then `per_s` times a second, for each name on its own."""

    def __init__(self, burst: int, per_s: float, sentence: str) -> None:
        self._burst = float(burst)
        self._per_s = per_s
        self._sentence = sentence
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now_s: float) -> None:
        """Count one. Raises TooMany."""
        left = self._now_left(name, now_s)
        self._left.pop(name, None)
        self._left[name] = (left - 1 if left >= 1 else left, now_s)
        if len(self._left) > _MOST:
            self._left.popitem(last=False)
        if left < 1:
            raise TooMany(self._sentence, retry=True)

    def check(self, name: str, now_s: float) -> None:
        """Raises TooMany where one more would be too many; counts nothing."""
        if self._now_left(name, now_s) < 1:
            raise TooMany(self._sentence, retry=True)

    def _now_left(self, name: str, now_s: float) -> float:
        left, seen_s = self._left.get(name, (self._burst, now_s))
        return min(self._burst, left + (now_s - seen_s) * self._per_s)


def network_of(peer: str) -> str:
    """Whose address it is: all of an IPv6 network of 64 bits is one customer's."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
