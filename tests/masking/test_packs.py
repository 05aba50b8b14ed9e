"""The packs that a configuration names: found in any cut, silent in clean text, and never in the default rules."""

from __future__ import annotations

import email.message
import http.client
import json
import random
import tokenize
from pathlib import Path

import pytest

from maskproxy.masking import Masking, Rule
from maskproxy.masking.rulefiles import sources
from maskproxy.masking.samples import cook, marked
from tests.compiled import built_in
from tests.masking.builtin import RULES as DEFAULT
from tests.masking.rulesets import PLACEHOLDERS

PACKS = ("cards", "email", "iban", "national-ids", "phone", "public-ip", "ssn")
RULES = built_in(*(f"builtin:{name}" for name in PACKS))
MASKING = Masking(RULES, PLACEHOLDERS)
SAMPLES = [(rule, marked(cook(recipe))[0]) for rule in RULES.rules for recipe in rule.samples]
CLEAN = [Path(str(module.__file__)) for module in (json, email.message, http.client, tokenize, random)]


def test_the_packs_are_these_and_none_is_in_the_default_rules() -> None:
    assert sorted(path.stem for path in sources.PACKS.glob("*.yaml")) == sorted(PACKS)
    assert not {rule.id for rule in DEFAULT.rules} & {rule.id for rule in RULES.rules}


@pytest.mark.parametrize(("rule", "sample"), SAMPLES, ids=[f"{r.id}-{i}" for i, (r, _) in enumerate(SAMPLES)])
def test_a_sample_is_masked_alike_in_every_cut(rule: Rule, sample: bytes) -> None:
    whole, findings = MASKING.text(sample)
    assert findings, rule.id
    for step in (1, 3):
        stream = MASKING.masker()
        out = b"".join(stream.feed(sample[i : i + step]) for i in range(0, len(sample), step)) + stream.finish()
        assert out == whole
        assert stream.findings == findings
    assert MASKING.text(whole)[0] == whole


def test_numbers_of_people_and_accounts_are_next_to_never_in_clean_source() -> None:
    strict = Masking(built_in(*(f"builtin:{name}" for name in ("cards", "iban", "ssn", "national-ids"))), PLACEHOLDERS)
    text = b"".join(path.read_bytes() for path in {p for s in CLEAN for p in s.parent.glob("*.py")})
    assert len(text) > 1_000_000
    found = strict.find(text)
    assert len(found) <= 2, [text[f.start - 30 : f.end] for f in found]
