from __future__ import annotations

from maskproxy.bodies.output import MOST_FINDINGS, NOTHING, BodyFinding, Findings, Output, join, same
from maskproxy.bodies.text import TextBody
from maskproxy.masking import trusted
from tests.bodies.fake_masking import fake_masking


def test_parts_are_joined_as_one_object_unless_they_differ() -> None:
    one, two, other = (trusted(data, why="a test") for data in (b"1", b"2", b"other"))
    assert join([]) is NOTHING
    assert join([same(one)]).forward is one
    both = join([same(one), same(two)])
    assert both == (b"12", b"12")
    assert both.forward is both.record
    assert join([same(one), Output(two, other)]) == (b"12", b"1other")


def test_a_list_of_findings_ends_at_its_limit() -> None:
    one = BodyFinding("r", "body", "MASKED_R")
    findings = Findings()
    for _ in range(3):
        findings.append(one)
        findings += [one] * 4_000
    findings.append(one)
    findings.extend([one])
    assert len(findings) == MOST_FINDINGS
    assert isinstance(findings, Findings)


def test_a_stream_lists_no_more_than_the_limit_and_masks_on() -> None:
    key = b"KEY" + b"01234567 "
    body = TextBody(fake_masking())
    made = b"".join(body.feed(key * 4_000).forward for _ in range(4)) + body.finish().forward
    assert made.count(b"MASKED_KEY") == 16_000
    assert len(body.findings) == MOST_FINDINGS
