"""Connections that the loopback proxy opens: directly, through the machine's previous proxy, or through the gateway."""

from __future__ import annotations

import asyncio
import ssl
from typing import NamedTuple

from maskproxy.developer.gateway import Answered, Gateway, said
from maskproxy.developer.heads import Head, read_answer
from maskproxy.developer.previous import Proxy
from maskproxy.errors import MaskproxyError, Unavailable, UpstreamFailed
from maskproxy.origins import Address

PIECE_BYTES = 64 * 1024
DIAL_S = 15.0
HEAD_S = 60.0
_NEXT_ADDRESS_S = 0.25
_REFUSAL_BYTES = 64 * 1024


class Link(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def direct(address: Address, context: ssl.SSLContext | None = None) -> Link:
    """Raises UpstreamFailed."""
    try:
        async with asyncio.timeout(DIAL_S):
            return Link(
                *await asyncio.open_connection(
                    address.host,
                    address.port,
                    limit=PIECE_BYTES,
                    ssl=context,
                    happy_eyeballs_delay=_NEXT_ADDRESS_S,
                )
            )
    except (OSError, TimeoutError) as error:
        raise UpstreamFailed(f"{address} does not answer.", detail=type(error).__name__) from error


async def to_proxy(proxy: Proxy) -> Link:
    context = ssl.create_default_context() if proxy.secure else None
    return await direct(Address(proxy.host, proxy.port), context)


async def through_proxy(proxy: Proxy, target: Address) -> Link:
    """Raises UpstreamFailed."""
    fields = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
    return await _tunnel(await to_proxy(proxy), target, fields)


async def through_gateway(gateway: Gateway, target: Address, token: str) -> Link:
    """Raises UpstreamFailed and Unavailable."""
    try:
        link = await direct(Address(gateway.url.host, gateway.url.port), gateway.context)
    except UpstreamFailed as error:
        raise Unavailable(
            "The gateway cannot be reached. `maskproxy doctor` tells why.", detail=error.detail
        ) from error
    return await _tunnel(link, target, {"Proxy-Authorization": f"Bearer {token}"})


async def _tunnel(link: Link, target: Address, fields: dict[str, str]) -> Link:
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", *(f"{name}: {value}" for name, value in fields.items())]
    try:
        async with asyncio.timeout(HEAD_S):
            link.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
            head = await answer_head(link.reader)
            if head.start[1] != "200":
                raise UpstreamFailed(await _why(link.reader, head), detail=f"status {head.start[1]}")
    except (OSError, EOFError, TimeoutError) as error:
        link.writer.transport.abort()
        raise UpstreamFailed(f"The proxy on the way to {target} does not answer.") from error
    except BaseException:
        link.writer.transport.abort()
        raise
    return link


async def answer_head(reader: asyncio.StreamReader) -> Head:
    """Raises UpstreamFailed, and EOFError."""
    try:
        return read_answer(await reader.readuntil(b"\r\n\r\n"))
    except asyncio.LimitOverrunError:
        raise UpstreamFailed("The head of an answer is too long.") from None
    except MaskproxyError as error:
        raise UpstreamFailed(str(error)) from error


async def _why(reader: asyncio.StreamReader, head: Head) -> str:
    """In the words of a gateway, or in ours."""
    lengths = head.values("content-length")
    number = int(lengths[0]) if len(lengths) == 1 and lengths[0].isdigit() else 0
    if 0 < number <= _REFUSAL_BYTES:
        body = await reader.readexactly(number)
        try:
            return said(Answered(int(head.start[1]), "", body).document())
        except MaskproxyError:
            pass
    return "The proxy on the way refuses this host."
