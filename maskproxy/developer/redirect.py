"""The loopback address at which a browser comes back with a code (RFC 8252, 7.3).

Only the answer with our own state counts, and only from our own gateway (RFC 9207). Everything else gets a 404 and
changes nothing: other programs, preconnecting browsers and requests for icons come here too.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

from maskproxy.errors import Denied, Unauthenticated

_HEAD_S = 10.0
_HEAD_BYTES = 16 * 1024
_MOST_AT_ONCE = 32
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
    "<body style='font-family:sans-serif;max-width:36em;margin:4em auto'><h1>{title}</h1><p>{text}</p>"
)


class Redirect:
    """Waits for one answer. `url` is where the browser is to be sent back to."""

    def __init__(self, state: str, issuer: str) -> None:
        self._state = state
        self._issuer = issuer
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._open = 0
        self.url = ""

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_HEAD_BYTES)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        try:
            yield
        finally:
            server.close()

    async def code(self, timeout_s: float) -> str:
        """Raises Denied and Unauthenticated."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._code
        except TimeoutError:
            raise Unauthenticated(
                "Nobody came back from the browser. Start again; add --device if it runs on another machine."
            ) from None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= _MOST_AT_ONCE:
                async with asyncio.timeout(_HEAD_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._answer(head))
                    await writer.drain()
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass
        finally:
            self._open -= 1
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        told = self._told(target) if method == "GET" else None
        if told is None:
            return _response("404 Not Found", "Nothing here", "Nothing is answered at this address.")
        if "error" in told or not told.get("code"):
            denied = Denied("The sign-in was denied in the browser. Start again if that was a mistake.")
            self._settle(denied)
            return _response("200 OK", "Denied", "Nobody was signed in. You may close this page.")
        self._settle(told["code"])
        return _response("200 OK", "Go back to your terminal", "It goes on there. You may close this page.")

    def _told(self, target: str) -> dict[str, str] | None:
        try:
            parts = urlsplit(target)
            told = dict(parse_qsl(parts.query, strict_parsing=True, max_num_fields=16))
        except ValueError:
            return None
        ours = hmac.compare_digest(told.get("state", "").encode(), self._state.encode())
        return told if parts.path == "/" and ours and told.get("iss") == self._issuer else None

    def _settle(self, outcome: str | Denied) -> None:
        if self._code.done():
            return
        if isinstance(outcome, str):
            self._code.set_result(outcome)
        else:
            self._code.set_exception(outcome)


def _response(status: str, title: str, text: str) -> bytes:
    body = _PAGE.format(title=title, text=text).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
