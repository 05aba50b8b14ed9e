from __future__ import annotations

import re

import pytest

from maskproxy.errors import RuleRefused
from maskproxy.masking.samples import cook, marked


def test_a_recipe_always_gives_the_same_text() -> None:
    assert cook("ghp_{alnum:36}") == cook("ghp_{alnum:36}")
    assert re.fullmatch("a[0-9a-f]{20}-[0-9]{3}", cook("a{hex:20}-{digit:3}"))
    first, second = cook("{hex:16} {hex:16}").split()
    assert first != second
    assert cook("{{x}}") == "{x}"


def test_a_mark_tells_where_the_secret_is() -> None:
    assert marked("é «abc» d") == ("é abc d".encode(), (3, 6))
    assert marked("plain") == (b"plain", None)


def test_bad_recipes_are_refused() -> None:
    with pytest.raises(RuleRefused, match="alphabet"):
        cook("{runes:4}")
    with pytest.raises(RuleRefused, match="closed"):
        marked("a «b")
