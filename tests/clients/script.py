"""What the stand-in says: one step for each answer of a conversation, made from what the request holds.

A step knows nothing but the request, so that it can only use what the model would see: placeholders, never a secret.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from maskproxy.masking.placeholders import SHAPE
from tests.clients.signing import Block, Signer

Request = Mapping[str, Any]
Step = Callable[[Request], list[Block]]

GUTTER = re.compile(r"^\s*\d+(?:\t|→)", re.MULTILINE)


class Script:
    """Answers a request that has n answers in its history with step n.

    Requests without tools, which clients make from the side, get a word; with `tools=False` they are played too.
    """

    def __init__(self, *steps: Step, signer: Signer | None = None, tools: bool = True) -> None:
        self.signer = signer or Signer()
        self.steps = steps
        self._tools = tools
        self.played: list[int] = []

    def answer(self, request: Request) -> list[Block]:
        if self._tools and not request.get("tools"):
            return [said("Fine.")]
        number = sum(message["role"] == "assistant" for message in request["messages"])
        self.played.append(number)
        return self.steps[number](request) if number < len(self.steps) else [said("I have nothing to add.")]


def said(text: str) -> Block:
    return {"type": "text", "text": text}


def called(tool: str, **arguments: object) -> Block:
    return {"type": "tool_use", "id": f"toolu_{secrets.token_hex(12)}", "name": tool, "input": arguments}


def text_of(content: object) -> str:
    """The text of a message's content or of a tool's result."""
    if isinstance(content, str):
        return content
    blocks: Sequence[Mapping[str, Any]] = content if isinstance(content, list) else []
    return "\n".join(block["text"] if "text" in block else text_of(block.get("content")) for block in blocks)


def result(request: Request) -> str:
    """What the tools answered last, without the numbers in front of lines."""
    for message in reversed(request["messages"]):
        content = message["content"] if isinstance(message["content"], list) else []
        results = [block for block in content if block.get("type") == "tool_result"]
        if results:
            return GUTTER.sub("", text_of(results))
    raise AssertionError("the request holds no tool's result")


def placeholders(text: str) -> list[str]:
    return re.findall(SHAPE, text)
