"""What two requests of one conversation must share, byte for byte, so that the API's prompt cache holds.

Claude Code itself changes three things from one request to the next, and these alone are taken out of both, on the raw
bytes: its cache markers, which move on to the last message; the array around a message's only text, which goes when its
marker goes; and its billing line, the first block of `system`, which the API leaves out of the cache.
"""

from __future__ import annotations

import json
import re

STRING = rb'"(?:[^"\\]|\\.)*"'
MARKER = re.compile(rb',"cache_control":\{"type":"ephemeral"(?:,"ttl":"1h")?(?:,"scope":"global")?\}')
ONLY_TEXT = re.compile(rb'"content":\[\{"type":"text","text":(' + STRING + rb")\}\]")
BILLING = re.compile(rb'\{"type":"text","text":"x-anthropic-billing-header:[^"\\]*"\},')


def settled(body: bytes) -> bytes:
    """A request's bytes without what the client itself changes."""
    return BILLING.sub(b"", ONLY_TEXT.sub(rb'"content":\1', MARKER.sub(b"", body)))


def member(body: bytes, name: str) -> bytes:
    """A top-level member's raw value."""
    text, decoder = body.decode(), json.JSONDecoder()
    at = 1
    while True:
        key, at = decoder.raw_decode(text, at)
        _, end = decoder.raw_decode(text, at + 1)
        if key == name:
            return text[at + 1 : end].encode()
        at = end + 1


def differences(first: bytes, second: bytes) -> list[str]:
    """Which parts of the first request do not stand in the second one, which continues it."""
    first, second = settled(first), settled(second)
    different = [name for name in ("model", "system", "tools") if member(first, name) != member(second, name)]
    history = member(first, "messages").removesuffix(b"]") + b","
    return different if member(second, "messages").startswith(history) else [*different, "messages"]
