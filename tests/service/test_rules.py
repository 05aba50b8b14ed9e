from pathlib import Path

import pytest

from maskproxy.config import model
from maskproxy.masking import Lift, RuleSet, load_rules
from maskproxy.masking.actions import MASKS, Actions
from maskproxy.service.rules import ConfiguredRules, configured_rules, lifts, nameless


@pytest.fixture
def masking() -> model.Masking:
    return model.Masking(
        key=model.MaskingKey(file=Path("/masking.key")),
        rules=("builtin:github",),
        actions=(
            model.RuleActions(rules=("github-*",), request="block"),
            model.RuleActions(rules=("github-app-token", "*-pat-classic"), request="allow", answer="alert"),
        ),
    )


def test_the_configuration_gives_rules_their_actions(masking: model.Masking) -> None:
    actions = {rule.id: rule.actions for rule in configured_rules(masking).rules}
    assert actions["github-app-token"] == actions["github-pat-classic"] == Actions("allow", "alert")
    assert actions["github-oauth-token"] == Actions("block", "mask")
    plain = masking.model_copy(update={"actions": ()})
    assert {rule.actions for rule in configured_rules(plain).rules} == {MASKS}


def test_each_direction_gets_its_rules(masking: model.Masking) -> None:
    found = ConfiguredRules().treatments(masking)
    everything = len(found.rules.rules)
    request, answer = found.request, found.answer
    assert len(request.forward.rules) == len(request.record.rules) == len(answer.forward.rules) == everything - 2
    assert [rule.id for rule in answer.record.rules] == [rule.id for rule in found.rules.rules]
    assert answer.actions == {"github-app-token": "alert", "github-pat-classic": "alert"}


def test_patterns_that_name_nothing(masking: model.Masking) -> None:
    assert nameless(configured_rules(masking), ("github-*", "gitlab-*", "github-app-token", "*", "")) == [1, 4]


def test_what_grants_name_alike_is_loaded_and_compiled_once(
    masking: model.Masking, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def counting(sources: list[str | Path], *, cache: Path | None) -> RuleSet:
        loaded.append(sources)
        return load_rules(sources, cache=cache)

    monkeypatch.setattr("maskproxy.service.rules.load_rules", counting)
    rules = ConfiguredRules()
    own = rules.treatments(masking)
    assert rules.treatments(masking.under(model.GrantMasking())) is own
    alert = model.RuleActions(rules=("github-app-token", "*-pat-classic"), request="alert")
    other = rules.treatments(masking.under(model.GrantMasking(actions=(alert,))))
    assert other.answer.actions == {}
    assert other.request.actions == {"github-app-token": "alert", "github-pat-classic": "alert"}
    assert other.request.forward is own.request.forward
    assert other.request.record is own.answer.record
    assert loaded == [["builtin:github"]]
    assert {rule.id for rule in rules.treatments(masking.under(model.GrantMasking(rules=("builtin:aws",)))).rules.rules}
    assert loaded == [["builtin:github"], ["builtin:aws"]]


def test_what_it_takes_to_lift_is_up_to_rule_action_and_configuration(masking: model.Masking) -> None:
    github = ConfiguredRules().treatments(masking)
    by_rule, other = lifts(github, model.Allow())
    assert set(by_rule.values()) == {Lift.APPROVAL, Lift.NEVER}
    assert by_rule["caller-token"] == by_rule["service-credential"] == Lift.NEVER
    assert other == Lift.APPROVAL
    generic = masking.model_copy(update={"rules": ("builtin:default",), "actions": ()})
    rules = ConfiguredRules()
    plain, _ = lifts(rules.treatments(generic), model.Allow())
    assert (plain["secret-in-quotes"], plain["github-pat-classic"]) == (Lift.AT_ONCE, Lift.APPROVAL)
    block = model.RuleActions(rules=("secret-in-q*",), answer="block")
    told, _ = lifts(rules.treatments(generic.model_copy(update={"actions": (block,)})), model.Allow())
    assert told["secret-in-quotes"] == Lift.APPROVAL
    never, other = lifts(rules.treatments(generic), model.Allow(generic="approval", vendor="never"))
    assert (never["secret-in-quotes"], never["github-pat-classic"], other) == (Lift.APPROVAL, Lift.NEVER, Lift.NEVER)
