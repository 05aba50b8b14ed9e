"""Text in, masked text out: rules, matching, placeholders. Pure; the only room that knows Hyperscan."""

from maskproxy.masking.loading import load_rules
from maskproxy.masking.masked import Masked, trusted
from maskproxy.masking.masker import Finding, Masker, Masking
from maskproxy.masking.placeholders import PlaceholderKey, Placeholders
from maskproxy.masking.rules import Rule, RuleSet

__all__ = [
    "Finding",
    "Masked",
    "Masker",
    "Masking",
    "PlaceholderKey",
    "Placeholders",
    "Rule",
    "RuleSet",
    "load_rules",
    "trusted",
]
