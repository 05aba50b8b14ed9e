"""The npm package `oidc-provider`, certified for OpenID Connect, as a process of its own with its own pages."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import trustme

PACKAGES = Path(__file__).parents[2] / ".idp"
WAIT_S = 20
SCOPES = ["openid", "profile", "email", "offline_access"]
ADA = {"name": "Ada Lovelace", "email": "ada@example.com", "email_verified": True, "groups": ["engineering", "admins"]}
EVE = {"name": "Eve Elsewhere", "email": "eve@example.com", "email_verified": False, "groups": ["visitors"]}
People = Mapping[str, Mapping[str, object]]


class OpenId:
    """One provider with people and one client, which is us."""

    def __init__(self, directory: Path, authority: trustme.CA, callback: str, client: Mapping[str, str]) -> None:
        self.issuer = ""
        self.client_id = "maskproxy"
        # Characters that Basic and a form carry differently (RFC 6749, 2.3.1).
        self.secret = f"{secrets.token_hex(8)}:with+odd%signs"
        self._directory = directory
        self._authority = authority
        self._client = {"client_id": self.client_id, "redirect_uris": [callback], **client}
        if "token_endpoint_auth_method" not in client:
            self._client["client_secret"] = self.secret
        self._process: asyncio.subprocess.Process

    async def __aenter__(self) -> Self:
        assert (PACKAGES / "node_modules").exists(), "The provider is not installed. Run `make test-idp`."
        for name in ("server.js", "package.json"):
            # Beside its packages: Node looks for them from where a file is.
            shutil.copy(Path(__file__).parent / name, self._directory)
        (self._directory / "node_modules").symlink_to(PACKAGES / "node_modules")
        with (self._directory / "provider.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                "node",
                str(self._directory / "server.js"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={"PATH": os.environ["PATH"], "NODE_ENV": "test"},
            )
        identity = self._authority.issue_cert("127.0.0.1")
        told = await self.tell(
            key=identity.private_key_pem.bytes().decode(),
            certificate=identity.cert_chain_pems[0].bytes().decode(),
            cookie_key=secrets.token_hex(16),
            client=self._client,
            people={"ada": ADA, "eve": EVE},
        )
        self.issuer = told["issuer"]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(WAIT_S):
            await self._process.wait()

    async def tell(self, **told: Any) -> dict[str, Any]:
        """Set it up, or change it; gives what it answers."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(told).encode() + b"\n")
        async with asyncio.timeout(WAIT_S):
            line = await stdout.readline()
        assert line, (self._directory / "provider.log").read_text()
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def rotate_keys(self) -> None:
        """Sign with a new key from now on, and show no old one."""
        await self.tell(rotate=True)

    async def keep_only(self, people: People) -> None:
        await self.tell(people=people)

    async def refresh_tokens_consumed(self) -> int:
        return int((await self.tell())["consumed"])
