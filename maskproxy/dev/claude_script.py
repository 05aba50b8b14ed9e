"""What the stand-in for Claude says: a short script that works on whatever a request holds, so that masking is seen.

It answers an `.env` file with an Edit call on one of its lines, a tool's result by repeating that line, and a wish for
a token by making one up: answers hold the caller's placeholders and a secret-looking text that no caller sent.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from maskproxy.dev.planted import Planted, github_token

ASSIGNMENT = re.compile(r"^(?:\s*\d+\t)?([A-Z][A-Z0-9_]*TOKEN[A-Z0-9_]*=\S+)", re.MULTILINE)
NAMES = re.compile(r"MASKED_[A-Z0-9_]+_[a-z2-7]{16}_[a-z2-7]{8}")

Block = dict[str, Any]


class Script:
    """Answers messages; `made_up` is every secret that it invented, for whoever checks that none came through."""

    def __init__(self) -> None:
        self.made_up: list[Planted] = []

    def answer(self, request: Mapping[str, Any]) -> list[Block]:
        """The content blocks of the answer to a Messages request."""
        messages = request.get("messages")
        last = messages[-1] if isinstance(messages, list) and messages else {}
        text, is_result = text_of(last.get("content") if isinstance(last, Mapping) else "")
        line = ASSIGNMENT.search(text)
        if is_result:
            return [said(f"Done. The line is now\n\n    {line[1]}  # staging\n" if line else "Done.")]
        if line and offers(request, "Edit"):
            edit = {"file_path": ".env", "old_string": line[1], "new_string": line[1] + "  # staging"}
            return [said("I will mark the token in .env."), called("Edit", edit)]
        if "token" in text.lower():
            token = github_token("token that Claude made up")
            self.made_up.append(token)
            return [said(f"Here is a fresh one for CI: {token.value}\nKeep it out of the repository.")]
        seen = dict.fromkeys(NAMES.findall(str(messages)))
        if seen:
            return [said("I have seen only these:\n" + "\n".join(f"- {name}" for name in seen))]
        return [said("This is the stand-in for Claude. It knows a few lines, and reads what you send.")]


def said(text: str) -> Block:
    return {"type": "text", "text": text}


def called(tool: str, arguments: Mapping[str, Any]) -> Block:
    return {"type": "tool_use", "id": f"toolu_{secrets.token_hex(12)}", "name": tool, "input": dict(arguments)}


def offers(request: Mapping[str, Any], tool: str) -> bool:
    tools = request.get("tools")
    return isinstance(tools, list) and any(isinstance(t, Mapping) and t.get("name") == tool for t in tools)


def text_of(content: object) -> tuple[str, bool]:
    """A message's text, and whether it is a tool's result."""
    if isinstance(content, str):
        return content, False
    texts: list[str] = []
    is_result = False
    for block in content if isinstance(content, list) else []:
        if not isinstance(block, Mapping):
            continue
        is_result = is_result or block.get("type") == "tool_result"
        inner = block.get("text", block.get("content", ""))
        texts.append(inner if isinstance(inner, str) else text_of(inner)[0])
    return "\n".join(texts), is_result
