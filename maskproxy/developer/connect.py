"""The loopback proxy: what is routed goes to the gateway with a fresh token, everything else goes where it went before.

    program --CONNECT, secret--> here --TLS, CONNECT, fresh token--> gateway      for the hosts of its routes
                                      --> the machine's previous proxy, or direct  for every other host

Promises: it listens on loopback, and serves only who knows its secret; a routed host never goes past the gateway, on
any port and in no scheme; a token is refreshed before it ends, and stands in no program's environment; connections,
heads and waits are bounded. A sign-in that is over stops nothing but routed hosts, whose programs are told by the
gateway, inside the tunnel, to sign in again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from maskproxy.developer import links, piping
from maskproxy.developer.gateway import Gateway
from maskproxy.developer.heads import Head, absolute_target, connect_target, knows, read_request
from maskproxy.developer.links import Link
from maskproxy.developer.piping import Idle
from maskproxy.developer.previous import USER, Previous
from maskproxy.developer.routed import Routed, routed
from maskproxy.developer.session import Session
from maskproxy.developer.sign_in import SignIn
from maskproxy.errors import (
    Denied,
    MaskproxyError,
    StartFailed,
    TimedOut,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UpstreamFailed,
)
from maskproxy.origins import Address

HEAD_S = 30.0
MOST_CONNECTIONS = 1024
_LOOKS_AGAIN_S = 300.0
_ESTABLISHED = b"HTTP/1.1 200 Connection Established\r\n\r\n"
_STATUS = {400: "Bad Request", 403: "Forbidden", 408: "Request Timeout", 413: "Content Too Large"}

Say = Callable[[str], None]


class Tokens:
    """Fresh tokens of one session, for many connections at a time."""

    def __init__(self, session: Session, first: SignIn, say: Say) -> None:
        self._session = session
        self._held = first
        self._say = say
        self._said = ""
        self._one_at_a_time = asyncio.Lock()

    async def fresh(self) -> str:
        """The last one there was, where none can be had: the gateway tells its program what to do."""
        async with self._one_at_a_time:
            try:
                self._held = await asyncio.to_thread(self._session.fresh)
                self._said = ""
            except MaskproxyError as error:
                if str(error) != self._said:
                    self._say(str(error))
                self._said = str(error)
            return self._held.access_token


class Connect:
    def __init__(
        self, gateway: Gateway, tokens: Tokens, hosts: Routed, previous: Previous, secret: str, say: Say
    ) -> None:
        self._gateway = gateway
        self._tokens = tokens
        self.routed = hosts
        self._previous = previous
        self._secret = secret
        self._say = say
        self._running: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """For HTTPS_PROXY. It holds the secret."""
        return f"http://{USER}:{self._secret}@127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[None]:
        """Raises StartFailed."""
        try:
            server = await asyncio.start_server(self._accepted, "127.0.0.1", port, limit=links.PIECE_BYTES)
        except OSError as error:
            raise StartFailed(f"Port {port} is taken. Name another with --port.") from error
        self.port = server.sockets[0].getsockname()[1]
        looking = asyncio.create_task(self._look_again(), name="look for routes")
        try:
            yield
        finally:
            server.close()
            looking.cancel()
            for task in self._running:
                task.cancel()
            await asyncio.gather(looking, *self._running, return_exceptions=True)

    async def _look_again(self) -> None:
        """What is routed may change. Until it is known to be otherwise, it is as it was."""
        while True:
            await asyncio.sleep(_LOOKS_AGAIN_S)
            token = await self._tokens.fresh()
            with contextlib.suppress(MaskproxyError):
                self.routed = await asyncio.to_thread(routed, self._gateway, token)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        client = Link(reader, writer)
        try:
            await self._answer(client)
        except asyncio.CancelledError:
            writer.transport.abort()  # ended by us: whoever made this task takes no interest in how
        finally:
            writer.close()

    async def _answer(self, client: Link) -> None:
        try:
            try:
                await self._passed(client)
            except MaskproxyError as error:
                await _refuse(client, error)
        except (OSError, EOFError, TimeoutError):
            client.writer.transport.abort()
        except BaseExceptionGroup as group:
            client.writer.transport.abort()
            if group.split((OSError, EOFError, TimeoutError))[1] is not None:
                raise

    async def _passed(self, client: Link) -> None:
        if len(self._running) > MOST_CONNECTIONS:
            raise Unavailable("Too many connections are open. Close some, then try again.")
        head = await _head(client.reader)
        if not knows(head, self._secret):
            raise Unauthenticated('This proxy serves who knows its secret. Read it anew: eval "$(maskproxy env)"')
        if head.start[0] == "CONNECT":
            await self._tunnelled(client, connect_target(head))
        else:
            await self._forwarded(client, head)

    async def _tunnelled(self, client: Link, target: Address) -> None:
        async with _closing(await self._dial(target)) as link:
            client.writer.write(_ESTABLISHED)
            await piping.both_ways(client, link, Idle())

    async def _dial(self, target: Address) -> Link:
        if self.routed.takes(target.host):
            return await links.through_gateway(self._gateway, target, await self._tokens.fresh())
        proxy = self._previous.towards(target.host, target.port, secure=True)
        return await (links.direct(target) if proxy is None else links.through_proxy(proxy, target))

    async def _forwarded(self, client: Link, head: Head) -> None:
        """A request without TLS, and its answer; one for each connection."""
        method, whole, _ = head.start
        target, path, host = absolute_target(head)
        if self.routed.takes(target.host):
            raise Denied(f"{target.host} is reached by https alone.")
        body = head.body
        head = Head(head.start, (("Host", host), *((n, v) for n, v in head.fields if n.lower() != "host")))
        proxy = self._previous.towards(target.host, target.port, secure=False)
        more = [("Proxy-Authorization", proxy.authorization)] if proxy is not None and proxy.authorization else []
        start = (method, path if proxy is None else whole, "HTTP/1.1")
        link = await (links.direct(target) if proxy is None else links.to_proxy(proxy))
        async with _closing(link):
            idle = Idle()
            link.writer.write(head.passed(start, more))
            sending = asyncio.create_task(_sent(client, link, body, idle), name="send a body")
            try:
                await _answered(client, link, idle)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)


async def _head(reader: asyncio.StreamReader) -> Head:
    try:
        async with asyncio.timeout(HEAD_S):
            return read_request(await reader.readuntil(b"\r\n\r\n"))
    except TimeoutError:
        raise TimedOut("The request's head took too long to arrive. Send it at once.") from None
    except asyncio.LimitOverrunError:
        raise TooLarge("The request's head is too long.") from None


async def _sent(client: Link, link: Link, body: int | None, idle: Idle) -> None:
    """A body that breaks off ends its answer too; an origin that answers early and reads no more does not."""
    try:
        if body is None:
            await piping.chunked(client.reader, link.writer, idle)
        else:
            await piping.counted(client.reader, link.writer, body, idle)
    except (EOFError, TimeoutError, MaskproxyError):
        link.writer.transport.abort()
    except OSError:
        pass


async def _answered(client: Link, link: Link, idle: Idle) -> None:
    while True:
        async with asyncio.timeout(piping.IDLE_S):
            head = await links.answer_head(link.reader)
        if head.start[1] == "100":
            client.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        elif head.start[1] == "101":
            raise UpstreamFailed("The server changes to a protocol that nobody asked for.")
        elif not head.start[1].startswith("1"):
            break
    client.writer.write(head.passed(head.start))
    await piping.one_way(link.reader, client.writer, idle)


@contextlib.asynccontextmanager
async def _closing(link: Link) -> AsyncIterator[Link]:
    try:
        yield link
    except BaseException:
        link.writer.transport.abort()
        raise
    finally:
        link.writer.close()


async def _refuse(client: Link, error: MaskproxyError) -> None:
    status, more = error.status, ""
    if isinstance(error, Unauthenticated):
        status, more = 407, 'Proxy-Authenticate: Basic realm="maskproxy"\r\n'
    reason = _STATUS.get(status, "Proxy Authentication Required" if status == 407 else "Service Unavailable")
    body = f"{error}\n".encode()
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n{more}"
    client.writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    async with asyncio.timeout(HEAD_S):
        await client.writer.drain()
