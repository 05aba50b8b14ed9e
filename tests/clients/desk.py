"""A developer's desk: a home and a project folder of their own, secrets in a file, and the real Claude Code, headless.

The client reaches the gateway as README tells, by HTTPS_PROXY or by base URL. Whatever else it would dial in base-URL
mode ends at `Dead`, which keeps the attempt.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from maskproxy.dev.planted import Planted, aws_key_pair, leaks, private_key
from tests.clients.stand_in import StandIn
from tests.daemon.place import Place
from tests.daemon.program import gone

INSTALLED = Path(__file__).parents[2] / ".clients"
CLAUDE = INSTALLED / "node_modules" / ".bin" / "claude"
CLIENT_S = 120.0
PROXY, BASE_URL = "HTTPS_PROXY", "base URL"


@dataclass(frozen=True)
class Outcome:
    """What Claude Code said, in its own events."""

    code: int
    events: list[dict[str, Any]]
    out: bytes
    errors: bytes

    @property
    def result(self) -> dict[str, Any]:
        found = [event for event in self.events if event["type"] == "result"]
        assert found, self.errors.decode()
        return found[-1]

    @property
    def session(self) -> str:
        return str(self.result["session_id"])

    def tool_results(self) -> list[dict[str, Any]]:
        """What its tools answered, in order."""
        contents = [event["message"]["content"] for event in self.events if event["type"] == "user"]
        blocks = [block for content in contents if isinstance(content, list) for block in content]
        return [block for block in blocks if block["type"] == "tool_result"]


class Dead:
    """A proxy that leads nowhere, and knows who wanted to go where."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._refuse, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readline()).decode("latin-1"))
        await gone(writer)


class Desk:
    """`async with Desk(place, way) as desk`, where `place` runs."""

    def __init__(self, place: Place, way: str) -> None:
        self.place = place
        self.way = way
        self.home = place.folder / "home"
        self.project = place.folder / "project"
        self.file = self.project / "settings.py"
        key_id, key = aws_key_pair()
        self.password = Planted("password", rf"""Zq\"{secrets.token_hex(4)}'k\\{secrets.token_hex(4)}\\\"!""")
        self.planted = [key_id, key, self.password, private_key()]
        self.text = (
            "# how we deploy\n"
            f'AWS_ACCESS_KEY_ID = "{key_id.value}"\n'
            f'AWS_SECRET_ACCESS_KEY = "{key.value}"\n'
            f'DB_PASSWORD = "{self.password.value}"\n'
            f'DEPLOY_KEY = """\\\n{self.planted[3].value}\n"""\n'
            "DEBUG = True\n"
        )
        self.dead = Dead()
        self._dead_port = 0
        self.token = place.token()

    async def __aenter__(self) -> Self:
        for folder in (self.home, self.project):
            folder.mkdir()
        self.file.write_text(self.text)
        self._dead_port = await self.dead.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.dead.close()

    def variables(self) -> dict[str, str]:
        """How README tells clients to reach the gateway."""
        folder, ports = self.place.folder, self.place.program.ports
        if self.way == PROXY:
            return {
                "HTTPS_PROXY": f"http://me:{quote(self.token, safe='')}@127.0.0.1:{ports[0]}",
                "NODE_EXTRA_CA_CERTS": str(folder / "ca" / "ca.pem"),
                "SSL_CERT_FILE": str(folder / "ca" / "ca.pem"),
                "ANTHROPIC_AUTH_TOKEN": "maskproxy",
            }
        return {
            "ANTHROPIC_BASE_URL": f"https://localhost:{ports[1]}",
            "ANTHROPIC_AUTH_TOKEN": self.token,
            "NODE_EXTRA_CA_CERTS": str(folder / "other.pem"),
            "SSL_CERT_FILE": str(folder / "other.pem"),
            "HTTPS_PROXY": f"http://127.0.0.1:{self._dead_port}",
            "HTTP_PROXY": f"http://127.0.0.1:{self._dead_port}",
            "NO_PROXY": "localhost",
        }

    def environment(self, **more: str) -> dict[str, str]:
        own = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "CLAUDE_CONFIG_DIR": str(self.home / ".claude"),
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "TMPDIR": str(self.home),
        }
        return own | self.variables() | more

    async def claude(self, prompt: str, *arguments: str, **environ: str) -> Outcome:
        """`claude -p`, to its end."""
        headless = ["-p", prompt, "--output-format", "stream-json", "--verbose", "--permission-mode", "acceptEdits"]
        process = await asyncio.create_subprocess_exec(
            str(CLAUDE),
            *headless,
            *arguments,
            cwd=self.project,
            env=self.environment(**environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors, code = await ended(process)
        events = [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]
        return Outcome(code, events, out, errors)

    def settle(self, stand_in: StandIn, places: Mapping[str, bytes] | None = None) -> None:
        """What holds after every session: no secret upstream, in the recording or in the log; nothing went around."""
        received = self.place.origin.received
        upstream = b"\n".join(
            request.line.encode() + repr(request.fields).encode() + request.body for request in received
        )
        seen = {
            "upstream": upstream,
            "the recording": self.place.recorded_bytes(),
            "the log": self.place.program.said,
            **(places or {}),
        }
        token = Planted("caller's token", self.token)
        assert leaks([*self.planted, token], seen) == []
        assert stand_in.refused == []
        assert self.dead.asked == []
        assert [event for event in self.place.program.events() if event["event"] == "tunnel refused"] == []


async def ended(process: asyncio.subprocess.Process, data: bytes | None = None) -> tuple[bytes, bytes, int]:
    """Output, errors and exit code of a process, which is killed when its time is over."""
    try:
        out, errors = await asyncio.wait_for(process.communicate(data), CLIENT_S)
    except TimeoutError:
        process.kill()
        out, errors = await process.communicate()
        raise AssertionError(f"no end in time: {errors.decode(errors='replace')[-2000:]}") from None
    assert process.returncode is not None
    return out, errors, process.returncode
