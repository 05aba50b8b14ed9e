from __future__ import annotations

from pathlib import Path

import pytest

from maskproxy.errors import DamagedRecording, NotFound
from maskproxy.recording.catalog import Catalog, iso_time
from maskproxy.recording.frames import AUDIT, Frame, encode
from tests.recording.scripted import START_NS, Script, agent_session, exchange_id, stream, write_frames, write_segment


def session(name: str, *, at_ns: int = 0, outcome: str = "complete") -> list[Frame]:
    data = {"method": "GET", "target": "/", "fields": []}
    frames = [Frame("request", name, exchange_id(1), START_NS + at_ns, 1, data)]
    if outcome:
        frames.append(Frame("end", name, exchange_id(1), START_NS + at_ns + 5, 6, {"outcome": outcome}))
    return frames


def test_what_is_known_of_a_session(tmp_path: Path) -> None:
    write_frames(tmp_path, agent_session().frames)
    (entry,) = Catalog(tmp_path).entries
    assert entry.as_json() == {
        "session": "7c4ab5d1-0f63-4b57-9e0a-3d5f6a7b8c9d",
        "person": "https://idp.example#ada",
        "person_name": "Ada Lovelace",
        "client": "claude-cli/2.1",
        "models": ["claude-opus-4"],
        "started": "2023-11-14T22:13:20.000Z",
        "last": "2023-11-14T22:13:24.900Z",
        "exchanges": 3,
        "findings": {"aws-access-key": 1},
        "secrets": {"aws-access-key": 1},
        "outcomes": {"complete": 3},
        "outcome": "complete",
    }


def test_every_model_that_answered_is_known_and_no_word_of_a_content_is_one(tmp_path: Path) -> None:
    script = Script()
    for model in ("claude-haiku", "claude-opus", "claude-haiku"):
        exchange = script.request({"messages": []})
        script.answer(exchange, *stream({"type": "text", "text": '"model": "none"'}, model=model))
    elsewhere = script.request({"model": "x"}, target="/v1/files")
    script.answer(elsewhere, b'{"model": "file"}')
    write_frames(tmp_path, script.frames)
    assert Catalog(tmp_path).entries[0].models == ["claude-haiku", "claude-opus"]


def test_one_secret_that_is_sent_with_every_turn_is_one_secret(tmp_path: Path) -> None:
    script = Script()
    exchange = script.request(None)
    for number in range(5):
        script.finding(exchange, "request", "pem", f"messages[{number}].content")
    write_frames(tmp_path, script.frames)
    (entry,) = Catalog(tmp_path).entries
    assert (entry.findings["pem"], entry.secrets["pem"], entry.outcome) == (5, 1, "open")


def test_sessions_come_by_their_beginning_over_all_segments(tmp_path: Path) -> None:
    first = write_frames(tmp_path, [*session("b", at_ns=50), *session("a", at_ns=90)])
    write_segment(tmp_path, map(encode, session("c", at_ns=10)), previous=first.name)
    assert [entry.session for entry in Catalog(tmp_path).entries] == ["c", "b", "a"]


def test_a_session_is_found_by_its_id_a_beginning_or_as_the_last(tmp_path: Path) -> None:
    write_frames(tmp_path, [*session("abc"), *session("abcd", at_ns=9), *session("x", at_ns=7, outcome="")])
    catalog = Catalog(tmp_path)
    assert catalog.find("abc").session == "abc"
    assert catalog.find("abcd").session == "abcd"
    assert catalog.find("x").session == "x"
    assert catalog.find("last").session == "abcd"
    with pytest.raises(NotFound, match="abc, abcd"):
        catalog.find("ab")
    for word in ("y", "", "../x"):
        with pytest.raises(NotFound, match="No session"):
            catalog.find(word)


def test_there_is_no_last_session_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Catalog(tmp_path).find("last")


def test_very_many_choices_are_cut(tmp_path: Path) -> None:
    write_frames(tmp_path, [frame for number in range(10, 30) for frame in session(f"s{number}")])
    with pytest.raises(NotFound, match=r"s17 and 12 more\.$"):
        Catalog(tmp_path).find("s")


def test_damage_and_tears_do_not_hide_the_rest(tmp_path: Path) -> None:
    path = write_frames(tmp_path, [*session("a"), *session("b", at_ns=9)])
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    other = write_segment(tmp_path, map(encode, session("c", at_ns=20)), previous=path.name)
    other.write_bytes(other.read_bytes()[:-1])
    catalog = Catalog(tmp_path)
    assert [(entry.session, entry.outcome) for entry in catalog.entries] == [
        ("a", "complete"), ("b", "open"), ("c", "open")
    ]  # fmt: skip
    assert [type(damage) for damage in catalog.damages] == [DamagedRecording]
    assert len(catalog.tears) == 1


def test_times_are_told_in_utc_and_odd_ones_do_no_harm() -> None:
    assert iso_time(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123Z"
    assert iso_time(2**63 - 1) == "2262-04-11T23:47:16.854Z"


def test_what_is_decided_about_masking_is_no_session(tmp_path: Path) -> None:
    audit = Frame("audit", AUDIT, "", START_NS, 1, {"event": "approved", "allowance": "a1"})
    write_frames(tmp_path, [*agent_session().frames, audit])
    assert AUDIT not in [entry.session for entry in Catalog(tmp_path).entries]
