"""Text in, masked text out: rules, matching, placeholders. Pure; the only room that knows Hyperscan."""

from maskproxy.masking.actions import Action, Direction, Override
from maskproxy.masking.dictionary import NO_DICTIONARIES, Dictionaries, Dictionary
from maskproxy.masking.lifting import CompanyPrints, Lift, Lifting, Noted, PrintKey
from maskproxy.masking.loading import load_rules
from maskproxy.masking.masked import Masked, trusted
from maskproxy.masking.masker import Finding, Masker
from maskproxy.masking.masking import Masking
from maskproxy.masking.placeholders import MARK, PlaceholderKey, Placeholders
from maskproxy.masking.restorer import Restorer
from maskproxy.masking.rules import Rule, RuleSet
from maskproxy.masking.seals import SealKey, Seals, Span, looks_sealed
from maskproxy.masking.treatments import (
    Compiled,
    Done,
    Named,
    Sought,
    Treatment,
    Treatments,
    treatments,
    urgent,
    with_actions,
)
from maskproxy.masking.vault import Known, Vault
from maskproxy.masking.work import Work

__all__ = [
    "MARK",
    "NO_DICTIONARIES",
    "Action",
    "CompanyPrints",
    "Compiled",
    "Dictionaries",
    "Dictionary",
    "Direction",
    "Done",
    "Finding",
    "Known",
    "Lift",
    "Lifting",
    "Masked",
    "Masker",
    "Masking",
    "Named",
    "Noted",
    "Override",
    "PlaceholderKey",
    "Placeholders",
    "PrintKey",
    "Restorer",
    "Rule",
    "RuleSet",
    "SealKey",
    "Seals",
    "Sought",
    "Span",
    "Treatment",
    "Treatments",
    "Vault",
    "Work",
    "load_rules",
    "looks_sealed",
    "treatments",
    "trusted",
    "urgent",
    "with_actions",
]
