"""Heads of requests, checked and stripped. Pure.

aiohttp's parser finds where a message ends; what it tolerates and a proxy must not (odd Host values, other HTTP
versions, doubtful framing) is refused here with 400, before anything is read or dialled. RFC 9110, RFC 9112.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from maskproxy.errors import BadRequest

Fields = list[tuple[str, str]]

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(r"/[\x21\x22\x24-\x7e]*")
_REG_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LENGTH = re.compile(r"[0-9]{1,18}")
_ONCE = frozenset(
    {"authorization", "content-length", "content-type", "expect", "host", "proxy-authorization", "transfer-encoding"}
    | {"x-api-key", "x-claude-code-session-id"}
)
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)
_NOT_NOMINATED = frozenset({"content-encoding", "content-length", "content-type", "host", "transfer-encoding"})
_NOT_UPSTREAM = HOP_BY_HOP | {
    *("host", "content-length", "content-encoding", "expect", "accept-encoding", "range", "if-range"),
    *("authorization", "x-api-key", "content-md5", "digest", "content-digest", "repr-digest"),
}
_NOT_CLIENT = HOP_BY_HOP | {
    *("content-length", "content-encoding", "content-range", "accept-ranges", "etag", "alt-svc"),
    *("content-md5", "digest", "content-digest", "repr-digest", "date", "server"),
}


def value_of(fields: Fields, name: str) -> str | None:
    """A field's value, by its name in lower case; several are joined as RFC 9110, 5.3 allows."""
    values = [v for n, v in fields if n.lower() == name]
    return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Authority:
    """A host in lower case (an IPv6 address without brackets) and a port, where one was given."""

    host: str
    port: int | None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ConnectHead:
    target: Authority
    fields: Fields


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request's head that has passed every check."""

    method: str
    target: str
    host: Authority | None
    fields: Fields
    content_length: int | None
    has_body: bool

    def value(self, name: str) -> str | None:
        """The field's value, by its name in lower case."""
        return value_of(self.fields, name)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


def parse_authority(text: str) -> Authority:
    """`host`, `host:port`, `[v6]` or `[v6]:port`; anything else is refused."""
    name, port = text, ""
    if text.startswith("["):
        name, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise BadRequest("The host cannot be read. Send one host, with a port if it needs one.")
        port = rest[1:] if rest else ""
        try:
            name = ipaddress.IPv6Address(name).compressed
        except ValueError:
            raise BadRequest("The host is not an IPv6 address.") from None
        if rest == ":":
            raise BadRequest("The port is missing after the colon.")
    else:
        name, colon, port = text.partition(":")
        if len(name) > 253 or not _REG_NAME.fullmatch(name) or (colon and not port):
            raise BadRequest("The host cannot be read. Send one host, with a port if it needs one.")
    if port and (not _PORT.fullmatch(port) or int(port) > 65535):
        raise BadRequest("The port is not a number from 1 to 65535.")
    return Authority(name.lower(), int(port) if port else None)


def parse_connect(head: bytes) -> ConnectHead:
    """A CONNECT request's head, up to and with its empty line. RFC 9110, 9.3.6."""
    lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    parts = lines[0].split(b" ")
    if len(parts) != 3 or parts[0] != b"CONNECT" or parts[2] not in {b"HTTP/1.1", b"HTTP/1.0"}:
        raise BadRequest("Send CONNECT host:port HTTP/1.1.")
    target = parse_authority(parts[1].decode("latin-1"))
    if target.port is None:
        raise BadRequest("CONNECT needs host:port.")
    raw = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon:
            raise BadRequest("A header line has no colon.")
        raw.append((name, value.strip(b" \t")))
    fields = _checked_fields(raw)
    if any(n.lower() in {"content-length", "transfer-encoding"} for n, _ in fields):
        raise BadRequest("CONNECT takes no body.")
    return ConnectHead(target, fields)


def check_request(
    method: str, target: str, version: tuple[int, int], raw_fields: Sequence[tuple[bytes, bytes]]
) -> RequestHead:
    """Everything that can be wrong with a head, before it is believed. Raises `BadRequest`."""
    if version not in {(1, 0), (1, 1)}:
        raise BadRequest("Only HTTP/1.1 is spoken here. Send HTTP/1.1.")
    if method == "CONNECT":
        raise BadRequest("A tunnel cannot be opened inside a tunnel.")
    if not _TOKEN.fullmatch(method.encode("latin-1", "replace")):
        raise BadRequest("The request method cannot be read.")
    if method == "TRACE":
        raise BadRequest("TRACE is not possible here: its answer would repeat the gateway's own credential.")
    if not _TARGET.fullmatch(target):
        raise BadRequest("The request target must begin with '/'. For other hosts, open a tunnel with CONNECT.")
    fields = _checked_fields(raw_fields)
    seen = {n.lower(): v for n, v in fields}
    if "upgrade" in seen:
        raise BadRequest("Protocol upgrades are not possible here. Send plain HTTP/1.1 without Upgrade.")
    if seen.get("expect", "100-continue").lower() != "100-continue":
        raise BadRequest("The only expectation that is understood is 100-continue.")
    host = seen.get("host")
    if host is None and version == (1, 1):
        raise BadRequest("HTTP/1.1 requests need a Host field.")
    length = _checked_framing(version, seen)
    has_body = "transfer-encoding" in seen or bool(length)
    return RequestHead(method, target, parse_authority(host) if host is not None else None, fields, length, has_body)


