"""Where rules may match: the numbers of hits, long texts and short ones, and raw JSON that may hold an encoded span."""

from __future__ import annotations

import base64
import json

import pytest

from maskproxy.masking import finder
from maskproxy.masking.encoded import CORE_BYTES
from tests.compiled import built_in
from tests.masking.oracle import OracleRule
from tests.masking.rulesets import rule_set

RULES = rule_set((OracleRule("one", "one_[a-z0-9]{8}"), OracleRule("two", "two_[a-z]{4}")))
SECRET = b"the key is one_" + b"abcd1234 and nothing else"


def test_hits_are_numbered_by_rule_then_placeholders_then_encoded_spans() -> None:
    assert sorted(RULES.hits(b"two_abcd one_abcd1234")) == [(0, 21), (1, 8)]
    assert {number for number, _ in RULES.hits(b"-%20password")} == {RULES.percent_index}
    assert {number for number, _ in RULES.hits(base64.b64encode(SECRET))} == {RULES.base64_index}
    assert RULES.hits(base64.b64encode(SECRET)[: CORE_BYTES - 1]) == []


def test_of_a_long_text_only_spans_that_may_hold_something_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    clean = base64.b64encode(b"nothing to be found in here, and so on and on")
    before = b"Here it is: " + clean + b" "
    text = before + base64.b64encode(SECRET) + b" " + clean + b" end"
    short = [end for number, end in RULES.hits(text) if number == RULES.base64_index]
    monkeypatch.setattr(finder, "LONG_BYTES", 24)
    long = [end for number, end in RULES.hits(text) if number == RULES.base64_index]
    assert long == [len(before) + CORE_BYTES]
    assert set(long) < set(short)


def test_a_span_at_the_end_of_a_long_text_is_given_since_it_may_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "LONG_BYTES", 24)
    clean = base64.b64encode(b"nothing to be found in here so far, " * 2)
    for end in (b"", b"=", b"\n", b"\n   ", b"\n  12", b"\n  12\t", b"\r", b"\n  12\xe2"):
        whole = clean[:76] + end if end[:1] in b"\r\n" else clean + end
        assert [number for number, _ in RULES.hits(whole)] == [RULES.base64_index]


def test_few_hits_are_all_hits_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "LONG_BYTES", 24)
    secrets = SECRET * 3 + b" two_abcd "
    lines = base64.encodebytes(SECRET * 9)
    for text in (secrets, base64.b64encode(SECRET) + b" end", lines, b"nothing to be found in here"):
        assert set(RULES.few_hits(text, 100) or ()) == set(RULES.hits(text))
    assert RULES.few_hits(secrets, 3) is None
    monkeypatch.setattr(finder, "_MOST_LONG_RUNS", 0)
    assert set(RULES.few_hits(lines, 100) or ()) == set(RULES.hits(lines))


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes])
def test_raw_json_with_an_encoded_secret_may_hold_one(encode) -> None:  # type: ignore[no-untyped-def]
    for text in (SECRET, b"??>>" * 3 + SECRET, SECRET * 9):
        for offset in range(3):
            written = json.dumps({"a": encode(b"x" * offset + text).decode()})
            assert RULES.may_hold(written.encode())
            assert RULES.may_hold(written.replace("/", "\\/").replace("+", "\\u002B").encode())


def test_raw_json_of_clean_spans_holds_nothing() -> None:
    spans = [base64.b64encode(b"nothing to be found in here, and so on and on").decode()] * 9
    assert not RULES.may_hold(json.dumps({"a": spans, "id": "toolu_01A09q90qw90lq917835lq9"}).encode())


def test_a_set_with_all_builtin_rules_finds_nothing_in_an_empty_text() -> None:
    assert built_in().hits(b"") == []
