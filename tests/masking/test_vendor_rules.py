"""Vendors' rules: each is proved broadly, and finds exactly its secret wherever people keep one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from maskproxy.masking import Rule
from maskproxy.masking.grammar import EMPTY
from maskproxy.masking.masker import Masker
from maskproxy.masking.samples import cook, marked
from tests.masking.builtin import MASKING, RULES

FAMILIES = frozenset(
    {
        "anthropic",
        "ai",
        "aws",
        "google",
        "azure",
        "cloud",
        "hosting",
        "github",
        "gitlab",
        "forges",
        "registries",
        "secret-stores",
        "provisioning",
        "ci",
        "monitoring",
        "databases",
    }
)
"""The files in which vendors with tokens for code, machines and models stand."""
OURS = [rule for rule in RULES.rules if rule.family in FAMILIES]
PARTS = {"azure-entra-client-secret-part", "terraform-cloud-token-part"}
"""These begin inside a token, of which what comes before is masked where a rule of its own knows it."""
SELF_IDENTIFYING = [
    rule for rule in OURS if rule.shape.before == EMPTY and rule.shape.after == EMPTY and rule.id not in PARTS
]
BESIDE = [rule for rule in OURS if rule.keywords]

SURROUNDINGS: dict[str, Callable[[str], str]] = {
    "python": 'client = Client(api_key="{}", timeout=3)\n'.format,
    "go": '\ttoken := "{}"\n\tif err != nil {{\n'.format,
    "java": 'private static final String TOKEN = "{}";\n'.format,
    "javascript": "const token = '{}';\n".format,
    "php": "'token' => '{}',\n".format,
    "environment": "TOKEN={}\nOTHER=1\n".format,
    "yaml": "spec:\n  token: {}\n  other: 1\n".format,
    "json": lambda secret: json.dumps({"token": secret, "n": 1}),
    "json in json": lambda secret: json.dumps({"body": json.dumps({"token": secret, "n": 1})}),
    "shell": 'curl -H "Authorization: Bearer {}" https://host.example/\n'.format,
    "diff": '-  token: "old"\n+  token: "{}"\n'.format,
    "log": "2026-03-01T10:00:00Z ERROR token {} was refused\n".format,
    "url": "https://host.example/v1/me?access_token={}&page=2".format,
    "listing": '    17\ttoken = "{}"\n    18\t\n'.format,
    "listing with arrows": "    17→token: {}\n    18→\n".format,
    "xml element": "<token>{}</token>".format,
    "xml attribute": '<add key="token" value="{}"/>'.format,
    "escaped line": '"first\\n{}\\nlast"'.format,
    "markdown": "Use `{}` for it.".format,
    "table": "a,{},b\n".format,
}


@pytest.mark.parametrize("rule", OURS, ids=[rule.id for rule in OURS])
def test_a_rule_is_proved_broadly(rule: Rule) -> None:
    assert len(set(rule.samples)) >= 3
    assert len(set(rule.near_misses)) >= 2


@pytest.mark.parametrize("rule", SELF_IDENTIFYING, ids=[rule.id for rule in SELF_IDENTIFYING])
def test_a_token_that_names_itself_is_found_exactly_in_every_surrounding(rule: Rule) -> None:
    secret = _secret(rule)
    missed = []
    for name, write in SURROUNDINGS.items():
        text = write(secret)
        start = len(text[: text.index(secret)].encode())
        found = _found(rule, text)
        if found != [(start, start + len(secret.encode()))]:
            missed.append((name, found, start))
        if name.startswith("json"):
            assert MASKING.may_hold(text.encode())
    assert not missed


@pytest.mark.parametrize("rule", BESIDE, ids=[rule.id for rule in BESIDE])
def test_a_token_beside_its_name_is_found_however_that_is_written(rule: Rule) -> None:
    secret = _secret(rule)
    words = rule.keywords[0].split()
    for text in (
        f"{'_'.join(words).upper()}={secret}\n",
        f'{"_".join(words)}: "{secret}"\n',
        f"{words[0]}{''.join(word.title() for word in words[1:])} = '{secret}';",
        json.dumps({"body": json.dumps({"_".join(words): secret})}),
        f"our {' '.join(words)} is {secret}, I think",
    ):
        assert secret.encode() in [text.encode()[start:end] for start, end in _found(rule, text)], text


def _found(rule: Rule, text: str) -> list[tuple[int, int]]:
    survivors = Masker(MASKING).survivors(text.encode())
    return [(start, end) for index, start, end in survivors if RULES.rules[index] is rule]


def _secret(rule: Rule) -> str:
    text, span = next((text, span) for text, span in map(marked, map(cook, rule.samples)) if span)
    return text[slice(*span)].decode()
