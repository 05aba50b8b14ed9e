"""Actions: what a rule and the configuration say, and what the rules of a direction become by it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.errors import RuleRefused
from maskproxy.masking import Masking, Override, Sought, treatments, with_actions
from maskproxy.masking.actions import MASKS, Actions, overridden
from maskproxy.masking.loading import read_rule
from maskproxy.masking.samples import cook, marked
from tests.compiled import built_in
from tests.masking.oracle import OracleRule
from tests.masking.rulesets import MENAGERIE, MORSELS, PLACEHOLDERS, rule_set
from tests.masking.test_masker import cut

ACTIONS = st.sampled_from(["mask", "block", "alert", "allow"])
GITHUB = built_in("builtin:github")
_RULES = rule_set(MENAGERIE)
_made: dict[tuple[Override, ...], Sought] = {}


def sought_for(overrides: tuple[Override, ...]) -> Sought:
    """What is sought in a request."""
    if overrides not in _made:
        treatment = treatments(with_actions(_RULES, overrides)).request
        forward, record = (
            Masking(rules, PLACEHOLDERS, (), treatment.urgent) for rules in (treatment.forward, treatment.record)
        )
        _made[overrides] = Sought(forward, record, treatment.actions)
    return _made[overrides]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, Actions()),
        ({"action": "block"}, Actions("block", "block")),
        ({"action": {"answer": "allow"}}, Actions("mask", "allow")),
        ({"action": {"request": "alert", "answer": "block"}}, Actions("alert", "block")),
    ],
)
def test_a_rule_says_its_actions(said: dict[str, object], meant: Actions) -> None:
    assert read_rule({"id": "one", "pattern": "abc[0-9]{4}", **said}, "test", "a test").actions == meant


@pytest.mark.parametrize("said", ["drop", None, 3, ["block"], {"request": "drop"}, {"upstream": "block"}, {1: "block"}])
def test_another_action_is_refused_in_words(said: object) -> None:
    with pytest.raises(RuleRefused, match="its action is not one of mask, block, alert, allow"):
        read_rule({"id": "one", "pattern": "abc[0-9]{4}", "action": said}, "test", "a test")


def test_later_overrides_win_and_change_only_the_direction_that_they_name() -> None:
    overrides = [
        Override(("aws-*", "one"), request="block"),
        Override(("*",), answer="alert"),
        Override(("aws-key",), "allow", "mask"),
    ]
    assert overridden(MASKS, "one", overrides) == Actions("block", "alert")
    assert overridden(MASKS, "aws-token", overrides) == Actions("block", "alert")
    assert overridden(MASKS, "aws-key", overrides) == Actions("allow", "mask")
    assert overridden(Actions("alert", "block"), "two", overrides) == Actions("alert", "alert")


def test_equal_sets_of_rules_are_one_object() -> None:
    rules = GITHUB
    plain = treatments(rules)
    assert plain.request is plain.answer
    assert plain.request.forward is plain.request.record is rules
    blocking = treatments(with_actions(rules, [Override(("*",), "block")]))
    assert blocking.request is not blocking.answer
    assert len({id(t.forward) for t in (blocking.request, blocking.answer)}) == 1
    some = treatments(with_actions(rules, [Override(("github-pat-classic",), "alert", "allow")]))
    assert some.request.forward is some.answer.forward is some.answer.record
    assert len(some.request.forward.rules) == len(rules.rules) - 1
    assert [r.id for r in some.request.record.rules] == [r.id for r in rules.rules]


def never(*_: object) -> None:
    raise AssertionError("compiled or worked out again")


def test_some_of_the_rules_are_compiled_once_for_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = with_actions(GITHUB, [Override(("github-pat-*", "github-app*", "github-o*"), "allow", "alert")])
    first = treatments(rules, cache=tmp_path)
    assert 0 < len(first.request.record.rules) < len(rules.rules) / 2
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr("maskproxy.masking.finder._compile", never)
    again = treatments(rules, cache=tmp_path)
    assert [r.id for r in again.request.record.rules] == [r.id for r in first.answer.forward.rules]


def test_most_of_the_rules_are_not_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maskproxy.masking.finder._compile", never)
    rules = with_actions(GITHUB, [Override(("github-pat-*",), "allow", "alert")])
    first = treatments(rules, cache=tmp_path).request.record
    assert 0 < len(first.rules) < len(rules.rules)
    monkeypatch.setattr("maskproxy.masking.rules.width", never)
    again = treatments(rules, cache=tmp_path).request.record
    assert (again.rules, again.facts) == (first.rules, first.facts)
    masking, left = Masking(again, PLACEHOLDERS), {rule.id for rule in again.rules}
    for rule in rules.rules:
        text, _ = marked(cook(rule.samples[0]))
        assert (rule.id in {found.rule for found in masking.find(text)}) == (rule.id in left)


def test_no_rule_may_be_left() -> None:
    some = treatments(with_actions(GITHUB, [Override(("*",), "allow", "alert")]))
    assert some.request.record.rules == some.answer.forward.rules == ()
    assert Masking(some.answer.forward, PLACEHOLDERS).text(b"text") == (b"text", [])


texts = st.lists(st.sampled_from(MORSELS), max_size=22).map(b"".join)
overriding = st.builds(
    lambda rule, action: (Override((rule,), request=action),), st.sampled_from([rule.id for rule in MENAGERIE]), ACTIONS
)


def found_by(masking: Masking, pieces: list[bytes]) -> tuple[bytes, list[str]]:
    masker = masking.masker()
    made = b"".join([*map(masker.feed, pieces), masker.finish()])
    return made, [found.rule for found in masker.findings]


@settings(max_examples=150, deadline=None)
@given(overriding, texts, st.lists(st.integers(0, 60), max_size=30))
def test_actions_do_not_depend_on_cuts(overrides: tuple[Override, ...], text: bytes, places: list[int]) -> None:
    sought = sought_for(overrides)
    for masking in (sought.forward, sought.record):
        whole = found_by(masking, [text])
        assert found_by(masking, cut(text, places)) == whole
        assert found_by(masking, [text[i : i + 1] for i in range(len(text))]) == whole


@lru_cache
def without(rule: OracleRule) -> tuple[Masking, Masking]:
    """All rules but one: as an override leaves them, and compiled by themselves."""
    left = sought_for((Override((rule.id,), "allow"),)).forward
    return left, Masking(rule_set([one for one in MENAGERIE if one is not rule]), PLACEHOLDERS)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(MENAGERIE[::3]), texts)
def test_what_is_left_of_the_rules_finds_what_it_would_by_itself(rule: OracleRule, text: bytes) -> None:
    left, by_itself = without(rule)
    assert found_by(left, [text]) == found_by(by_itself, [text])
    assert left.rules.may_hold(text) or not by_itself.rules.may_hold(text)
    many = text * (1 + 5000 // max(1, len(text)))
    assert left.text(many) == by_itself.text(many)


@lru_cache
def alone(rule: OracleRule) -> Masking:
    return Masking(rule_set([rule]), PLACEHOLDERS)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(MENAGERIE), texts)
def test_a_rule_that_blocks_or_alerts_names_every_span_that_it_has_a_part_in(rule: OracleRule, text: bytes) -> None:
    spans = [(found.start, found.end) for found in alone(rule).find(text)]
    for override in (Override((rule.id,), request="block"), Override((rule.id,), request="alert")):
        sought = sought_for((override,))
        named = [(found.start, found.end) for found in sought.record.find(text) if found.rule == rule.id]
        assert len(named) <= len(spans)
        assert all(any(a <= start and end <= b for a, b in named) for start, end in spans)


def test_a_block_wins_over_an_alert_in_one_span() -> None:
    overlapping = rule_set(
        [OracleRule("first", "abcd", rank=3), OracleRule("told", "bcde"), OracleRule("last", "defg")]
    )
    actions: list[Override] = [Override(("told",), "alert"), Override(("last",), "block")]
    for some, name in ((actions[:1], "told"), (actions, "last"), (actions[::-1], "last"), ([], "first")):
        treatment = treatments(with_actions(overlapping, some)).request
        (found,) = Masking(treatment.record, PLACEHOLDERS, (), treatment.urgent).find(b"xabcdefgx")
        assert (found.rule, found.start, found.end) == (name, 1, 8)


def test_the_rule_set_keeps_what_it_was_compiled_to() -> None:
    rules = GITHUB
    assert with_actions(rules, []) is rules
    assert with_actions(rules, [Override(("*",), "block")]).databases == rules.databases
