from pathlib import Path

import pytest

from maskproxy.config import model
from maskproxy.masking.actions import MASKS, Actions
from maskproxy.service.rules import configured_rules, configured_treatments, nameless


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
    found = configured_treatments(masking)
    everything = len(found.rules.rules)
    request, answer = found.request, found.answer
    assert len(request.forward.rules) == len(request.record.rules) == len(answer.forward.rules) == everything - 2
    assert answer.record is found.rules
    assert answer.actions == {"github-app-token": "alert", "github-pat-classic": "alert"}


def test_patterns_that_name_nothing(masking: model.Masking) -> None:
    assert nameless(configured_rules(masking), ("github-*", "gitlab-*", "github-app-token", "*", "")) == [1, 4]
