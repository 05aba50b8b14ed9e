import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.audit import EVENTS, AuditEvent, EventName, Who, written
from maskproxy.audit.events import LONGEST_TEXT, MOST_GROUPS
from maskproxy.service.logs import Net

SECRET = "a-secret-that" + "-the-daemon-knows"
NET = Net([SECRET])
TIME_NS = 1_764_108_000_123_456_789
texts = st.text(max_size=80)
spoiled = st.builds(lambda a, b: f"{a}{SECRET}{b}", texts, texts)


def line(event: AuditEvent) -> bytes:
    return written(event, "evt_1", TIME_NS, "node-1", NET.mask, NET.mask_identity)


@given(st.sampled_from(sorted(EVENTS)), texts, st.builds(Who, spoiled, spoiled, st.tuples(spoiled)), spoiled, spoiled)
def test_every_event_is_one_line_of_ascii_json_without_a_known_secret(
    name: EventName, action: str, who: Who, reason: str, value: str
) -> None:
    data = line(
        AuditEvent(name, action, who, by=reason, reason=reason, session=value, more={"a": value, "target": value})
    )
    assert data.isascii()
    assert b"\n" not in data
    assert SECRET.encode() not in data
    told = json.loads(data)
    assert (told["schema"], told["event"], told["action"], told["node"]) == (1, name, action, "node-1")
    ocsf = told["ocsf"]
    assert ocsf["type_uid"] == ocsf["class_uid"] * 100 + ocsf["activity_id"]


def test_the_time_is_rfc_3339_in_utc() -> None:
    assert json.loads(line(AuditEvent("replay", "text")))["time"] == "2025-11-25T22:00:00.123456Z"


def test_a_person_whose_subject_is_an_address_stays_whole_and_a_url_s_password_does_not() -> None:
    who = Who("https://idp.example.com#ada@corp.example", "Ada", ("eng",))
    told = json.loads(line(AuditEvent("access", "asked", who, reason="see https://me:pass-word@host/x")))
    assert told["person"] == "https://idp.example.com#ada@corp.example"
    assert told["reason"] == "see https://[masked]@host/x"


def test_nothing_is_longer_than_its_bound() -> None:
    who = Who("k" * 5000, "n" * 5000, tuple(f"g{n}" for n in range(1000)))
    told = json.loads(line(AuditEvent("refusal", "refused", who, reason="r" * 5000, more={"error": "e" * 5000})))
    assert {len(told[name]) for name in ("person", "person_name", "reason", "error")} == {LONGEST_TEXT}
    assert len(told["groups"]) == MOST_GROUPS


def test_what_is_empty_is_left_out() -> None:
    told = json.loads(line(AuditEvent("replay", "text", more={"route": ""})))
    assert sorted(told) == ["action", "event", "id", "node", "ocsf", "schema", "time"]


def test_the_readme_tells_of_every_event_and_its_class() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for name, meaning in EVENTS.items():
        assert re.search(rf"^\| `{name}` \|.*\b{meaning.ocsf_class}\b", readme, re.MULTILINE), name
