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

_STATUS_LINE: Final = re.compile(r"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: (.*))?")
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_CONTROLS: Final = bytes([*range(9), *range(10, 32), 127])
"""CR and LF among them: there must be as many as there are line ends."""

_FRAMING: Final = frozenset({"content-length", "transfer-encoding", "connection"})
_kinds: dict[str, str] = {}
"""Names seen before: "" for those without a part in framing, else the name in lower case. Checking a name again costs
more than all else here."""
_KINDS_LIMIT: Final = 1024


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
    version, status, reason, lines = _split(raw)
    fields: list[tuple[str, str]] = []
    framing: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        kind = _kinds.get(name)
        if kind is None:
            kind = _kind(name)
        if not colon:
            raise refused("a field without a colon")
        value = value.strip(" \t")
        fields.append((name, value))
        if kind:
            framing.setdefault(kind, []).append(value)
    length = _content_length(framing.get("content-length"))
    chunked = _chunked(framing.get("transfer-encoding"), version)
    if chunked and length is not None:
        raise refused("Content-Length together with Transfer-Encoding")
    keep = version == "1" and not _asks_to_close(framing.get("connection"))
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
    return AnswerHead(status, reason, fields, length, chunked, keep)


def _split(raw: bytes) -> tuple[str, int, str, list[str]]:
    """Check sizes, characters and the status line. Gives version, status, reason and the fields' lines."""
    if len(raw) > LIMIT_BYTES:
        raise refused("head over its limit")
    lines = raw.decode("utf-8", "surrogateescape").split("\r\n")
    # Every CR and every LF belongs to a line end, and nothing else below the space but the tab occurs.
    if len(raw) - len(raw.translate(None, _CONTROLS)) != 2 * (len(lines) - 1):
        raise refused("control character in the head")
    match = _STATUS_LINE.fullmatch(lines[0])
    if match is None:
        raise refused("status line breaks the grammar")
    fields = lines[1:-2]
    if len(fields) > FIELD_LIMIT:
        raise refused("too many fields")
    if len(raw) > FIELD_LIMIT_BYTES and max(map(len, raw.split(b"\r\n"))) > FIELD_LIMIT_BYTES:
        raise refused("a field over its limit")
    version, status, reason = match.groups()
    return version, int(status), reason or "", fields


def _kind(name: str) -> str:
    """Check a field's name and say what part it has in framing."""
    if not _NAME.fullmatch(name):
        raise refused("a field's name breaks the grammar")
    lowered = name.lower()
    kind = lowered if lowered in _FRAMING else ""
    if len(_kinds) < _KINDS_LIMIT and len(name) <= 64:
        _kinds[name] = kind
    return kind


def _only(values: list[str]) -> str:
    """Return a field's one value. A second line of it is refused, even an equal one."""
    if len(values) != 1:
        raise refused("a framing field given twice")
    return values[0]


def _content_length(values: list[str] | None) -> int | None:
    if values is None:
        return None
    value = _only(values)
    if not _LENGTH.fullmatch(value):
        raise refused("bad Content-Length")
    return int(value)


def _chunked(values: list[str] | None, version: str) -> bool:
    if values is None:
        return False
    value = _only(values)
    # Beyond ASCII there are letters that become an ASCII one in lower case.
    if not value.isascii() or value.lower() != "chunked" or version == "0":
        raise refused("a transfer coding other than chunked, or one on HTTP/1.0")
    return True


def _asks_to_close(values: list[str] | None) -> bool:
    if values is None:
        return False
    return any(option.strip(" \t").lower() == "close" for option in ",".join(values).split(","))
