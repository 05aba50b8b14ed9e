"""Text in, masked text out: rules, matching, placeholders. Pure; the only room that knows Hyperscan."""

from maskproxy.masking.loading import load_rules
from maskproxy.masking.masked import Masked, trusted
from maskproxy.masking.masker import Finding, Masker
from maskproxy.masking.masking import Masking
from maskproxy.masking.placeholders import MARK, PlaceholderKey, Placeholders
from maskproxy.masking.restorer import Restorer
from maskproxy.masking.rules import Rule, RuleSet
from maskproxy.masking.seals import SealKey, Seals, Span, looks_sealed
from maskproxy.masking.vault import Vault

__all__ = [
    "MARK",
    "Finding",
    "Masked",
    "Masker",
    "Masking",
    "PlaceholderKey",
    "Placeholders",
    "Restorer",
    "Rule",
    "RuleSet",
    "SealKey",
    "Seals",
    "Span",
    "Vault",
    "load_rules",
    "looks_sealed",
    "trusted",
]
