"""aiohttp's low-level server, without what it does on its own.

Its automatic error pages echo parts of the request and its logs hold tracebacks with values; both are overridden.
Bodies are not inflated, and a handler is cancelled as soon as its client is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from maskproxy.errors import BadRequest, MaskproxyError, Unavailable
from maskproxy.gateway.connection import Connection, new_id
from maskproxy.gateway.refusals import refusal_body, refusal_fields

if TYPE_CHECKING:
    from maskproxy.gateway.front import HttpProtocol

MAX_LINE_BYTES = 16 * 1024
MAX_FIELD_BYTES = (
    20 * 1024
)  # a JWT of 16 KiB as Basic, base64 and all, would be more; tokens are capped at 12 KiB there
MAX_FIELDS = 128


def plain_answer(error: MaskproxyError, exchange_id: str) -> web.Response:
    """A refusal as an aiohttp response."""
    response = web.Response(status=error.status, body=refusal_body(error, exchange_id))
    for name, value in [*refusal_fields(error, exchange_id), ("Server", "maskproxy")]:
        response.headers[name] = value
    return response


def where(error: BaseException) -> str:
    """File and line of a fault of ours; never the values."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_code.co_filename.rpartition('/')[2]}:{frame.tb_lineno}" if frame is not None else ""


class Handler(web.RequestHandler):
    """One connection's HTTP machine, which knows its connection and the protocol that feeds it."""

    __slots__ = ("connection", "shim")

    connection: Connection
    shim: HttpProtocol

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,  # noqa: ARG002 - aiohttp's signature; it may hold what a client sent
        message: str | None = None,  # noqa: ARG002 - the same
    ) -> web.StreamResponse:
        """A request that could not be parsed, or a fault of ours: a constant sentence, then the end."""
        if request.writer.output_size > 0:
            raise ConnectionResetError
        error: MaskproxyError
        if status < 500:
            error = BadRequest("The request cannot be read. Send well-formed HTTP/1.1.")
        else:
            error = Unavailable("Something failed inside the gateway. Tell its operators the request id.")
        response = plain_answer(error, new_id("req_"))
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """The exchange logs its own failures, without values."""


def make_server(exchange: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> web.Server:
    return web.Server(exchange, handler_cancellation=True)


def make_handler(server: web.Server, connection: Connection, *, idle_s: float) -> Handler:
    options: dict[str, Any] = {
        "auto_decompress": False,
        "access_log": None,
        "keepalive_timeout": idle_s,
        "lingering_time": 2.0,
        "max_line_size": MAX_LINE_BYTES,
        "max_field_size": MAX_FIELD_BYTES,
        "max_headers": MAX_FIELDS,
        "read_bufsize": 2**17,
    }
    handler = Handler(server, loop=asyncio.get_running_loop(), **options)
    handler.connection = connection
    return handler
