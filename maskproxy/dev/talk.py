"""The client's side of the demo: one conversation, each turn sent another way, kept byte for byte as it went and came.

Uses aiohttp as any client would: CONNECT through the proxy with TLS inside, or the base URL.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from maskproxy.dev.planted import Planted, aws_key_pair, github_token, private_key
from maskproxy.dev.setting import API_HOST, DevSetting

TIMEOUT = aiohttp.ClientTimeout(total=60)
SESSION = "8f6a2c1e-demo-4b7d-9a55-0c3d2e1f4a6b"
EDIT = {
    "name": "Edit",
    "description": "Replace a text in a file",
    "input_schema": {"type": "object", "properties": {n: {"type": "string"} for n in ("file_path", "old_string")}},
}


@dataclass(frozen=True)
class Said:
    """One exchange as the client saw it."""

    way: str
    streamed: bool
    request: bytes
    status: int
    """0 where no answer came."""
    answer: bytes

    @property
    def text(self) -> str:
        return told(self.answer)


class Developer:
    """Somebody who pastes what they should not. `planted` is what must be seen by nobody else."""

    def __init__(self, setting: DevSetting) -> None:
        self.key_id, self.key = aws_key_pair()
        self.token = github_token()
        self.pem = private_key()
        self.said: list[Said] = []
        self._setting = setting
        self._messages: list[dict[str, Any]] = []

    @property
    def planted(self) -> list[Planted]:
        return [self.key_id, self.key, self.token, self.pem]

    async def talk(self) -> None:
        """Four turns, so that each way and both kinds of answer are seen; each sends all that was said before."""
        env = (
            f"AWS_ACCESS_KEY_ID={self.key_id.value}\n"
            f"AWS_SECRET_ACCESS_KEY={self.key.value}\n"
            f"GITHUB_TOKEN={self.token.value}\n"
        )
        opening = f"The deployment fails. My .env:\n\n{env}\nand deploy.pem:\n\n{self.pem.value}\n\nMark the token."
        async with aiohttp.ClientSession(timeout=TIMEOUT) as client:
            blocks = await self._turn(client, opening, proxied=True, stream=True)
            lines = "".join(f"{n:6}\t{line}\n" for n, line in enumerate(env.splitlines(), 1))
            results = [
                {"type": "tool_result", "tool_use_id": block["id"], "content": f"The file .env was updated:\n{lines}"}
                for block in blocks
                if block["type"] == "tool_use"
            ]
            await self._turn(client, results or "Go on.", proxied=True, stream=False)
            await self._turn(client, "CI needs a token of its own. Make one.", proxied=False, stream=True)
            await self._turn(client, "Thanks. Which keys did you see?", proxied=False, stream=False)

    async def _turn(
        self, client: aiohttp.ClientSession, content: str | list[dict[str, Any]], *, proxied: bool, stream: bool
    ) -> list[dict[str, Any]]:
        setting = self._setting
        self._messages.append({"role": "user", "content": content})
        request = {"model": "claude-opus-4-8", "max_tokens": 1024, "tools": [EDIT], "messages": self._messages}
        body = json.dumps({**request, "stream": stream}).encode()
        fields = {
            "Content-Type": "application/json",
            "anthropic-version": "2023-06-01",
            "User-Agent": "claude-cli/demo",
            "x-claude-code-session-id": SESSION,
            "Authorization": f"Bearer {'maskproxy' if proxied else setting.token}",
        }
        way = "HTTPS_PROXY" if proxied else "base URL"
        try:
            async with client.post(
                f"{f'https://{API_HOST}' if proxied else setting.base_url}/v1/messages?beta=true",
                data=body,
                headers=fields,
                proxy=setting.proxy_url if proxied else None,
                ssl=ssl.create_default_context(cafile=str(setting.ca_path)) if proxied else True,
            ) as response:
                said = Said(way, stream, body, response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            said = Said(way, stream, body, 0, f"no answer: {type(error).__name__}".encode())
        self.said.append(said)
        blocks = blocks_of(said.answer)
        self._messages.append({"role": "assistant", "content": blocks})
        return blocks


def blocks_of(answer: bytes) -> list[dict[str, Any]]:
    """The content blocks of an answer, streamed or whole; an answer that is neither gives one block with its text."""
    text = answer.decode("utf-8", "replace")
    whole = parsed(text)
    if isinstance(whole.get("content"), list):
        return [block for block in whole["content"] if isinstance(block, dict)]
    blocks: dict[int, dict[str, Any]] = {}
    arguments: dict[int, str] = {}
    for line in text.splitlines():
        event = parsed(line.removeprefix("data: ")) if line.startswith("data: ") else {}
        index, delta = event.get("index", 0), event.get("delta", {})
        if event.get("type") == "content_block_start":
            blocks[index] = dict(event["content_block"])
        elif "text" in delta and index in blocks:
            blocks[index]["text"] = blocks[index].get("text", "") + delta["text"]
        elif "partial_json" in delta:
            arguments[index] = arguments.get(index, "") + delta["partial_json"]
    for index, spelled in arguments.items():
        blocks.setdefault(index, {"type": "tool_use", "name": "?"})["input"] = parsed(spelled) or {"": spelled}
    return [blocks[index] for index in sorted(blocks)] or [{"type": "text", "text": text}]


def parsed(text: str) -> dict[str, Any]:
    """A JSON object; what is none gives an empty one."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def told(answer: bytes) -> str:
    """An answer as somebody reads it: its texts, and its tool calls with their arguments."""
    return told_blocks(blocks_of(answer))


def told_blocks(blocks: Sequence[Mapping[str, Any]]) -> str:
    parts = []
    for block in blocks:
        if block.get("type") == "tool_use":
            arguments = "\n".join(f"  {name}: {value}" for name, value in block.get("input", {}).items())
            parts.append(f"{block.get('name')}\n{arguments}")
        else:
            parts.append(str(block.get("text", "")))
    return "\n\n".join(parts)
