"""Small rule sets for tests: each rule as the oracle wants it, and the same rule as the masker reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from maskproxy.masking import PlaceholderKey, RuleSet
from maskproxy.masking.loading import read_rule
from tests.masking.oracle import OracleRule

PLACEHOLDERS = PlaceholderKey(b"k" * 32).scoped("a person")
_BEFORE_VALUE = r"""(?:[\t "'`\\:=>,|()\[\]<{}?&;*#]|:-)"""
_IN_GAP = r"""[A-Za-z0-9_./+\t "'`\\:=>,|()\[\]<{}?&;*#-]"""
_NEXT_LINE = rf"[:={{(\[>\],\\]\r?\n[\t 0-9|+-]{{0,20}}{_IN_GAP}{{0,28}}"
GAP = rf"(?:{_IN_GAP}{{0,56}}|{_IN_GAP}{{0,56}}{_NEXT_LINE}){_BEFORE_VALUE}"
BESIDE_END = "(?![A-Za-z0-9+/=_-])"
"""What stands between a keyword and a secret, and what does not follow the secret."""
_SEVERITIES = ("low", "medium", "high", "critical")


def keyword_pattern(keyword: str) -> str:
    """Write how a keyword may be spelled: a blank in it stands for `_`, `.`, `-`, a blank or nothing."""
    return "[_. -]?".join(map(re.escape, keyword.split(" ")))


def rule_set(rules: Sequence[OracleRule]) -> RuleSet:
    return RuleSet([read_rule(entry(rule), "test", "a test") for rule in rules])


def entry(rule: OracleRule) -> dict[str, object]:
    inner = f"(?P<secret>{rule.secret})" if rule.before or rule.after else rule.secret
    checks: dict[str, object] = {"holds": [rule.holds]} if rule.holds else {}
    if rule.allow:
        checks["allow"] = list(rule.allow)
    if rule.unless_after:
        checks["unless_after"] = [rule.unless_after]
    whole = rule.left + rule.before + inner + rule.after + rule.right
    return {
        "id": rule.id,
        "pattern": rule.secret if rule.keywords else whole,
        "keywords": list(rule.keywords),
        "severity": _SEVERITIES[rule.rank],
        "checks": checks,
    }


MENAGERIE = (
    OracleRule("plain", "ab[abc]{2}"),
    OracleRule("tail", "ba[ab]{2,}"),
    OracleRule("bounded", "c[ac]{3,6}", rank=3),
    OracleRule("word", "[ab]{4,7}", left="(?<![abc])", right="(?![abc])"),
    OracleRule("key-value", "[abc]{3,5}", before="k[ =]{0,2}=", after="[; ]"),
    OracleRule("key-tail", "[abc;]{3,9}", before="k[ =]{0,2}:"),
    OracleRule("quoted", r'(?:[^"\\]|\\[^"]){2,5}', before='k"', after='"'),
    OracleRule("armour", "<B>[abc ]{3,}(?:<E>)?"),
    OracleRule("checked", "[ac]{5,30}", holds="c.*c"),
    OracleRule("behind", "a[bk]{3,5}", unless_after="[;c][abk]?"),
    OracleRule("characters", "=[^a=]{3,5}"),
    OracleRule("branches", "(?:a(?:b|cc){1,3}k|kk[bc]?k)b"),
)
"""One rule of every kind that the masker treats in its own way, over a tiny alphabet, so that they meet."""

OWN = PLACEHOLDERS.make("plain", b"x")
MORSELS = (
    [b"a", b"b", b"c"] * 3
    + [b"ab", b"ba", b"ccc", b"baab", b"k", b"kk", b"k=", b"k:", b'k"', b'"', b"=", b";", b" ", b"\\"]
    + [b"<B>", b"<E>", b"<", "é".encode(), "→".encode(), b"\xff", b"MASK"]
    + [OWN, PLACEHOLDERS.make("tail", b"y"), PLACEHOLDERS.make("tail", b"y")[:20]]
)
