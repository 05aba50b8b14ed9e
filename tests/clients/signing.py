"""Thinking as the API signs it, and the check that it comes back: every block byte for byte, with its own signature.

The real API refuses a request whose thinking was changed; so does this, for every block of the history.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

Block = dict[str, Any]


class Signer:
    """Signs for one stand-in. `seen` counts the blocks that came back whole."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._redacted: set[str] = set()
        self.seen = 0

    def thinking(self, text: str) -> Block:
        return {"type": "thinking", "thinking": text, "signature": self._sign(text)}

    def redacted(self) -> Block:
        data = base64.b64encode(secrets.token_bytes(180)).decode()
        self._redacted.add(data)
        return {"type": "redacted_thinking", "data": data}

    def fault(self, body: Mapping[str, Any]) -> str | None:
        """What the API would say of a request's history, or None."""
        for place, block in blocks_of(body):
            if not self._true(block):
                return (
                    f"{place}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be "
                    "modified. These blocks must remain as they were in the original response."
                )
        return None

    def _true(self, block: Mapping[str, Any]) -> bool:
        if block["type"] == "redacted_thinking":
            known = block.get("data") in self._redacted
        else:
            known = hmac.compare_digest(str(block.get("signature")), self._sign(str(block.get("thinking"))))
        self.seen += known
        return known

    def _sign(self, text: str) -> str:
        digest = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha512")
        return base64.b64encode(b"\x12" + digest * 3).decode()


def blocks_of(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The thinking in a request's history, and where it stands."""
    for number, message in enumerate(body["messages"]):
        content = message.get("content")
        for index, block in enumerate(content if isinstance(content, list) else []):
            if block.get("type") in {"thinking", "redacted_thinking"}:
                yield f"messages.{number}.content.{index}", block
