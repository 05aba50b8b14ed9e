"""An upstream origin, and how to reach it: names to addresses, a TCP connection, TLS, under one deadline.

Proxies from the environment are never used. `connect_socket` is also for tunnels, which hand in addresses that
`addresses` has checked.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import aiohappyeyeballs

from maskproxy.errors import UpstreamFailed

AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]
"""What `getaddrinfo` gives: family, type, protocol, canonical name, socket address."""

_NEXT_ADDRESS_S: Final = 0.25
_TLS_SHUTDOWN_S: Final = 1.0
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}

_P = TypeVar("_P", bound=asyncio.Protocol)


@dataclass(frozen=True)
class Origin:
    """Where requests of a route go. `ssl` None with https: the system's roots. The context will offer HTTP/1.1 only."""

    scheme: Literal["https", "http"]
    host: str
    port: int
    ssl: ssl.SSLContext | None = None

    @property
    def authority(self) -> str:
        """The Host field's value."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if _DEFAULT_PORTS[self.scheme] == self.port else f"{host}:{self.port}"


def client_context(origin: Origin) -> ssl.SSLContext | None:
    """Return the TLS context for an origin, with HTTP/1.1 as the only protocol it offers."""
    if origin.scheme == "http":
        return None
    context = origin.ssl or ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def connect_socket(addresses: Sequence[AddressInfo]) -> socket.socket:
    """Connect to the first address that answers, trying the next family after a quarter of a second (RFC 8305)."""
    sock = await aiohappyeyeballs.start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_S)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # A model may think for minutes without a byte: without probes a middlebox forgets the connection.
    for option, seconds in (("TCP_KEEPIDLE", 45), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
    return sock


async def dial(
    origin: Origin, context: ssl.SSLContext | None, factory: Callable[[], _P], *, timeout_s: float
) -> tuple[asyncio.Transport, _P]:
    """Open a connection: name, TCP and TLS together within `timeout_s`. Raises UpstreamFailed, nothing was sent."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _dial(origin, context, factory, timeout_s)
    except TimeoutError as error:
        raise UpstreamFailed("Upstream could not be reached in time.", retry=True) from error
    except ssl.SSLCertVerificationError as error:
        raise UpstreamFailed("Upstream's certificate is not trusted.", detail=error.verify_message) from error
    except (ssl.SSLError, OSError, UnicodeError) as error:
        detail = type(error).__name__
        raise UpstreamFailed("Upstream could not be reached.", detail=detail, retry=True) from error


async def _dial(
    origin: Origin, context: ssl.SSLContext | None, factory: Callable[[], _P], timeout_s: float
) -> tuple[asyncio.Transport, _P]:
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    sock = await connect_socket(addresses)
    if context is None:
        return await loop.create_connection(factory, sock=sock)
    # In two steps: a `create_connection` with TLS that is cancelled early leaves its transport behind, and to close the
    # socket under that one leads the loop to take another connection of the same number for it.
    silence = _Silence()
    plain, _ = await loop.create_connection(asyncio.Protocol, sock=sock)
    try:
        transport = await loop.start_tls(
            plain,
            silence,
            context,
            server_hostname=origin.host,
            ssl_handshake_timeout=timeout_s,
            ssl_shutdown_timeout=_TLS_SHUTDOWN_S,
        )
        if transport is None or silence.broken:
            raise UpstreamFailed("Upstream broke a new connection.", retry=True)
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() not in {None, "http/1.1"}:
            raise UpstreamFailed("Upstream chose a protocol that was not offered.")
    except BaseException:
        plain.abort()
        raise
    protocol = factory()
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    return transport, protocol


class _Silence(asyncio.Protocol):
    """Stands in until the handshake is done. Nobody was asked anything, so nothing may come."""

    broken = False

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - that there is any is enough
        self.broken = True

    def eof_received(self) -> None:
        self.broken = True

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002 - the same
        self.broken = True
