"""The head of upstream's answer, read strictly.

llhttp decides where the body ends (`upstream_protocol`); this reads the same head a second time by RFC 9110's and
9112's grammar, so that an answer which two readers could take differently is refused. Nothing is repaired: a folded
line, a bare CR or LF, a control character, a second length or a coding other than `chunked` ends the connection.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from maskproxy.errors import UpstreamFailed

LIMIT_BYTES: Final = 64 * 1024
FIELD_LIMIT_BYTES: Final = 16 * 1024
FIELD_LIMIT: Final = 256

_HEAD: Final = re.compile(
    rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([^\r\n]*+))?+\r\n((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[^\r\n]*+\r\n)*+)\r\n"
)
_FIELD: Final = re.compile(r"([^:]+):[ \t]*([^\r]*)\r\n")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_CONTROLS: Final = bytes([*range(9), 11, 12, *range(14, 32), 127])


class AnswerHead(NamedTuple):
    """A head that passed every check."""

    status: int
    reason: str
    fields: list[tuple[str, str]]
    """As upstream sent them, hop-by-hop fields included. Bytes beyond UTF-8 are kept as surrogate escapes."""
    length: int | None
    """Bytes of body; 0 also where the status or the method rules a body out; None for chunked and until-close."""
    chunked: bool
    keep: bool
    """The connection may carry another exchange after this one."""

    @property
    def until_close(self) -> bool:
        """The body ends where the connection does."""
        return self.length is None and not self.chunked


def refused(detail: str) -> UpstreamFailed:
    """Upstream broke HTTP. The detail is ours, it never quotes what upstream sent."""
    return UpstreamFailed("Upstream's answer breaks HTTP and was refused.", detail=detail)


def check_partial_head(held: bytes | bytearray, start: int) -> None:
    """Refuse early what can no longer become a head, so that it need not wait for a deadline.

    `start` is where the bytes begin that no earlier call has seen.
    """
    if len(held) > LIMIT_BYTES:
        raise refused("head over its limit")
    if held[:7] != b"HTTP/1."[: len(held)]:
        raise refused("not an HTTP/1 status line")
    if held.count(b"\n", start) != held.count(b"\r\n", max(start - 1, 0)):
        raise refused("bare LF in the head")


def read_answer_head(raw: bytes, method: str) -> AnswerHead:
    """Read one head, from its status line to its empty line. `method` is the request's.

    Raises UpstreamFailed for anything that RFC 9112 does not allow or that leaves the body's end in doubt.
    """
    match = _check_shape(raw)
    version, code, reason, lines = match.groups()
    status = int(code)
    fields = _FIELD.findall(lines.decode("utf-8", "surrogateescape"))
    if b" \r\n" in lines or b"\t\r\n" in lines:
        fields = [(name, value.rstrip(" \t")) for name, value in fields]
    lowered = raw.lower()
    length = _content_length(lowered)
    chunked = _chunked(lowered, version)
    if chunked and length is not None:
        raise refused("Content-Length together with Transfer-Encoding")
    keep = version == b"1" and (b"\r\nconnection:" not in lowered or not _asks_to_close(fields))
    if status < 200:
        if chunked or length is not None:
            raise refused("a length on an interim answer")
        length = 0
    elif status in {204, 304} or method == "HEAD":
        # A 204 that announces a body may well send one: what follows it is nothing that we want to read.
        keep = keep and not (status == 204 and (chunked or length))
        length, chunked = 0, False
    elif length is None and not chunked and keep:
        raise refused("neither a length nor the end of the connection ends the body")
    return AnswerHead(status, (reason or b"").decode("utf-8", "surrogateescape"), fields, length, chunked, keep)


def _check_shape(raw: bytes) -> re.Match[bytes]:
    if len(raw) > LIMIT_BYTES:
        raise refused("head over its limit")
    if len(raw.translate(None, _CONTROLS)) != len(raw):
        raise refused("control character in the head")
    match = _HEAD.fullmatch(raw)
    if match is None:
        raise refused("status line or field breaks the grammar")
    if raw.count(b"\r\n") - 2 > FIELD_LIMIT:
        raise refused("too many fields")
    if len(raw) > FIELD_LIMIT_BYTES and max(map(len, raw.split(b"\r\n"))) > FIELD_LIMIT_BYTES:
        raise refused("a field over its limit")
    return match


def _only_value(lowered: bytes, key: bytes) -> bytes | None:
    """Return the one value of a field, or None without it. A second line of it is refused, even an equal one."""
    at = lowered.find(key)
    if at < 0:
        return None
    start = at + len(key)
    if lowered.find(key, start) >= 0:
        raise refused("a framing field given twice")
    return lowered[start : lowered.index(b"\r\n", start)].strip(b" \t")


def _content_length(lowered: bytes) -> int | None:
    value = _only_value(lowered, b"\r\ncontent-length:")
    if value is None:
        return None
    if not _LENGTH.fullmatch(value):
        raise refused("bad Content-Length")
    return int(value)


def _chunked(lowered: bytes, version: bytes) -> bool:
    value = _only_value(lowered, b"\r\ntransfer-encoding:")
    if value is None:
        return False
    if value != b"chunked" or version == b"0":
        raise refused("a transfer coding other than chunked, or one on HTTP/1.0")
    return True


def _asks_to_close(fields: list[tuple[str, str]]) -> bool:
    options = ",".join(value for name, value in fields if name.lower() == "connection")
    return any(option.strip(" \t").lower() == "close" for option in options.split(","))
