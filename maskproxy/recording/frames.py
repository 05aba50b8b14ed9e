"""A recording's frames, and the format byte by byte. Pure: no clock, no file, no network.

A frame is one fact of an exchange, masked before it gets here: a body is `Masked`, and `body_frame` takes nothing else.

Format, version 1. Numbers outside msgpack are big-endian.

    segment  = header record*                       a file `<UTC time>-<counter>.mprec`, mode 0600
    header   = 8 bytes   89 4D 50 52 45 43 0D 0A    `MPREC` behind a byte that text tools break
               2 bytes   version of the file, 1
               2 bytes   length of the header, 16 or more: a reader skips what it does not know
               4 bytes   CRC-32 (zlib's) of the twelve bytes before
               ...       up to the length: nothing in version 1
    record   = 4 bytes   length of the payload, at most LIMIT_BYTES
               4 bytes   CRC-32 of the payload
               4 bytes   CRC-32 of the eight bytes before, so that an edited length is not taken for a torn tail
               payload
    payload  = msgpack array of 7 or more: [version, kind, session, exchange, wall_ns, mono_ns, data]
               version   int, 1; a higher one is not readable here
               kind      str; a reader skips a kind that it does not know
               session   str, `[a-z0-9_-]{1,64}`
               exchange  str, `req_[0-9a-z]{20,32}`, or empty in a `session` or an `audit` frame
               wall_ns   int >= 0, Unix time
               mono_ns   int >= 0, the monotonic clock of the machine: differences only
               data      map with str keys; a reader keeps fields that it does not know
               ...       further elements are ignored

A msgpack str is UTF-8, with lone surrogates in the three bytes that UTF-8 would give them (header fields hold such).
A body longer than PIECE_BYTES is cut into frames with the same `seq`, counted by `part` from 0, `parts` of them.

    kind           data: needed, (optional; null counts as absent)
    session        (person, person_name, client: str)
    request        method, target: str; fields: [[name, value]]; (route, mode, via, person, person_name, client, agent,
                   parent_agent: str; groups: [str])
    request_body   body: bin; seq: int; (part, parts: int)
    response       status: int; fields: [[name, value]]; (reason: str)
    response_body  as request_body
    finding        direction, rule: str; (place, placeholder, action: str)
    decision       outcome: str; (grant, sentence: str)
    end            outcome: str; (sentence: str; status, bytes_in, bytes_out: int)
    audit          event: str; (person, person_name, by, reason, at, expires: str; of what somebody may have as it is
                   allowance, placeholder, rule: str; of access id, kind, target, grant: str)
                   Of no session: AUDIT stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Literal

import msgpack

from maskproxy.errors import DamagedRecording, RecordingFailed
from maskproxy.masking.masked import Masked

VERSION: Final = 1
PIECE_BYTES: Final = 1 << 20
LIMIT_BYTES: Final = 4 << 20
AUDIT: Final = "audit"
"""What stands for the session where an operator or a person decides something about masking or access."""

_SESSION = re.compile(r"[a-z0-9_-]{1,64}")
_EXCHANGE = re.compile(r"req_[0-9a-z]{20,32}")
_LARGEST_NUMBER = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """One fact of an exchange. Lists in `data` come back as lists, whatever sequence went in."""

    kind: str
    session: str
    exchange: str
    wall_ns: int
    mono_ns: int
    data: Mapping[str, object]


@lru_cache(maxsize=4096)
def is_session_id(text: str) -> bool:
    return _SESSION.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def is_exchange_id(text: str) -> bool:
    return _EXCHANGE.fullmatch(text) is not None


_SEQUENCE = (list, tuple)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST_NUMBER


def _is_bytes(value: object) -> bool:
    return isinstance(value, bytes)


def _is_texts(value: object) -> bool:
    return isinstance(value, _SEQUENCE) and all(isinstance(item, str) for item in value)


def _is_pairs(value: object) -> bool:
    if not isinstance(value, _SEQUENCE):
        return False
    for pair in value:  # a loop, since every exchange pays for this one
        if not isinstance(pair, _SEQUENCE) or len(pair) != 2:
            return False
        if not isinstance(pair[0], str) or not isinstance(pair[1], str):
            return False
    return True


_Check = Callable[[object], bool]
_BODY: dict[str, _Check] = {"body": _is_bytes, "seq": _is_number}

_NEEDED: dict[str, dict[str, _Check]] = {
    "session": {},
    "request": {"method": _is_text, "target": _is_text, "fields": _is_pairs},
    "request_body": _BODY,
    "response": {"status": _is_number, "fields": _is_pairs},
    "response_body": _BODY,
    "finding": {"direction": _is_text, "rule": _is_text},
    "decision": {"outcome": _is_text},
    "end": {"outcome": _is_text},
    "audit": {"event": _is_text},
}
KINDS: Final = frozenset(_NEEDED)
_WITHOUT_EXCHANGE = frozenset({"session", "audit"})
_REQUEST_TEXTS = ("route", "mode", "via", "person", "person_name", "client", "agent", "parent_agent")
_OPTIONAL: dict[str, dict[str, _Check]] = {
    "session": dict.fromkeys(("person", "person_name", "client"), _is_text),
    "request": {**dict.fromkeys(_REQUEST_TEXTS, _is_text), "groups": _is_texts},
    "request_body": {"part": _is_number, "parts": _is_number},
    "response": {"reason": _is_text},
    "response_body": {"part": _is_number, "parts": _is_number},
    "finding": {"place": _is_text, "placeholder": _is_text, "action": _is_text},
    "decision": {"grant": _is_text, "sentence": _is_text},
    "end": {"sentence": _is_text, "status": _is_number, "bytes_in": _is_number, "bytes_out": _is_number},
    "audit": dict.fromkeys(
        (
            *("person", "person_name", "by", "reason", "at", "expires", "allowance", "placeholder", "rule"),
            *("id", "kind", "target", "grant"),
        ),
        _is_text,
    ),
}


def _fault_in(kind: str, ids: tuple[object, object], times: tuple[object, object], data: Mapping[str, object]) -> str:
    """What is wrong with a frame of a known kind, by the field's name and never its value; empty when nothing is."""
    session, exchange = ids
    if not isinstance(session, str) or not is_session_id(session):
        return "session"
    if not isinstance(exchange, str) or not (
        is_exchange_id(exchange) or (exchange == "" and kind in _WITHOUT_EXCHANGE)
    ):
        return "exchange"
    if not _is_number(times[0]) or not _is_number(times[1]):
        return "time"
    for name, fits in _NEEDED[kind].items():
        if name not in data or not fits(data[name]):
            return f"data.{name}"
    optional = _OPTIONAL[kind]
    for name, value in data.items():
        if value is not None and name in optional and not optional[name](value):
            return f"data.{name}"
    return ""


