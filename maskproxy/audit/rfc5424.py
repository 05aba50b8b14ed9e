"""A line of the audit trail as a syslog message (RFC 5424), and as a frame on a stream (RFC 6587, 3.4.1; RFC 5425)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

FACILITIES: Final[Mapping[str, int]] = {
    "user": 1,
    "daemon": 3,
    "auth": 4,
    "authpriv": 10,
    "audit": 13,
    **{f"local{number}": 16 + number for number in range(8)},
}

_NOT_PRINTABLE = re.compile(r"[^!-~]")


def message(facility: int, severity: int, time: str, node: str, process: int, event: str, line: bytes) -> bytes:
    """The line is the text of the message, whole. It is ASCII, and so takes no byte order mark."""
    head = f"<{facility * 8 + severity}>1 {time} {_token(node, 255)} maskproxy {process} {_token(event, 32)} - "
    return head.encode("ascii") + line


def framed(text: bytes) -> bytes:
    """With its length before it, so that nothing in it can end it."""
    return b"%d %s" % (len(text), text)


def _token(text: str, most: int) -> str:
    return _NOT_PRINTABLE.sub("_", text)[:most] or "-"
