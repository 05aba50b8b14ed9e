from __future__ import annotations

import pytest

from maskproxy.masking import Masking, PlaceholderKey, RuleSet, load_rules


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    return load_rules(["builtin:default"])


@pytest.fixture
def masking(rules: RuleSet) -> Masking:
    return Masking(rules, PlaceholderKey(b"bodies" * 6).scoped("test"))