def encode(frame: Frame) -> bytes:
    """The payload of a frame's record. Raises RecordingFailed for a frame that no reader would take back."""
    ids, times = (frame.session, frame.exchange), (frame.wall_ns, frame.mono_ns)
    fault = _fault_in(frame.kind, ids, times, frame.data) if frame.kind in KINDS else "kind"
    if fault:
        raise RecordingFailed("A frame could not be recorded.", detail=f"malformed {fault}")
    layers = [VERSION, frame.kind, *ids, *times, dict(frame.data)]
    try:
        payload: bytes = msgpack.packb(layers, unicode_errors="surrogatepass")
    except (TypeError, ValueError, OverflowError) as error:
        raise RecordingFailed("A frame could not be recorded.", detail=type(error).__name__) from error
    if len(payload) > LIMIT_BYTES:
        raise RecordingFailed("A frame could not be recorded.", detail=f"{len(payload)} bytes are over the limit")
    return payload


def decode(payload: bytes) -> Frame | None:
    """The frame in a payload, or None for a kind that only a newer version knows. Raises DamagedRecording."""
    try:
        layers = msgpack.unpackb(
            payload, unicode_errors="surrogatepass", strict_map_key=True, ext_hook=_refuse_extension
        )
    except (ValueError, msgpack.UnpackException) as error:
        raise DamagedRecording("A frame cannot be read.", detail=type(error).__name__) from error
    if not isinstance(layers, list) or len(layers) < 7 or type(layers[0]) is not int or layers[0] < 1:
        raise DamagedRecording("A frame cannot be read.", detail="not a frame")
    if layers[0] > VERSION:
        raise DamagedRecording("A frame was written by a newer version of maskproxy.", detail=f"version {layers[0]}")
    kind, data = layers[1], layers[6]
    if not isinstance(kind, str) or not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise DamagedRecording("A frame cannot be read.", detail="not a frame")
    if kind not in KINDS:
        return None
    fault = _fault_in(kind, (layers[2], layers[3]), (layers[4], layers[5]), data)
    if fault:
        raise DamagedRecording("A frame cannot be read.", detail=f"malformed {fault}")
    return Frame(kind, layers[2], layers[3], layers[4], layers[5], data)


def _refuse_extension(code: int, data: bytes) -> Any:  # the signature is msgpack's
    raise ValueError(f"extension type {code} of {len(data)} bytes")


def body_frame(
    kind: Literal["request_body", "response_body"],
    session: str,
    exchange: str,
    wall_ns: int,
    mono_ns: int,
    body: Masked,
    seq: int,
) -> Frame:
    """A piece of a body. The one way to make such a frame that the type checker guards."""
    return Frame(kind, session, exchange, wall_ns, mono_ns, {"body": body, "seq": seq})


def split(frame: Frame) -> Iterator[Frame]:
    """The frame itself, or pieces of PIECE_BYTES where its body is longer: a record has a bound, a body has not."""
    body = frame.data.get("body")
    if not isinstance(body, bytes) or len(body) <= PIECE_BYTES:
        yield frame
        return
    parts = -(-len(body) // PIECE_BYTES)
    for part in range(parts):
        piece = body[part * PIECE_BYTES : (part + 1) * PIECE_BYTES]
        yield replace(frame, data={**frame.data, "body": piece, "part": part, "parts": parts})
