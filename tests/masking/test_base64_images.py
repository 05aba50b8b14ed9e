"""What rules look like in base64: a superset for every rule that tells, wherever its text begins."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking import Rule
from maskproxy.masking.base64_images import images, tells
from maskproxy.masking.grammar import expression
from maskproxy.masking.samples import cook, marked
from maskproxy.masking.shapes import shape
from maskproxy.masking.syntax import parse
from tests.compiled import built_in
from tests.masking.test_syntax import patterns

RULES = built_in().rules


def expressions(rule: Rule) -> re.Pattern[bytes]:
    return re.compile("|".join(expression(image) for image in images([rule.shape.core])).encode())


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_every_sample_in_base64_holds_an_image_of_its_rule(rule: Rule) -> None:
    if not tells(rule.shape.core):
        return
    found = expressions(rule)
    for recipe in rule.samples:
        sample = marked(cook(recipe))[0]
        for before in range(3):
            text = b"\n" * before + sample + b"\n" * 3
            assert found.search(base64.b64encode(text))
            assert found.search(base64.urlsafe_b64encode(text))
            if sample.isascii():
                assert found.search(base64.b64encode(text.decode().encode("utf-16-le")))


def test_nearly_every_builtin_rule_tells() -> None:
    """README names these."""
    assert {rule.id for rule in RULES if not tells(rule.shape.core)} == {
        "asana-token",
        "azure-entra-client-secret-part",
        "discord-bot-token-alone",
        "evm-private-key",
        "jira-server-token",
        "mailgun-private-key-alone",
        "pushbullet-token",
        "twilio-account-token",
        "twilio-api-key",
        "yandex-secret",
    }


@settings(max_examples=150, deadline=None)
@given(patterns, st.binary(max_size=3), st.binary(max_size=6), st.data())
def test_every_word_of_a_rule_that_tells_holds_an_image(
    pattern: str, before: bytes, after: bytes, data: st.DataObject
) -> None:
    node = parse(f"tok(?:{pattern})en_1").secret
    if not tells(node):
        return
    found = re.compile("|".join(expression(image) for image in images([node])).encode())
    word = data.draw(st.from_regex(re.compile(expression(node).encode()), fullmatch=True))
    assert found.search(base64.b64encode(before + word + after + b"  "))


@pytest.mark.parametrize("pattern", ["[a-z0-9]{32}", "[A-Z][a-z]{3,9}[0-9]"])
def test_a_rule_that_matches_nearly_anything_does_not_tell(pattern: str) -> None:
    assert not tells(shape(pattern).core)
    assert images([shape(pattern).core]) == []
