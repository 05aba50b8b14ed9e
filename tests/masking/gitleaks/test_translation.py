"""What a Go regex finds, our patterns find as well. Python's `re` stands in for Go where the two mean the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.errors import RuleRefused
from maskproxy.masking import Masking, RuleSet
from maskproxy.masking.gitleaks.translation import translate
from maskproxy.masking.loading import read_rule
from tests.masking.rulesets import PLACEHOLDERS


def masking(regex: str, group: int = 0) -> Masking:
    parts = translate(regex, group).patterns
    return Masking(
        RuleSet(
            [read_rule({"id": f"r-{n}", "pattern": part.pattern()}, "test", "test") for n, part in enumerate(parts)]
        ),
        PLACEHOLDERS,
    )


def found(regex: str, text: str, group: int = 0) -> list[str]:
    data = text.encode()
    return [data[f.start : f.end].decode() for f in masking(regex, group).find(data)]


LEAD = (
    r"""(?i)[\w.-]{0,50}?(?:acme|ac-me)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}"""
)
END = r"""(?:[\x60'"\s;]|\\[nr]|$)"""


@pytest.mark.parametrize(
    ("regex", "text", "secrets"),
    [
        (f"{LEAD}([a-z0-9]{{16}}){END}", 'my.ACME_key = "a1b2c3d4e5f6a7b8"', ["a1b2c3d4e5f6a7b8"]),
        (f"{LEAD}([a-z0-9]{{16}}){END}", "ac-me: a1b2c3d4e5f6a7b8", ["a1b2c3d4e5f6a7b8"]),
        (f"{LEAD}([a-z0-9]{{16}}){END}", "acme: a1b2c3d4e5f6a7b8\\n", ["a1b2c3d4e5f6a7b8"]),
        (f"{LEAD}([a-z0-9]{{16}}){END}", "acme: a1b2c3d4e5f6a7b8x", []),
        (r"\b((?:XX|YY)[A-Z2-7]{8})\b", "XXABCDEFGH aYYABCDEFGH YYABCDEFGHI", ["XXABCDEFGH"]),
        (r"\bab[\w-]{4}\b", "ab12-4x ab123-4 ab123-", ["ab123-"]),
        (r"(?m)^key=(.*)$", "a key=no\nkey=yes\n", ["yes"]),
        (r"^key=(\w+)$", "key=whole", ["whole"]),
        (r"^key=(\w+)$", "key=whole\n", []),
        (r"(?:(aaaa[0-9]{4})|bbbb=([0-9]{4}))x", "aaaa1234x bbbb=5678x", ["aaaa1234", "5678"]),
        (r"(?P<user>[a-z]{2,5}):(?P<pass>[^@\s]{3,})@", "joe:hunter2@host", ["joe"]),
        (r"tok(?:_(\d{4}))?-[a-z]{4}", "tok_1234-abcd tok-abcd", ["1234", "tok-abcd"]),
        (r"(?i:ke(?-i:Y))_[[:alnum:]]{4}", "KEY_ab12 keY_ab12 key_ab12", ["KEY_ab12", "keY_ab12"]),
        (r"\Qa.b(\E[0-9]{3}", "a.b(123 axb(123", ["a.b(123"]),
        (r"\x61\x{62}\143\pL{2}\p{Nd}", "abcxy1 abcx11", ["abcxy1"]),
        (r"end[0-9]{4}\z", "end1234 end1234", ["end1234"]),
        (r"(?:^|[^0-9a-f])([0-9a-f]{8})(?:[^0-9a-f]|$)", "01234567 0123456789 89abcdef", ["01234567", "89abcdef"]),
        (r"a{2}{x}b{1,2}", "aa{x}bb", ["aa{x}bb"]),
        (r"(?s)BEGIN.{4,}?END", "BEGIN12\n34END", ["BEGIN12\n34END"]),
    ],
)
def test_what_is_meant_is_found(regex: str, text: str, secrets: list[str]) -> None:
    assert found(regex, text) == secrets


def test_the_group_that_is_named_is_the_secret() -> None:
    regex = r"(?P<user>[a-z]{2,5}):(?P<pass>[^@\s]{3,})@"
    assert found(regex, "joe:hunter2@host", 2) == ["hunter2"]


@pytest.mark.parametrize(
    ("regex", "reason"),
    [
        ("a(?=b)", "look-around"),
        ("a(?<!b)", "look-around"),
        (r"(a)\1bcd", "back-references"),
        ("(abc", "not closed"),
        ("abc)", "was not opened"),
        ("*abc", "without anything to repeat"),
        ("a**", "quantifier follows"),
        ("a{1001}", "over 1000"),
        ("[b-a]", "upside down"),
        ("[[:nothing:]]", "not known"),
        (r"\pX1", "names no class"),
        ("abc$d", "match nothing"),
        ("(" * 80 + "a" + ")" * 80, "too deep"),
        ("a" * 30_000, "longer than"),
        ("(?:^a|b$)" * 12, "too many ways"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(regex: str, reason: str) -> None:
    with pytest.raises(RuleRefused, match=reason):
        translate(regex)


def test_a_group_that_is_not_there_is_refused() -> None:
    with pytest.raises(RuleRefused, match="secretGroup is 2"):
        translate("(abcd)", 2)


@pytest.mark.parametrize(
    ("regex", "note"),
    [
        (r"key\s*=\s*([a-z]{4}[0-9]+x)", "repetitions without bound are followed for 20, 400 rounds"),
        (r"key=([a-z]{4,8}?)", "lazy"),
        (rf"key=([a-z]{{8}}){END}", "only the nearest byte"),
        (r"a[b\n](?m:^)cdefg", "anchor"),
        (r"\b[\w-]{20,}", r"\\b beside"),
    ],
)
def test_what_is_not_kept_is_noted(regex: str, note: str) -> None:
    assert any(re.search(note, told) for told in translate(regex).notes), translate(regex).notes


_ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", r"\w", "c", "(?:ab|c)", "(?i:a)", r"\d", "1", r"[\d;]", ";"])
_QUANTIFIED = st.tuples(_ATOMS, st.sampled_from(["", "", "?", "{2}", "{1,3}", "*", "+", "+?", "{0,2}?"])).map("".join)
_SERIES = st.lists(_QUANTIFIED, min_size=1, max_size=4).map("".join)
_LEFTS = st.sampled_from(["", "", r"\b", "^", "(?m:^)", "(?:^|;)", r"(?:\W|^)", "[ab]*", r"\b[ab]{0,3}?", r"\B"])
_RIGHTS = st.sampled_from(["", "", r"\b", r"\z", "(?:;|$)", "(?:[;1]|x[ab]|$)", "[ab]*", r"\B", "(?m:$)", "c?"])
_REGEXES = st.builds(
    lambda left, before, secret, after, right, captured: (
        f"{left}{before}({secret}){after}{right}" if captured else f"{left}{secret}{right}"
    ),
    _LEFTS,
    st.one_of(st.just(""), _SERIES),
    st.one_of(_SERIES, st.tuples(_SERIES, _SERIES).map("|".join).map(lambda inner: f"(?:{inner})")),
    st.one_of(st.just(""), _SERIES),
    _RIGHTS,
    st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(_REGEXES, st.lists(st.text("aabbc1; \nAx", max_size=24), min_size=4, max_size=8))
def test_every_secret_that_the_regex_finds_is_masked(regex: str, texts: list[str]) -> None:
    try:
        inside = masking(regex)
    except RuleRefused:
        return
    python = re.compile(
        regex.replace(r"\z", r"\Z").replace("(?:;|$)", r"(?:;|\Z)").replace("x[ab]|$)", r"x[ab]|\Z)").encode()
    )
    for data in map(str.encode, texts):
        spans = [(f.start, f.end) for f in inside.find(data)]
        for match in python.finditer(data):
            start, end = match.span(1) if python.groups and match.group(1) else match.span()
            if start < end and not python.groups:
                # What stands at the edges of a regex without a group is context, if it need not be there.
                start, end = _inner(regex, data, start, end)
            assert start >= end or any(s <= start and end <= e for s, e in spans), (regex, data, spans, (start, end))


def _inner(regex: str, data: bytes, start: int, end: int) -> tuple[int, int]:
    if regex.startswith(("(?:^|;)", r"(?:\W|^)")) and not data[start : start + 1].isalnum():
        start += 1
    if regex.endswith(("(?:;|$)", "(?:[;1]|x[ab]|$)")):
        end -= 2 if data[end - 2 : end - 1] == b"x" and data[end - 1 : end] in (b"a", b"b") else 1
    return start, end
