"""CONNECT: whose tunnel, to where, and whether it is read or passed.

A host that a route answers is always intercepted, also for a caller without a token: the refusal is then given inside
the tunnel, where the client shows it to the user. A listed target is passed through unread, for known people only.
Every other target is refused before any dial.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from maskproxy.access.grants import open_grants
from maskproxy.access.tokens import Person
from maskproxy.audit import AuditEvent, Who
from maskproxy.errors import Denied, MaskproxyError, Misdirected, Unauthenticated, Unavailable, UpstreamFailed
from maskproxy.gateway.addresses import resolve_public
from maskproxy.gateway.connection import Connection, peer_of
from maskproxy.gateway.heads import ConnectHead, caller_token
from maskproxy.gateway.interception.certificates import asked_for_another
from maskproxy.gateway.relay import relay
from maskproxy.gateway.routes import Route
from maskproxy.gateway.standings import subject_of
from maskproxy.gateway.state import Gateway

if TYPE_CHECKING:
    from maskproxy.gateway.front import HttpProtocol

_ESTABLISHED = b"HTTP/1.1 200 Connection Established\r\n\r\n"
_DIAL_S = 10.0


async def open_tunnel(
    gateway: Gateway,
    transport: asyncio.Transport,
    head: ConnectHead,
    rest: bytes,
    http_for: Callable[[Connection], HttpProtocol],
    is_lost: Callable[[], bool],
    is_known: Callable[[Person], None],
) -> None:
    """Answer CONNECT. The transport's reading is paused; `rest` came behind the head. Raises what refuses it.

    `is_known` hears who asks as soon as that is known, where the tunnel is not intercepted.
    """
    if gateway.draining:
        raise Unavailable("This node is shutting down. Try again.", retry=True)
    token = caller_token(head.fields, proxy=True)
    route = gateway.routes.intercepting(head.target)
    if route is not None:
        who = await _who(gateway, token)
        connection = Connection("connect", peer_of(transport), head.target, route, who, token)
        await _intercept(gateway, transport, connection, rest, http_for)
        return
    target = gateway.routes.tunnel(head.target)
    who = await _who(gateway, token)
    if isinstance(who, MaskproxyError):
        raise who
    is_known(who)
    gateway.standings.admit(subject_of(who))
    standing = gateway.standings.of(who, gateway.grants)
    granted = open_grants(who, gateway.grants, gateway.now, standing)
    if not granted:
        raise Denied("You have no open grant here. Ask your security team for access.")
    upstream = await _dial(target.host, target.port, private=target.private)
    if is_lost():
        upstream.abort()
        return
    gateway.log("tunnel opened", person=who.name, target=str(head.target))
    more = {"grant": granted[0].name, "target": str(head.target), "peer": peer_of(transport)}
    await gateway.audit.tell(AuditEvent("grant_use", "tunnel opened", Who.of(who), more=more))
    subjects = [subject_of(who, grant=grant.name, request=standing.approved.get(grant.name, "")) for grant in granted]

    def end(_: MaskproxyError) -> None:
        transport.abort()
        upstream.abort()

    unwatch = gateway.standings.watch(subjects, end)
    try:
        await relay(transport, upstream, first=rest, opening=_ESTABLISHED, idle_s=gateway.limits.idle_s * 8)
    finally:
        unwatch()


async def _who(gateway: Gateway, token: str | None) -> Person | MaskproxyError:
    """The caller, or the refusal that they will be given."""
    if token is None:
        return Unauthenticated(
            "This proxy needs to know you. Put your token into the proxy URL: http://me:TOKEN@host:port"
        )
    try:
        return await gateway.authenticator.authenticate(token)
    except MaskproxyError as error:
        return error


async def _intercept(
    gateway: Gateway,
    transport: asyncio.Transport,
    connection: Connection,
    rest: bytes,
    http_for: Callable[[Connection], HttpProtocol],
) -> None:
    route, target = connection.route, connection.target
    assert route is not None
    assert target is not None
    context = _context(gateway, route, target.host)
    http = http_for(connection)
    if isinstance(connection.who, Person):
        http.unwatch = gateway.standings.watch([subject_of(connection.who)], lambda _: http.close_when_idle())
    transport.write(_ESTABLISHED)
    loop = asyncio.get_running_loop()
    handshake = asyncio.ensure_future(
        loop.start_tls(transport, http, context, server_side=True, ssl_handshake_timeout=gateway.limits.handshake_s)
    )
    try:
        if rest:
            await _feed_early_hello(transport, rest)
        inner = await handshake
    except (OSError, ssl.SSLError, TypeError):
        # TypeError: asyncio's own, after a failed inner handshake (cpython#113214).
        transport.abort()
        http.connection_lost(None)
        gateway.meters.refused("inner_handshake")
        return
    finally:
        if not handshake.done():
            handshake.cancel()
    if inner is None:
        http.connection_lost(None)
        return
    if asked_for_another(inner.get_extra_info("ssl_object")):
        connection.who = Misdirected(f"This tunnel leads to {target.host}, and TLS asked for another host (SNI).")
    http.start(inner)


async def _feed_early_hello(transport: asyncio.Transport, rest: bytes) -> None:
    """Hand over a ClientHello that came in the same segment as CONNECT: `start_tls` reads only what comes later."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    protocol = transport.get_protocol()
    view = memoryview(rest)
    while view and isinstance(protocol, asyncio.BufferedProtocol):
        room = memoryview(protocol.get_buffer(len(view)))
        count = min(len(room), len(view))
        room[:count] = view[:count]
        protocol.buffer_updated(count)
        view = view[count:]


def _context(gateway: Gateway, route: Route, host: str) -> ssl.SSLContext:
    if gateway.certificates is None:
        raise Denied(
            f"Interception is not configured, so {host} cannot be reached. Use the base URL of route {route.name}."
        )
    return gateway.certificates.context_for(host)


async def _dial(host: str, port: int, *, private: bool) -> asyncio.Transport:
    """Connect to the first of the checked addresses that answers."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_DIAL_S):
            for address in await resolve_public(host, port, allow_private=private):
                try:
                    transport, _ = await loop.create_connection(asyncio.Protocol, address[0], address[1])
                except OSError:
                    continue
                transport.pause_reading()
                return transport
    except TimeoutError:
        pass
    raise UpstreamFailed(f"{host}:{port} does not answer. Check that it is up.", retry=True)
