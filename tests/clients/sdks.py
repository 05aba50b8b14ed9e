"""The official SDKs, each driven in a process of its own: both take the same calls and tell the same outcomes."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.clients.desk import INSTALLED, PROXY, Desk, ended

HERE = Path(__file__).parent
COMMANDS = {
    "Python": [sys.executable, str(HERE / "sdk_python.py")],
    "TypeScript": ["node", str(HERE / "sdk_typescript.cjs")],
}


class Sdk:
    """One SDK at a desk. Its calls go one after the other through one client of it."""

    def __init__(self, desk: Desk, language: str) -> None:
        self.desk = desk
        self._command = COMMANDS[language]

    async def outcomes(self, *calls: tuple[str, dict[str, Any]], token: str | None = None) -> list[dict[str, Any]]:
        """Each call's outcome: `ok` with the answer, or `error` with what it tells."""
        variables = self.desk.environment()
        asked = {
            "base_url": variables.pop("ANTHROPIC_BASE_URL", None),
            "token": token or variables.pop("ANTHROPIC_AUTH_TOKEN"),
            "proxy": variables["HTTPS_PROXY"] if self.desk.way == PROXY else None,
            "calls": [{"do": name, "with": arguments} for name, arguments in calls],
        }
        process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=INSTALLED,
            env=variables,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors, code = await ended(process, json.dumps(asked).encode())
        assert code == 0, errors.decode()
        found: list[dict[str, Any]] = json.loads(out)
        return found

    async def ask(self, do: str, **arguments: object) -> Any:
        """One call's answer."""
        (outcome,) = await self.outcomes((do, arguments))
        assert "ok" in outcome, outcome
        return outcome["ok"]
