"""What raw JSON is scanned for must be found wherever a string, or a `key: value`, holds a match."""

from __future__ import annotations

import pytest

from maskproxy.errors import RuleRefused
from maskproxy.masking import Masking, RuleSet
from maskproxy.masking.loading import read_rule
from tests.compiled import built_in
from tests.masking.builtin import MASKING
from tests.masking.rulesets import PLACEHOLDERS

HEADERS = Masking(built_in("builtin:headers"), PLACEHOLDERS)


def masking_of(pattern: str) -> Masking:
    return Masking(RuleSet([read_rule({"id": "one", "pattern": pattern}, "test", "a test")]), PLACEHOLDERS)


@pytest.mark.parametrize("between", [":[", " : [ ", "\n:[[", ': ["x", {"y": [1]}, ['])
def test_the_key_of_an_array_betrays_what_stands_in_it(between: str) -> None:
    basic = '"Basic abc' + 'def0123456789"'
    assert MASKING.may_hold(f'{{"Authorization"{between}{basic}'.encode())
    assert HEADERS.may_hold(f'{{"Authorization"{between}{basic}'.encode())
    assert not HEADERS.may_hold(f'{{"Author"{between}{basic}'.encode())
    mine = masking_of(r'(?:one|two)["=: ]{1,3}(?P<secret>[0-9]{4})')
    assert mine.may_hold(f'{{"two"{between}"1234"'.encode())
    assert not mine.may_hold(f'{{"tow"{between}"1234"'.encode())


def test_a_match_may_begin_behind_the_colon() -> None:
    mine = masking_of(r"\s[;=]{2}k[a-z]{3}")
    assert mine.find(b"a: ;=kabc")
    assert mine.may_hold(b'{"a":";=kabc"}')
    assert mine.may_hold(b'{"a":["b",";=kabc"]}')


@pytest.mark.parametrize(
    "pattern", [r"\s{4,9}", "[^a]{4}", r"(?P<secret>[\x80-\xff][\x80-\xff][\x80-\xff][\x80-\xff])"]
)
def test_a_rule_that_any_json_might_hold_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(RuleRefused, match="Rule one is refused: any JSON might hold it"):
        masking_of(pattern)
