"""Two masks over one body: who is believed about what, and how a recording ends when its stream is stopped."""

from __future__ import annotations

import json

from maskproxy.bodies.masks import BodyFinding, BodyPolicy, answer_mask
from maskproxy.bodies.two_masks import TwoMasks, believed
from maskproxy.errors import Unrestorable
from maskproxy.masking import PlaceholderKey, Vault
from tests.bodies.fake_masking import SEALS
from tests.bodies.test_claude_stream import start, tool
from tests.bodies.test_refusing import AWS, GITHUB, answer, request, run, sought


def test_each_rule_is_told_once_by_the_mask_that_knows_of_it() -> None:
    one, two = BodyFinding("masked", "body", "M"), BodyFinding("alerts", "body", "A")
    assert believed([one], [one, two], lambda found: found.rule == "alerts") == [one, two]
    assert believed([one], [one, two], lambda _: True) == [one, two]
    assert believed([one], [one, two], lambda _: False) == [one]


def test_findings_come_in_pieces_and_only_once() -> None:
    body = request(sought("alert", "github-*"), "text/plain", "/other")
    assert isinstance(body, TwoMasks)
    for piece in (f"{AWS} ", f"{GITHUB} ", f"{AWS} "):
        body.feed(piece.encode())
    body.finish()
    assert sorted(found.rule for found in body.findings) == ["aws-access-key-id"] * 2 + ["github-pat-classic"]


def test_the_recording_of_a_stopped_stream_tells_the_reason_too() -> None:
    unknown = PlaceholderKey(b"k" * 32).scoped("a person").make("github-pat-classic", b"not of this request").decode()
    arguments = json.dumps({"old_string": unknown, "new_string": AWS})
    raw = start(1, type="tool_use", id="toolu_1", name="Edit", input={}) + tool(arguments)
    body = answer_mask(
        sought("alert", "*"),
        api="anthropic",
        path="/v1/messages",
        status=200,
        content_type="text/event-stream",
        policy=BodyPolicy(restore_tools=frozenset({"Edit"})),
        seals=SEALS,
        vault=Vault(),
    )
    forward, record, error = run(body, [raw[:50], raw[50:], raw])
    assert isinstance(error, Unrestorable)
    last = forward[forward.index(b"event: error") :]
    assert record.endswith(last)
    assert record.count(b"event: error") == 1
    assert AWS.encode() not in record


def test_without_alerts_there_is_one_mask() -> None:
    assert not isinstance(request(sought("mask")), TwoMasks)
    assert not isinstance(request(sought("block")), TwoMasks)
    assert answer(sought("mask")).findings == []
