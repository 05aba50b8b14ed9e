from __future__ import annotations

import contextlib
from types import MappingProxyType
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.errors import DamagedRecording, RecordingFailed
from maskproxy.recording.frames import KINDS, LIMIT_BYTES, PIECE_BYTES, Frame, decode, encode, is_session_id, split
from tests.recording.scripted import SESSION, START_NS, exchange_id, piece

number = st.integers(min_value=0, max_value=2**63 - 1)
text = st.text(st.characters(), max_size=30)  # lone surrogates too: header fields hold such
pairs = st.lists(st.lists(text, min_size=2, max_size=2), max_size=4)
DATA: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "session": st.fixed_dictionaries({}, optional={"person": text, "unknown": st.lists(text)}),
    "request": st.fixed_dictionaries(
        {"method": text, "target": text, "fields": pairs},
        optional={"person": text | st.none(), "groups": st.lists(text, max_size=3)},
    ),
    "request_body": st.fixed_dictionaries({"body": st.binary(), "seq": number}, optional={"part": number}),
    "response": st.fixed_dictionaries({"status": number, "fields": pairs}, optional={"reason": text}),
    "response_body": st.fixed_dictionaries({"body": st.binary(), "seq": number}),
    "finding": st.fixed_dictionaries({"direction": text, "rule": text}, optional={"place": text}),
    "decision": st.fixed_dictionaries({"outcome": text}, optional={"grant": text}),
    "audit": st.fixed_dictionaries({"event": text, "allowance": text}, optional={"by": text, "at": text}),
    "end": st.fixed_dictionaries({"outcome": text}, optional={"status": number, "bytes_in": number | st.none()}),
}
session = st.from_regex(r"[a-z0-9_-]{1,64}", fullmatch=True)
exchange = st.from_regex(r"req_[0-9a-z]{20,32}", fullmatch=True)
any_frame = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.builds(Frame, st.just(kind), session, exchange, number, number, DATA[kind])
)


