from __future__ import annotations

import pytest

from maskproxy.masking import Masking, PlaceholderKey, RuleSet
from tests.compiled import built_in


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    return built_in()


@pytest.fixture
def masking(rules: RuleSet) -> Masking:
    return Masking(rules, PlaceholderKey(b"bodies" * 6).scoped("test"))
