"""What is known of a client's connection for as long as it lasts."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Literal

from maskproxy.access.tokens import Person
from maskproxy.errors import MaskproxyError
from maskproxy.gateway.heads import Authority
from maskproxy.gateway.routes import Route

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """A random id of 120 bits, in Crockford's base 32."""
    number = secrets.randbits(120)
    return prefix + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(0, 120, 5))


@dataclass(slots=True)
class Connection:
    """`who` is the tunnel's person, or the refusal that inner requests are answered with; None outside a tunnel."""

    via: Literal["connect", "base_url"]
    peer: str
    target: Authority | None = None
    route: Route | None = None
    who: Person | MaskproxyError | None = None
    token: str | None = None
    id: str = field(default_factory=lambda: new_id(""))


def peer_of(transport: asyncio.BaseTransport) -> str:
    """The client's address, for the log."""
    name = transport.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) else "local"