@given(any_frame)
def test_a_frame_comes_back_as_it_went_in(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@given(st.binary(max_size=80))
def test_any_bytes_are_a_frame_or_damage(payload: bytes) -> None:
    with contextlib.suppress(DamagedRecording):
        decode(payload)


@given(any_frame, st.data())
def test_a_damaged_frame_is_a_frame_or_damage(frame: Frame, data: st.DataObject) -> None:
    payload = bytearray(encode(frame))
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(DamagedRecording):
        decode(bytes(payload))


def test_every_kind_has_a_strategy_here() -> None:
    assert set(DATA) == KINDS


def test_the_bytes_of_a_frame_are_these() -> None:
    frame = Frame("decision", "s", exchange_id(7), 1, 2, {"outcome": "allowed"})
    assert encode(frame) == (b"\x97\x01\xa8decision\xa1s\xb8req_00000000000000000007\x01\x02\x81\xa7outcome\xa7allowed")


def test_an_unknown_kind_is_skipped_and_further_elements_are_ignored() -> None:
    assert decode(msgpack.packb([1, "thought", "s", exchange_id(1), 1, 1, {"x": 1}])) is None
    longer = msgpack.packb([1, "decision", "s", exchange_id(1), 1, 1, {"outcome": "allowed"}, b"sealed", 9])
    assert decode(longer) == Frame("decision", "s", exchange_id(1), 1, 1, {"outcome": "allowed"})


def test_a_newer_version_is_refused_in_words() -> None:
    with pytest.raises(DamagedRecording, match="newer version"):
        decode(msgpack.packb([2, "end", "s", exchange_id(1), 1, 1, {"outcome": "complete"}]))


@pytest.mark.parametrize(
    "payload",
    [
        [1, "end", "S/..", exchange_id(1), 1, 1, {"outcome": "complete"}],
        [1, "end", "s", "../../etc/passwd", 1, 1, {"outcome": "complete"}],
        [1, "end", "s", "", 1, 1, {"outcome": "complete"}],
        [1, "end", "s", exchange_id(1), -1, 1, {"outcome": "complete"}],
        [1, "end", "s", exchange_id(1), 1, 1.5, {"outcome": "complete"}],
        [1, "end", "s", exchange_id(1), 1, 1, {}],
        [1, "end", "s", exchange_id(1), 1, 1, {"outcome": "complete", "status": True}],
        [1, "request_body", "s", exchange_id(1), 1, 1, {"body": "text", "seq": 0}],
        [1, "request", "s", exchange_id(1), 1, 1, {"method": "GET", "target": "/", "fields": [["only"]]}],
        [1, "end", "s", exchange_id(1), 1, 1, {b"outcome": "complete"}],
        [True, "end", "s", exchange_id(1), 1, 1, {"outcome": "complete"}],
        [1, ["end"], "s", exchange_id(1), 1, 1, {"outcome": "complete"}],
        [1, "end", "s", exchange_id(1), 1, 1, msgpack.ExtType(5, b"x")],
        [1, "end"],
        {"kind": "end"},
    ],
)
def test_wrong_types_are_damage(payload: object) -> None:
    with pytest.raises(DamagedRecording):
        decode(msgpack.packb(payload))


@pytest.mark.parametrize(
    ("kind", "session_id", "exchange", "data", "field"),
    [
        ("thought", SESSION, exchange_id(1), {}, "kind"),
        ("end", "../up", exchange_id(1), {"outcome": "complete"}, "session"),
        ("end", "x" * 65, exchange_id(1), {"outcome": "complete"}, "session"),
        ("end", SESSION, "req_short", {"outcome": "complete"}, "exchange"),
        ("end", SESSION, exchange_id(1), {"outcome": None}, "data.outcome"),
        ("request_body", SESSION, exchange_id(1), {"body": "text", "seq": 0}, "data.body"),
        ("end", SESSION, exchange_id(1), {"outcome": "complete", "status": "200"}, "data.status"),
    ],
)
def test_a_frame_that_could_not_be_read_back_is_refused(
    kind: str, session_id: str, exchange: str, data: dict[str, object], field: str
) -> None:
    with pytest.raises(RecordingFailed) as caught:
        encode(Frame(kind, session_id, exchange, 1, 1, data))
    assert caught.value.detail == f"malformed {field}"


def test_an_object_that_msgpack_does_not_know_is_refused_without_its_text() -> None:
    with pytest.raises(RecordingFailed) as caught:
        encode(Frame("session", SESSION, "", 1, 1, {"extra": {1, 2}}))
    assert caught.value.detail == "TypeError"
    with pytest.raises(RecordingFailed):
        encode(Frame("session", SESSION, "", 1, 1, {"extra": 1 << 70}))


def test_a_read_only_mapping_is_taken() -> None:
    frame = Frame("end", SESSION, exchange_id(1), 1, 1, MappingProxyType({"outcome": "complete"}))
    assert decode(encode(frame)) == Frame("end", SESSION, exchange_id(1), 1, 1, {"outcome": "complete"})


def test_a_frame_over_the_limit_is_refused() -> None:
    with pytest.raises(RecordingFailed):
        encode(piece(1, bytes(LIMIT_BYTES)))


def test_a_long_body_is_cut_into_counted_parts() -> None:
    body = bytes(range(256)) * (PIECE_BYTES // 256) * 2 + b"tail"
    parts = list(split(piece(4, body)))
    assert [(part.data["seq"], part.data["part"], part.data["parts"]) for part in parts] == [
        (4, 0, 3), (4, 1, 3), (4, 2, 3)
    ]  # fmt: skip
    assert b"".join(bytes(part.data["body"]) for part in parts) == body  # type: ignore[call-overload]
    assert all(len(encode(part)) <= LIMIT_BYTES for part in parts)


def test_a_short_body_is_one_frame() -> None:
    frame = piece(1, bytes(PIECE_BYTES))
    assert list(split(frame)) == [frame]
    end = Frame("end", SESSION, exchange_id(1), START_NS, 1, {"outcome": "complete"})
    assert list(split(end)) == [end]


@pytest.mark.parametrize("bad", ["", "..", "a/b", "A", "a" * 65, "a\n", "ü"])
def test_a_session_id_is_never_a_path(bad: str) -> None:
    assert not is_session_id(bad)
