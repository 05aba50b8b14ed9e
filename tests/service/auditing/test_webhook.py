"""Signed webhooks over real sockets: retried, refused, and never twice for the same leaked key."""

import json
import time

from maskproxy.audit import AuditEvent
from maskproxy.audit.signing import signature
from maskproxy.service.auditing.webhook import WebhookSink
from tests.service.auditing.receivers import Receiver, trail, until

SECRET = b"webhook" + b"-secret-0123456789"
CHOSEN = frozenset({"finding", "block"})


def finding(fingerprint: str, person: str = "ada") -> AuditEvent:
    return AuditEvent("finding", "mask", by=person, more={"fingerprint": fingerprint, "rule": "github-pat"})


async def test_a_receiver_that_fails_first_gets_the_event_again_with_a_new_proof_and_the_same_id() -> None:
    receiver = Receiver(statuses=[503])
    await receiver.start()
    async with trail(WebhookSink("rotate", receiver.url, SECRET, CHOSEN, None)) as told:
        await told.audit.tell(AuditEvent("grant_use", "allowed"))
        await told.audit.tell(finding("f1"))
        await until(lambda: told.measured("delivered") == 1)
        assert [event["event"] for event in receiver.events] == ["finding", "finding"]
        first, second = receiver.received
        assert first[0]["x-maskproxy-id"] == second[0]["x-maskproxy-id"] == receiver.events[0]["id"]
        for fields, body in receiver.received:
            stamp = fields["x-maskproxy-timestamp"]
            assert abs(time.time() - int(stamp)) < 60
            assert fields["x-maskproxy-signature"] == signature(SECRET, stamp, body)
            assert fields["x-maskproxy-event"] == json.loads(body)["event"]
        assert (told.alarms, told.measured("dropped")) == (1, 0)
        assert SECRET.decode() not in told.log.getvalue()
    await receiver.close()


async def test_what_the_receiver_refuses_is_dropped_with_an_alarm_and_holds_up_nothing() -> None:
    receiver = Receiver(statuses=[400])
    await receiver.start()
    async with trail(WebhookSink("rotate", receiver.url, SECRET, CHOSEN, None)) as told:
        for fingerprint in ("f1", "f2", "f1"):
            await told.audit.tell(finding(fingerprint))
        await until(lambda: told.measured("delivered") == 2)
        assert [event["fingerprint"] for event in receiver.events] == ["f1", "f2", "f1"], "what was lost is no repeat"
        assert told.measured("dropped") == 1
    assert told.alarms == 2
    await receiver.close()


async def test_one_key_that_leaks_again_is_told_once_a_day() -> None:
    receiver, now_s = Receiver(), [1000.0]
    await receiver.start()
    sink = WebhookSink("rotate", receiver.url, SECRET, CHOSEN, None, wall_s=lambda: now_s[0])
    async with trail(sink) as told:
        await told.audit.tell(finding("f1", "ada"))
        await told.audit.tell(finding("f1", "lin"))
        await told.audit.tell(finding("f2"))
        await until(lambda: told.measured("delivered") == 3)
        await told.audit.tell(finding("f1"))
        now_s[0] += 86_400
        await told.audit.tell(finding("f1"))
        await until(lambda: told.measured("delivered") == 4)
        assert [event["fingerprint"] for event in receiver.events] == ["f1", "f2", "f1"]
    await receiver.close()


async def test_what_nobody_takes_in_time_is_dropped() -> None:
    receiver = Receiver()
    await receiver.start()
    await receiver.close()
    async with trail(WebhookSink("rotate", receiver.url, SECRET, CHOSEN, None), life_s=0.1) as told:
        await told.audit.tell(finding("f1"))
        await until(lambda: told.measured("dropped") == 1)
        assert "audit events dropped" in told.log.getvalue()
