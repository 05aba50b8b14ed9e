"""Text in, masked text out: rules, matching, placeholders. Pure; the only room that knows Hyperscan."""

from maskproxy.masking.loading import load_rules
from maskproxy.masking.masked import Masked, trusted
from maskproxy.masking.masker import Finding, Masker, Masking
from maskproxy.masking.placeholders import MARK, PlaceholderKey, Placeholders
from maskproxy.masking.restorer import Restorer
from maskproxy.masking.rules import Rule, RuleSet
from maskproxy.masking.vault import Known, Vault

__all__ = [
    "MARK",
    "Finding",
    "Known",
    "Masked",
    "Masker",
    "Masking",
    "PlaceholderKey",
    "Placeholders",
    "Restorer",
    "Rule",
    "RuleSet",
    "Vault",
    "load_rules",
    "trusted",
]
