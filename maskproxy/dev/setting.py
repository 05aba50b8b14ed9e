"""The whole of maskproxy on one machine: an issuer, a stand-in for Claude (or the real API), and the real daemon.

Everything lives in one state folder: a throw-away CA, keys, the configuration, the recordings and the daemon's log. The
daemon is the real program in a process of its own. With ANTHROPIC_API_KEY in the environment it speaks to the real API.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import yaml

from maskproxy.dev.claude_api import ClaudeApi
from maskproxy.dev.issuer import Issuer
from maskproxy.dev.throwaway import server_identity
from maskproxy.errors import StartFailed
from maskproxy.gateway.interception.issuing import make_ca

API_HOST = "api.anthropic.com"
SIDE_HOSTS = ("claude.ai", "platform.claude.com", "downloads.claude.ai", "statsig.anthropic.com")
GROUP = "developers"
START_S = 60.0
STOP_S = 15.0
DROPPED = ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "NO_PROXY", "no_proxy")


class DevSetting:
    """`async with DevSetting(folder, environ) as setting`: up inside, down after."""

    def __init__(self, folder: Path, environ: Mapping[str, str], *, pace_s: float = 0.0) -> None:
        self.folder = folder.absolute()
        self.issuer = Issuer()
        self.api: ClaudeApi | None = None
        self.token = ""
        self.port = 0
        self.admin = ""
        self._environ = environ
        self._pace_s = pace_s
        self._daemon: asyncio.subprocess.Process | None = None
        self._log: asyncio.Task[None] | None = None

    @property
    def config_path(self) -> Path:
        return self.folder / "maskproxy.yaml"

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def log_path(self) -> Path:
        return self.folder / "daemon.log"

    @property
    def ca_path(self) -> Path:
        """What clients of the proxy need to trust."""
        return self.folder / "ca" / "ca.pem"

    @property
    def proxy_url(self) -> str:
        return f"http://dev:{quote(self.token, safe='')}@127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _start(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / ".gitignore").write_text("*\n")
        await self.issuer.start()
        self.token = self.issuer.mint("dev", [GROUP], name="Dev Eloper")
        upstream = real_api() if self._environ.get("ANTHROPIC_API_KEY") else await self._stand_in()
        if not self.ca_path.exists():
            make_ca(self.ca_path.parent, [API_HOST, *SIDE_HOSTS])
        write_private(self.folder / "ca-bundle.pem", system_roots() + self.ca_path.read_bytes())
        write_private(self.folder / "token", self.token.encode())
        write_private(self.config_path, yaml.safe_dump(self._configuration(upstream), sort_keys=False).encode())
        await self._start_daemon()

    async def _stand_in(self) -> dict[str, object]:
        key = "sk-" + "ant-api03-" + secrets.token_urlsafe(69) + "AA"
        identity = server_identity()
        self.api = ClaudeApi(key, pace_s=self._pace_s)
        port = await self.api.start(identity.context)
        write_private(self.folder / "stand-in.key", key.encode())
        write_private(self.folder / "stand-in-ca.pem", identity.ca_pem)
        credential = {"header": "x-api-key", "from": {"file": "stand-in.key"}}
        return {"upstream": f"https://localhost:{port}", "trust": "stand-in-ca.pem", "credential": credential}

    def _configuration(self, upstream: Mapping[str, object]) -> dict[str, object]:
        claude = {"name": "claude", "hosts": [API_HOST], "base_url": True, "api": "anthropic", **upstream}
        side = {"name": "side-traffic", "hosts": list(SIDE_HOSTS), "refuse": "The dev setting passes only the API."}
        return {
            "listeners": [{"address": "127.0.0.1:0"}],
            "admin": {"address": "127.0.0.1:0"},
            "interception": {"ca": {"certificate": "ca/ca.pem", "key": "ca/ca.key"}},
            "routes": [claude, side],
            "identity": {"issuers": [{"issuer": self.issuer.url, "audience": self.issuer.audience}]},
            "grants": [{"name": "developers", "groups": [GROUP], "routes": ["claude", "side-traffic"], "for": "8h"}],
            "masking": {"key": {"file": "masking.key"}},
            "recording": {"directory": "recordings"},
            "store": "sqlite:///state.db",
            "limits": {"drain_s": 3},
            "log": {"format": "json"},
        }

    async def _start_daemon(self) -> None:
        command = [sys.executable, "-m", "maskproxy", "run", "-c", str(self.config_path)]
        self._daemon = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 20,
            env=dict(self._environ),
        )
        ready: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()
        assert self._daemon.stderr is not None
        self._log = asyncio.create_task(self._keep_log(self._daemon.stderr, ready))
        try:
            event = await asyncio.wait_for(ready, START_S)
        except TimeoutError:
            raise StartFailed("The daemon did not become ready in time.", detail=str(self.log_path)) from None
        self.port = int(str(event["listeners"]).split(",")[0].rpartition(":")[2])
        self.admin = str(event.get("admin", ""))

    async def _keep_log(self, stream: asyncio.StreamReader, ready: asyncio.Future[dict[str, object]]) -> None:
        """Keep what the daemon says; its event `ready` tells the addresses."""
        said = b""
        with self.log_path.open("ab") as file:
            while line := await stream.readline():
                file.write(line)
                file.flush()
                if ready.done():
                    continue
                said += line
                event = event_in(line)
                if event.get("event") == "ready":
                    ready.set_result(event)
        if not ready.done():
            ready.set_exception(StartFailed("The daemon did not start:\n" + said.decode("utf-8", "replace").rstrip()))

    async def close(self) -> None:
        daemon, self._daemon = self._daemon, None
        if daemon is not None:
            if daemon.returncode is None:
                daemon.terminate()
            try:
                await asyncio.wait_for(daemon.wait(), STOP_S)
            except TimeoutError:
                daemon.kill()
                await daemon.wait()
        if self._log is not None:
            await asyncio.wait({self._log})
        if self.api is not None:
            await self.api.close()
        await self.issuer.close()

    def variables(self) -> dict[str, str]:
        """What a client's environment needs to go through the proxy."""
        bundle = str(self.folder / "ca-bundle.pem")
        return {
            "HTTPS_PROXY": self.proxy_url,
            "NODE_EXTRA_CA_CERTS": str(self.ca_path),
            "SSL_CERT_FILE": bundle,
            "REQUESTS_CA_BUNDLE": bundle,
            "CURL_CA_BUNDLE": bundle,
            "ANTHROPIC_AUTH_TOKEN": "maskproxy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }

    def base_url_variables(self) -> dict[str, str]:
        """The same by base URL: no proxy and no CA, and the token where the API key would be."""
        return {"ANTHROPIC_BASE_URL": self.base_url, "ANTHROPIC_AUTH_TOKEN": self.token}

    def client_environment(self) -> dict[str, str]:
        """The environment for a command in this setting: without the real key, and with the proxy in both spellings."""
        kept = {name: value for name, value in self._environ.items() if name not in DROPPED}
        return {**kept, **self.variables(), "https_proxy": self.proxy_url}


def real_api() -> dict[str, object]:
    credential = {"header": "x-api-key", "from": {"env": "ANTHROPIC_API_KEY"}}
    return {"upstream": f"https://{API_HOST}", "credential": credential}


def event_in(line: bytes) -> dict[str, object]:
    """A line of the daemon's log, if it is one."""
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def system_roots() -> bytes:
    path = ssl.get_default_verify_paths().cafile
    return Path(path).read_bytes() + b"\n" if path and Path(path).exists() else b""


def write_private(path: Path, data: bytes) -> None:
    """A file for its owner alone, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
