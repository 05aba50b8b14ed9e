"""The builtin rules, what they are proved by."""

from __future__ import annotations

from maskproxy.masking import Masking
from maskproxy.masking.samples import cook, marked
from tests.compiled import built_in
from tests.masking.rulesets import PLACEHOLDERS

RULES = built_in()
MASKING = Masking(RULES, PLACEHOLDERS)
SAMPLES = [(rule, marked(cook(recipe))[0]) for rule in RULES.rules for recipe in rule.samples]
NEAR_MISSES = [cook(recipe).encode() for rule in RULES.rules for recipe in rule.near_misses]
FILLER = [
    "So the key is ",
    "\n",
    "```\n",
    '"',
    " → ",
    "password: ",
    "x=",
    ", then é",
    "https://",
    "-----BEGIN ",
    "MASKED_",
]
