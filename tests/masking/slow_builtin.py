"""The builtin rules as the oracle wants them: their patterns are taken apart by hand, with no word from `syntax`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from maskproxy.masking import Rule
from tests.masking.oracle import OracleRule
from tests.masking.rulesets import BESIDE_END, GAP, keyword_pattern

_INSIDE = r"(?:[^\\()\[\]]|\\.|\[(?:\\.|[^\]\\])*\])*"
_LEFT = re.compile(rf"(?:\\b|\\A|\(\?<[=!]{_INSIDE}\))*", re.DOTALL)
_RIGHT = re.compile(rf"(?:\\b|\\Z|\(\?[=!]{_INSIDE}\))*\Z", re.DOTALL)
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_SECRET = "(?P<secret>"


def oracle_rule(rule: Rule) -> OracleRule:
    """Say a builtin rule for the oracle. Its checks are pure functions of a candidate, and stay the rule's own."""
    rank = rule.rank
    if rule.keywords:
        words = "|".join(map(keyword_pattern, rule.keywords))
        before = f"(?i:{words}){GAP}"
        return OracleRule(rule.id, rule.pattern, before=before, right=BESIDE_END, rank=rank, accepts=rule.checks.pass_)
    pattern, caseless = rule.pattern.removeprefix("(?i)"), rule.pattern.startswith("(?i)")
    left = _LEFT.match(pattern)
    assert left is not None
    right = next(m for at in range(left.end(), len(pattern) + 1) if (m := _RIGHT.match(pattern, at)))
    middle = pattern[left.end() : right.start()]
    before, secret, after = _parts(middle)
    if caseless:
        before, secret, after = (f"(?i:{part})" for part in (before, secret, after))
    return OracleRule(
        rule.id, secret, before, after, left=left[0], right=right[0], rank=rank, accepts=rule.checks.pass_
    )


def searched(rule: OracleRule) -> re.Pattern[bytes]:
    """What finds something wherever the rule matches anything: most rules need no slow look."""
    whole = f"{rule.left}(?:{rule.before})(?:{rule.secret})(?:{rule.after}){rule.right}"
    return re.compile(whole.encode())


def _parts(pattern: str) -> tuple[str, str, str]:
    before, mark, rest = pattern.partition(_SECRET)
    if not mark:
        return "", pattern, ""
    depth = 1
    for start, token in _tokens(rest):
        depth += (token == "(") - (token == ")")
        if not depth:
            return before, rest[:start], rest[start + 1 :]
    raise AssertionError("a group is not closed")


def _tokens(pattern: str) -> Iterator[tuple[int, str]]:
    for match in _TOKEN.finditer(pattern):
        yield match.start(), match[0]
