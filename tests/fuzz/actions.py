"""Random rules with random actions: what goes on, what is recorded and whether it blocks, in any cut.

Of events whose lines end with CRLF the meaning is compared: cut behind a CR, an event may end one byte earlier.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from random import Random

from maskproxy.bodies.masks import AnswerMask, BodyPolicy, Output, answer_mask
from maskproxy.masking import Masking, Override, Sought, treatments, with_actions
from tests.bodies.fake_masking import SEALS
from tests.fuzz.bounds import OracleTooSlow, oracle_bound
from tests.fuzz.cuts import cut, some_places, tried, ways
from tests.fuzz.rules import whole
from tests.fuzz.streams import Texts, assembled, shredded
from tests.masking import oracle
from tests.masking.oracle import OracleRule
from tests.masking.random_rules import fit, random_rules, random_text
from tests.masking.rulesets import PLACEHOLDERS

_TEXTS = 40
_CUTS = 20
_STREAM_CUTS = 20
Made = tuple[Texts, Texts, str]


def trial(draw: Random) -> int:
    """Try one rule set and its actions on some texts and streams."""
    taken, compiled = fit(random_rules(draw))
    if compiled is None:
        return 0
    rules, words = [rule for rule, _ in taken], [word for _, some in taken for word in some]
    overrides = [Override((rule.id,), answer=draw.choice(("mask", "block", "alert", "allow"))) for rule in rules]
    treatment = treatments(with_actions(compiled, overrides)).answer
    forward, record = (
        Masking(some, PLACEHOLDERS, (), treatment.urgent) for some in (treatment.forward, treatment.record)
    )
    sought = Sought(forward, forward if treatment.forward is treatment.record else record, treatment.actions)
    cuts = 0
    for _ in range(_TEXTS):
        text = random_text(draw, words)
        try:
            with oracle_bound():
                spans = [_spans(rules, masking, text) for masking in (forward, record)]
        except OracleTooSlow:
            continue
        for masking, found in zip((forward, record), spans, strict=True):
            # An urgent rule is told of, but a placeholder that has begun keeps its name.
            begun = _spans(rules, masking, text, urgent=False)
            expected = oracle.masked(text, begun, PLACEHOLDERS), found
            whole(masking, text, expected)
            cuts += tried(masking, text, expected, ways(draw, len(text), _CUTS))
        if draw.random() < 0.25:
            said = text.decode(errors="ignore")
            cuts += _streams(
                draw, sought, said, blocks=any(sought.blocks(r) for r, _, _ in _spans(rules, forward, said.encode()))
            )
    return cuts


def _spans(
    rules: list[OracleRule], masking: Masking, text: bytes, *, urgent: bool = True
) -> list[tuple[str, int, int]]:
    ids = {rule.id for rule in masking.rules.rules}
    some = [rule for rule in rules if rule.id in ids]
    return oracle.spans(some, text, PLACEHOLDERS, urgent=masking.urgent if urgent else {})


def _streams(draw: Random, sought: Sought, text: str, *, blocks: bool) -> int:
    """Events, each with either line end, of which those after what blocks are not sent in any cut.

    Rules that find something in the names of events are left out: names are masked as well, and so say nothing more.
    """
    end = draw.choice(("\n", "\n", "\r\n"))
    if _mask(sought, _events([""], end))[1].findings:
        return 0
    events = _events(shredded(draw, text), end)
    stream = b"".join(events)
    expected = _fed(sought, events)
    assert bool(expected[2]) == blocks, "it blocks otherwise than the oracle says"
    tries = [[stream], [stream[at : at + 1] for at in range(len(stream))]]
    tries += [cut(stream, some_places(draw, len(stream))) for _ in range(_STREAM_CUTS)]
    for pieces in tries:
        made = _fed(sought, pieces)
        assert made == expected, f"{sought.actions} on {text!r} in {pieces}: {made}, not {expected}"
    return 1 + len(tries)


def _events(pieces: Iterable[str], end: str) -> list[bytes]:
    told: list[dict[str, object]] = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
          for piece in pieces),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    ]  # fmt: skip
    return [f"event: {data['type']}{end}data: {json.dumps(data)}{end}{end}".encode() for data in told]


def _mask(sought: Sought, pieces: list[bytes]) -> tuple[list[Output], AnswerMask]:
    mask = answer_mask(
        sought, api="anthropic", path="/v1/messages", status=200, content_type="text/event-stream",
        policy=BodyPolicy(), seals=SEALS,
    )  # fmt: skip
    return [*map(mask.feed, pieces), mask.finish()], mask


def _fed(sought: Sought, pieces: list[bytes]) -> Made:
    outputs, mask = _mask(sought, pieces)
    forward, record = b"".join(o.forward for o in outputs), b"".join(o.record for o in outputs)
    return assembled(forward), assembled(record), str(mask.stopped or "")
