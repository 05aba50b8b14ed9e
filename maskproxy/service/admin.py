"""The operators' endpoint, on loopback or a Unix socket only: /healthz, /readyz, /metrics, /status.

Holds no secrets and takes no orders. A request by another name than the machine's own is refused, so that no web page
can read it by pointing a name of its own at loopback.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from maskproxy.config import Address
from maskproxy.origins import is_loopback


class Admin:
    """`unready` says why this node should get no traffic, or "" when it should; `status` is shown as JSON."""

    def __init__(
        self,
        place: Address | Path,
        *,
        registry: CollectorRegistry,
        unready: Callable[[], str],
        status: Callable[[], Mapping[str, object]],
    ) -> None:
        self._place = place
        self._registry = registry
        self._unready = unready
        self._status = status
        app = web.Application(middlewares=[self._only_this_machine], client_max_size=1024)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/readyz", self._readiness)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/status", self._show_status)
        self._runner = web.AppRunner(app, access_log=None, keepalive_timeout=15, shutdown_timeout=1)

    async def start(self) -> Address | Path:
        """Listen; gives the place as bound."""
        await self._runner.setup()
        listening = unix_socket(self._place) if isinstance(self._place, Path) else tcp_socket(self._place)
        try:
            await web.SockSite(self._runner, listening).start()
        except BaseException:
            listening.close()
            raise
        if isinstance(self._place, Path):
            return self._place
        host, port = listening.getsockname()[:2]
        return Address(host, port)

    async def close(self) -> None:
        await self._runner.cleanup()
        if isinstance(self._place, Path):
            self._place.unlink(missing_ok=True)

    @web.middleware
    async def _only_this_machine(
        self, request: web.Request, handler: Callable[[web.Request], object]
    ) -> web.StreamResponse:
        if isinstance(self._place, Address) and not names_this_machine(request.headers.get("Host", "")):
            return web.Response(status=421, text="Ask for this endpoint by its loopback address.\n")
        response: web.StreamResponse = await handler(request)  # type: ignore[misc] # aiohttp's Handler is awaitable
        return response

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readiness(self, _request: web.Request) -> web.Response:
        reason = self._unready()
        return web.Response(status=503 if reason else 200, text=(reason or "ready") + "\n")

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _show_status(self, _request: web.Request) -> web.Response:
        return web.json_response(dict(self._status()))


def names_this_machine(host: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return is_loopback(name.lower())


def tcp_socket(address: Address) -> socket.socket:
    host = "127.0.0.1" if address.host == "localhost" else address.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, address.port))
    except BaseException:
        listening.close()
        raise
    return listening


def unix_socket(path: Path) -> socket.socket:
    """A socket for its owner alone. What a crashed daemon left behind is replaced; a living one is not."""
    if path.is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except BaseException:
        listening.close()
        raise
    finally:
        os.umask(before)
    return listening
