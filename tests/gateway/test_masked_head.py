"""Heads under the rules: each name and value is a text of its own, whatever stands beside it."""

from __future__ import annotations

from maskproxy.gateway.heads import Fields
from maskproxy.gateway.masked_head import masked_fields
from maskproxy.masking import Masking, RuleSet, Sought
from maskproxy.masking.loading import read_rule
from tests.masking.builtin import MASKING
from tests.masking.rulesets import PLACEHOLDERS

USUAL: Fields = [
    ("Accept", "application/json"),
    ("User-Agent", "claude-cli/2.1.295 (external, cli)"),
    ("anthropic-beta", "claude-code-20250219,interleaved-thinking-2025-05-14"),
    ("X-Stainless-Package-Version", "0.60.0"),
]


def test_a_usual_head_is_one_look_and_stays_as_it_is() -> None:
    assert not MASKING.may_hold("\n".join(text for field in USUAL for text in field).encode())
    assert masked_fields(Sought.alike(MASKING), USUAL).forward is USUAL


def test_a_rule_for_a_whole_text_finds_a_whole_value() -> None:
    rule = read_rule({"id": "whole", "pattern": r"\Aab[0-9]{6}\Z"}, "test", "a test")
    sought = Sought.alike(Masking(RuleSet([rule]), PLACEHOLDERS))
    made = masked_fields(sought, [*USUAL, ("X-Note", "ab123456"), ("X-Other", "see ab123456"), ("ab123456", "1")])
    assert [finding.rule for finding in made.findings] == ["whole", "whole"]
    assert dict(made.forward)["X-Other"] == "see ab123456"
    assert "ab123456" not in {*dict(made.forward), dict(made.forward)["X-Note"]}