def _checked_fields(raw: Iterable[tuple[bytes, bytes]]) -> Fields:
    fields: Fields = []
    once: set[str] = set()
    for name, value in raw:
        if not _TOKEN.fullmatch(name):
            raise BadRequest("A header field's name cannot be read.")
        if not _VALUE.fullmatch(value):
            raise BadRequest("A header field's value holds a control character.")
        text = name.decode("ascii")
        lower = text.lower()
        if lower in _ONCE:
            if lower in once:
                raise BadRequest(f"Send {lower} once.")
            once.add(lower)
        fields.append((text, value.decode("utf-8", "replace")))
    if connection_tokens(fields) & _NOT_NOMINATED:
        raise BadRequest("Connection names a field that is not its own.")
    return fields


def _checked_framing(version: tuple[int, int], seen: dict[str, str]) -> int | None:
    coding, length = seen.get("transfer-encoding"), seen.get("content-length")
    if coding is not None:
        if version == (1, 0):
            raise BadRequest("HTTP/1.0 has no Transfer-Encoding.")
        if length is not None:
            raise BadRequest("Send Content-Length or Transfer-Encoding, not both.")
        if coding.lower() != "chunked":
            raise BadRequest("The only transfer coding that is understood is chunked.")
        return None
    if length is None:
        return None
    if not _LENGTH.fullmatch(length):
        raise BadRequest("Content-Length is not a number.")
    return int(length)


def connection_tokens(fields: Fields) -> set[str]:
    """The field names that Connection nominates as hop-by-hop, in lower case. RFC 9110, 7.6.1."""
    return {t.strip().lower() for n, v in fields if n.lower() == "connection" for t in v.split(",")}


def for_upstream(fields: Fields, *, credential_field: str | None) -> Fields:
    """What of a request's fields goes upstream: end-to-end ones, without the caller's credentials or our own words."""
    dropped = _NOT_UPSTREAM | connection_tokens(fields)
    if credential_field is not None:
        dropped |= {credential_field.lower()}
    kept = [(n, v) for n, v in fields if not _is_among(dropped, n) and not n.lower().startswith("x-maskproxy-")]
    return [*kept, ("Accept-Encoding", "identity")]


def _is_among(names: frozenset[str] | set[str], name: str) -> bool:
    """CGI and its heirs read `X_Api_Key` as `X-Api-Key`, so both spellings are one name here."""
    lower = name.lower()
    return lower in names or lower.replace("_", "-") in names


def for_client(fields: Fields, *, drop: str = "") -> Fields:
    """What of an answer's fields goes back: end-to-end ones that still describe the body after it was masked.

    `drop`: how the names of others begin that do not, in lower case.
    """
    dropped = _NOT_CLIENT | connection_tokens(fields)
    kept = [(n, utf8(v)) for n, v in fields if n.lower() not in dropped]
    return [(n, v) for n, v in kept if not n.lower().startswith(drop)] if drop else kept


def utf8(text: str) -> str:
    """What was no UTF-8 on the wire (and came as surrogate escapes) as U+FFFD: others could not write it down."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def caller_token(fields: Fields, *, proxy: bool) -> str | None:
    """The JWT that a request carries, or None.

    With `proxy`, from Proxy-Authorization: Bearer, or Basic with the JWT as the password. Else from Authorization:
    Bearer and x-api-key; both may be sent when they are equal.
    """
    seen = {n.lower(): v for n, v in fields}
    if proxy:
        return _from_authorization(seen.get("proxy-authorization"), basic=True)
    bearer, key = _from_authorization(seen.get("authorization"), basic=False), seen.get("x-api-key") or None
    if bearer is not None and key is not None and bearer != key:
        raise BadRequest("Authorization and x-api-key hold different credentials. Send one of them.")
    return bearer or key


def _from_authorization(value: str | None, *, basic: bool) -> str | None:
    if value is None:
        return None
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    if basic and scheme.lower() == "basic":
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return pair.partition(":")[2] or None
    return None
