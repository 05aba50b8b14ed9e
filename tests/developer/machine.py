"""A developer's machine: its state, its environment, its commands; and a gateway that takes a refresh token once."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from maskproxy.developer.gateway import Gateway
from maskproxy.developer.remembered import Places
from maskproxy.developer.session import Session
from maskproxy.developer.sign_in import SignIn
from tests.signin.surfing import Front, signed_in

ROOT = Path(__file__).parents[2]


@dataclass
class Done:
    code: int
    out: str
    err: str


class Machine:
    def __init__(self, directory: Path, url: str, ca: Path | None) -> None:
        self.home = directory / "home"
        self.home.mkdir()
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "PYTHONPATH": str(ROOT),
        }
        self.places = Places(self.environ)
        self.gateway = Gateway.at(url, ca)
        self._children: list[asyncio.subprocess.Process] = []

    @property
    def session(self) -> Session:
        return self.places.session(self.gateway)

    def sign_in(self, issued: dict[str, Any]) -> SignIn:
        """Keep what the gateway gave."""
        now = time.time()
        one = SignIn(
            str(self.gateway.url),
            issued["access_token"],
            issued["refresh_token"],
            now,
            now + issued["expires_in"],
            "/oauth/token",
            "/oauth/revoke",
        )
        self.session.keep(one)
        self.places.remember(self.gateway)
        return one

    def let_go_stale(self) -> None:
        """As it is some seconds before the token ends."""
        one = self.session.kept()
        self.session.keep(replace(one, issued_at=time.time() - 900, ends_at=time.time() + 5))

    async def start(self, *arguments: str, **environ: str) -> asyncio.subprocess.Process:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "maskproxy",
            *arguments,
            env=self.environ | environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._children.append(child)
        return child

    async def close(self) -> None:
        """End what a failed test left running."""
        for child in self._children:
            if child.returncode is None:
                child.kill()
                await child.communicate()

    async def run(self, *arguments: str, **environ: str) -> Done:
        child = await self.start(*arguments, **environ)
        async with asyncio.timeout(60):
            out, err = await child.communicate()
        assert child.returncode is not None
        return Done(child.returncode, out.decode(), err.decode())


async def at_work(directory: Path, front: Front) -> Machine:
    """A machine whose person has signed in."""
    machine = Machine(directory, front.url, directory / "other.pem")
    machine.sign_in(await signed_in(front))
    return machine


class StrictGateway:
    """Takes each refresh token once, slowly; a second time ends everything."""

    def __init__(self) -> None:
        self.refreshed: list[str] = []
        self.revoked: list[str] = []
        self.status = 200
        self.good = "refresh-0"
        self.life_s: object = 900
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                status, document = outer.answer(self.path, {name: values[0] for name, values in sent.items()})
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if path == "/oauth/revoke":
            self.revoked.append(form["token"])
            return self.status, {}
        token = form["refresh_token"]
        self.refreshed.append(token)
        if self.status != 200:
            return self.status, {"error": "temporarily_unavailable", "error_description": "Come back later."}
        if token != self.good:
            self.good = ""
            return 401, {"error": "invalid_grant", "error_description": "Used before."}
        self.good = f"refresh-{len(self.refreshed)}"
        time.sleep(0.3)
        access = f"access-{len(self.refreshed)}"
        return 200, {"access_token": access, "refresh_token": self.good, "expires_in": self.life_s}

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
