"""The proof that a webhook's request is ours and new: an HMAC over its time and its body."""

from __future__ import annotations

import hmac


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """The field's value. Whoever checks it makes the same, compares in constant time, and refuses an old timestamp."""
    return "v1=" + hmac.digest(secret, timestamp.encode("ascii") + b"." + body, "sha256").hex()
