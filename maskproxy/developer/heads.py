"""Heads of HTTP/1.1 messages, as the loopback proxy reads and passes them (RFC 9112). Pure.

What two readers could understand differently is refused.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from maskproxy.developer.previous import USER
from maskproxy.errors import BadRequest
from maskproxy.origins import Address, parse_address, parse_host

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(r"[\x21-\x7e]{1,16384}")
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "te", "upgrade"}
)
_LENGTH = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True)
class Head:
    start: tuple[str, str, str]
    """A request's method, target and version, or an answer's version, status and reason."""
    fields: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key.lower() == name]

    @property
    def body(self) -> int | None:
        """Bytes of a request's body; None for a chunked one. Raises BadRequest."""
        lengths, codings = self.values("content-length"), self.values("transfer-encoding")
        if codings:
            if lengths or [coding.strip().lower() for coding in codings] != ["chunked"]:
                raise BadRequest("The request's framing cannot be read: send chunked, or Content-Length, and not both.")
            return None
        if len(set(lengths)) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
            raise BadRequest("The request's Content-Length cannot be read.")
        return int(lengths[0]) if lengths else 0

    def passed(self, start: Iterable[str], more: Iterable[tuple[str, str]] = ()) -> bytes:
        """For the next one on the way: without what is meant for us, and one message for each connection."""
        named = {name.strip().lower() for value in self.values("connection") for name in value.split(",")}
        kept = [(name, value) for name, value in self.fields if name.lower() not in _HOP_BY_HOP | named]
        fields = [*kept, ("Connection", "close"), *more]
        lines = [" ".join(start), *(f"{name}: {value}" for name, value in fields)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def read_request(data: bytes) -> Head:
    """Everything up to and with the empty line. Raises BadRequest."""
    start, fields = _split(data)
    match = re.fullmatch(r"([A-Z]{1,32}) (\S+) (HTTP/1\.[01])", start)
    if match is None or not _TARGET.fullmatch(match[2]):
        raise BadRequest("This is no request that a proxy understands.")
    return Head((match[1], match[2], match[3]), fields)


def read_answer(data: bytes) -> Head:
    """Raises BadRequest."""
    start, fields = _split(data)
    match = re.fullmatch(r"(HTTP/1\.[01]) ([1-5][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?", start)
    if match is None:
        raise BadRequest("The answer cannot be read.")
    return Head((match[1], match[2], match[3] or ""), fields)


def _split(data: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    start, *lines = data.removesuffix(b"\r\n\r\n").decode("latin-1").split("\r\n")
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        value = value.strip(" \t")
        if not colon or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise BadRequest("A header field cannot be read.")
        fields.append((name, value))
    return start, tuple(fields)


def connect_target(head: Head) -> Address:
    """Where a CONNECT is to lead. Raises BadRequest."""
    try:
        address = parse_address(head.start[1])
    except ValueError:
        address = None
    if address is None or address.port == 0:
        raise BadRequest("CONNECT names no host and port.")
    return address


def absolute_target(head: Head) -> tuple[Address, str, str]:
    """Where a plain request is to go, its target there, and the Host field for it. Raises BadRequest."""
    try:
        parts = urlsplit(head.start[1])
        address = Address(parse_host(parts.hostname), parts.port or 80)
    except ValueError:
        parts, address = None, None
    if parts is None or address is None or parts.scheme != "http" or "@" in parts.netloc:
        raise BadRequest("This address is a proxy: set it as HTTPS_PROXY and HTTP_PROXY, and open no page here.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return address, path, parts.netloc


def knows(head: Head, secret: str) -> bool:
    """Tell whether a request shows the proxy's secret (RFC 7617)."""
    values = head.values("proxy-authorization")
    scheme, _, written = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    try:
        shown = base64.b64decode(written.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(shown, f"{USER}:{secret}".encode())
