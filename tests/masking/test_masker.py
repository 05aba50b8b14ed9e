"""The promises of the masker, as properties over random rules, texts and cuts, against the slow oracle."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking import Masking, RuleSet, masker, settling
from tests.masking import oracle
from tests.masking.oracle import OracleRule
from tests.masking.rulesets import MENAGERIE, MORSELS, PLACEHOLDERS, rule_set

_compiled: dict[tuple[OracleRule, ...], RuleSet] = {}

few_rules = st.lists(st.sampled_from(MENAGERIE), min_size=1, max_size=4, unique=True).map(tuple)
texts = st.lists(st.sampled_from(MORSELS), max_size=22).map(b"".join)
cuts = st.lists(st.integers(0, 60), max_size=30)


def masking_of(rules: tuple[OracleRule, ...]) -> Masking:
    if rules not in _compiled:
        _compiled[rules] = rule_set(rules)
    return Masking(_compiled[rules], PLACEHOLDERS)


def fed(masking: Masking, pieces: Sequence[bytes]) -> tuple[bytes, list[bytes], list[tuple[str, int, int]]]:
    stream = masking.masker()
    out = [stream.feed(piece) for piece in pieces]
    out.append(stream.finish())
    assert stream.held == 0
    return b"".join(out), [*out], [(f.rule, f.start, f.end) for f in stream.findings]


def cut(text: bytes, places: Sequence[int]) -> list[bytes]:
    stops = sorted({min(place, len(text)) for place in places})
    return [text[a:b] for a, b in zip([0, *stops], [*stops, len(text)], strict=True)]


@settings(max_examples=120, deadline=None)
@given(few_rules, texts, cuts)
def test_any_cut_gives_what_the_oracle_says(rules: tuple[OracleRule, ...], text: bytes, places: list[int]) -> None:
    masking = masking_of(rules)
    expected = oracle.mask(rules, text, PLACEHOLDERS)
    spans = oracle.spans(rules, text, PLACEHOLDERS)
    whole, findings = masking.text(text)
    assert whole == expected
    assert [(f.rule, f.start, f.end) for f in findings] == spans
    for pieces in (cut(text, places), [text[i : i + 1] for i in range(len(text))]):
        out, _, found = fed(masking, pieces)
        assert out == expected
        assert found == spans


@settings(max_examples=60, deadline=None)
@given(few_rules, texts, cuts)
def test_masking_twice_changes_nothing(rules: tuple[OracleRule, ...], text: bytes, places: list[int]) -> None:
    # The menagerie's classes hold letters of placeholders, so only text beside placeholders may be masked anew.
    masking = masking_of(rules)
    once = masking.text(text)[0]
    out, _, _ = fed(masking, cut(once, places))
    assert out == oracle.mask(rules, once, PLACEHOLDERS)
    for finding in masking.text(text)[1]:
        assert finding.placeholder.encode() in out


@settings(max_examples=80, deadline=None)
@given(few_rules, texts.filter(lambda t: b"\xff" not in t), cuts)
def test_output_never_ends_inside_a_character(rules: tuple[OracleRule, ...], text: bytes, places: list[int]) -> None:
    for piece in fed(masking_of(rules), cut(text, places))[1]:
        piece.decode()


@settings(max_examples=80, deadline=None)
@given(few_rules, texts, cuts)
def test_candidates_over_the_limit_are_masked_unchecked_in_bounded_memory(
    rules: tuple[OracleRule, ...], text: bytes, places: list[int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in (settling, masker):
            patch.setattr(module, "CANDIDATE_LIMIT", 12)
        expected = oracle.mask(rules, text, PLACEHOLDERS, limit=12)
        assert masking_of(rules).text(text)[0] == expected
        assert fed(masking_of(rules), cut(text, places))[0] == expected
        assert fed(masking_of(rules), [text[i : i + 1] for i in range(len(text))])[0] == expected


def test_what_a_masked_candidate_goes_on_with_is_kept_while_nothing_is_released(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (settling, masker):
        monkeypatch.setattr(module, "CANDIDATE_LIMIT", 12)
    rule = OracleRule("chain", "a[bc][^ ]{3}(?:a{2,4}c|a){0,2}a")
    text = b"baaaabaaaaababaaaabbaaaaaacaac"
    expected = oracle.mask((rule,), text, PLACEHOLDERS, limit=12)
    for place in range(len(text)):
        assert fed(masking_of((rule,)), cut(text, [place]))[0] == expected


SHORT = (OracleRule("short", "ab[abc]{2}"), OracleRule("fork", "(?:a(?:b|cc)k|kk[bc]?k)b"))
COMPLETIONS = [bytes(c) for length in range(1, 5) for c in itertools.product(b"abck", repeat=length)]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(SHORT), st.lists(st.sampled_from(b"aabbcckk "), max_size=14).map(bytes))
def test_a_byte_is_held_only_while_it_may_still_belong_to_a_secret(rule: OracleRule, text: bytes) -> None:
    stream = masking_of((rule,)).masker()
    word = re.compile(rule.secret.encode())
    for size in range(1, len(text) + 1):
        stream.feed(text[size - 1 : size])
        held_from = size - stream.held
        alive = [
            i
            for i in range(size)
            if oracle.may_begin_base64(text[i:size]) or any(word.fullmatch(text[i:size] + more) for more in COMPLETIONS)
        ]
        first = min(alive, default=size)
        overlapping = [s for _, s, e in oracle.spans((rule,), text[:size], PLACEHOLDERS) if s < first < e]
        assert held_from == min([first, *overlapping])


def test_a_long_tail_is_swallowed_and_still_gets_the_same_placeholder() -> None:
    masking = masking_of((OracleRule("long", "ba[ab]{2,}"),))
    secret = b"ba" + b"ab" * 20_000
    text = b"x " + secret + b" y"
    stream = masking.masker()
    out = b""
    for piece in cut(text, range(0, len(text), 700)):
        out += stream.feed(piece)
        assert stream.held <= settling.CANDIDATE_LIMIT + 700
    out += stream.finish()
    assert out == masking.text(text)[0] == b"x " + PLACEHOLDERS.make("long", secret) + b" y"


def test_what_comes_after_an_armour_that_has_no_end_is_released() -> None:
    masking = masking_of((OracleRule("armour", "<B>[abc ]{3,}(?:<E>)?"),))
    assert masking.text(b"<B>abcabc")[0] == PLACEHOLDERS.make("armour", b"<B>abcabc")
    assert masking.text(b"<B>abc<E>; so")[0] == PLACEHOLDERS.make("armour", b"<B>abc<E>") + b"; so"
    assert masking.text(b"<B>abc<F>")[0] == PLACEHOLDERS.make("armour", b"<B>abc") + b"<F>"


def test_literals_of_the_exchange_are_masked_across_any_cut() -> None:
    rules = masking_of((OracleRule("plain", "ab[abc]{2}"),)).rules
    masking = Masking(rules, PLACEHOLDERS, [("caller-token", b"tok-tok-toktok"), ("credential", b"c0ffee!!")])
    text = b"t tok-tok-tok-toktok tok-c0ffee!!abca"
    token, credential = (
        PLACEHOLDERS.make("caller-token", b"tok-tok-toktok"),
        PLACEHOLDERS.make("credential", b"c0ffee!!"),
    )
    expected = b"t tok-" + token + b" tok-" + credential + PLACEHOLDERS.make("plain", b"abca")
    assert masking.text(text)[0] == expected
    for step in range(1, len(text)):
        assert fed(masking, cut(text, range(0, len(text), step)))[0] == expected


def test_the_rule_that_starts_first_then_severity_then_id_names_a_span() -> None:
    rules = (
        OracleRule("b-low", "ab[ab]{3}", rank=0),
        OracleRule("a-high", "ab[abc]{4}", rank=2),
        OracleRule("c-high", "ab[ab]{3}c", rank=2),
    )
    assert masking_of(rules).find(b"-ababac")[0].rule == "a-high"
    assert masking_of(rules[::2]).find(b"-ababac")[0].rule == "c-high"
    assert masking_of(rules).find(b"-aababa-")[0].start == 2


def test_ordinary_text_leaves_as_the_same_bytes() -> None:
    masking = masking_of(MENAGERIE)
    for text in (b"", b"x", "ordinary text → with some characters".encode(), bytes(range(128, 256))):
        assert masking.text(text) == (text, [])
        assert fed(masking, cut(text, [1, 3, 8]))[0] == text
