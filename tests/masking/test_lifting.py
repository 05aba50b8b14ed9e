"""Lifted spans: they pass as they are where they are spans from end to end, however the text is cut."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.errors import RuleRefused
from maskproxy.masking import (
    CompanyPrints,
    Finding,
    Lift,
    Lifting,
    Masking,
    PlaceholderKey,
    PrintKey,
    Sought,
    treatments,
)
from maskproxy.masking.lifting import LIMIT_BYTES
from maskproxy.masking.loading import read_rule
from maskproxy.masking.rulefiles.survey import survey
from tests.compiled import built_in
from tests.masking import oracle
from tests.masking.oracle import OracleRule
from tests.masking.rulesets import MENAGERIE, MORSELS, PLACEHOLDERS, rule_set
from tests.masking.test_masker import cut

KEY = PrintKey(b"k" * 32).of("ada")
RULES = rule_set(MENAGERIE)
LIFTS = {rule.id: Lift(number % 3) for number, rule in enumerate(MENAGERIE)}
texts = st.lists(st.sampled_from(MORSELS), max_size=22).map(b"".join)


def fingerprint(text: bytes) -> bytes:
    span = Lifting(KEY, {}).begin()
    span.add(text)
    return span.finish()[0]


def masked(masking: Masking, pieces: list[bytes]) -> tuple[bytes, list[Finding]]:
    masker = masking.masker()
    return b"".join([*map(masker.feed, pieces), masker.finish()]), masker.findings


@settings(max_examples=200, deadline=None)
@given(texts, st.lists(st.integers(0, 60), max_size=30), st.data())
def test_what_is_lifted_is_as_the_oracle_says_in_every_cut(text: bytes, places: list[int], data: st.DataObject) -> None:
    spans = oracle.spans_with_parts(MENAGERIE, text, PLACEHOLDERS)
    granted = {
        fingerprint(text[start:end]): data.draw(st.sampled_from([Lift.AT_ONCE, Lift.APPROVAL]))
        for _, start, end in spans
        if data.draw(st.booleans())
    }

    def is_lifted(parts: list[str], start: int, end: int) -> bool:
        takes = max(LIFTS[rule] for rule in parts)
        return takes < Lift.NEVER and granted.get(fingerprint(text[start:end]), -1) >= takes

    stays = [(parts[0], start, end) for parts, start, end in spans if not is_lifted(parts, start, end)]
    expected = oracle.masked(text, stays, PLACEHOLDERS)
    everything = oracle.masked(text, [(parts[0], start, end) for parts, start, end in spans], PLACEHOLDERS)
    for pieces in ([text], cut(text, places), [text[i : i + 1] for i in range(len(text))]):
        lifting = Lifting(KEY, LIFTS, granted)
        assert masked(Masking(RULES, PLACEHOLDERS).under(lifting, lifts=True), pieces) == (
            expected,
            [
                Finding(rule, start, end, PLACEHOLDERS.make(rule, text[start:end]).decode())
                for rule, start, end in stays
            ],
        )
        lifted = {
            PLACEHOLDERS.make(parts[0], text[start:end]).decode()
            for parts, start, end in spans
            if is_lifted(parts, start, end)
        }
        assert lifting.passed == lifted
        assert masked(Masking(RULES, PLACEHOLDERS).under(lifting, lifts=False), pieces)[0] == everything
        assert lifting.passed == lifted


def test_a_span_is_known_in_every_session_and_under_every_rule() -> None:
    rules = rule_set([OracleRule("one", "x[0-9]{4,8}"), OracleRule("two", "[0-9]{4}", before="pin ")])
    noted = {}
    for scope, text in (("session a", b"x1234"), ("session b", b"x1234")):
        lifting = Lifting(KEY, {})
        Masking(rules, PlaceholderKey(b"k" * 32).scoped(scope)).under(lifting, lifts=False).text(text)
        noted.update(lifting.noted)
    assert len(noted) == 2
    assert len({one.fingerprint for one in noted.values()}) == 1
    lifting = Lifting(KEY, {}, {fingerprint(b"1234"): Lift.APPROVAL})
    masking = Masking(rules, PLACEHOLDERS).under(lifting, lifts=True)
    assert masking.text(b"pin 1234")[0] == b"pin 1234"
    assert not masking.text(b"x1234")[0].count(b"1234"), "inside of another span it is masked with it"
    other = Lifting(PrintKey(b"k" * 32).of("bob"), {}, lifting.granted)
    assert not Masking(rules, PLACEHOLDERS).under(other, lifts=True).text(b"pin 1234")[0].count(b"1234")


def test_a_rule_that_takes_more_counts_for_the_whole_span() -> None:
    rules = rule_set([OracleRule("generic", "k=[a-z0-9]{4,20}"), OracleRule("vendor", "gh[0-9]{4}")])
    lifts = {"generic": Lift.AT_ONCE, "vendor": Lift.APPROVAL}
    text = b"k=abgh1234"
    for reach, passes in ((Lift.AT_ONCE, False), (Lift.APPROVAL, True)):
        lifting = Lifting(KEY, lifts, {fingerprint(text): reach})
        assert (Masking(rules, PLACEHOLDERS).under(lifting, lifts=True).text(text)[0] == text) is passes
        assert [one.lift for one in lifting.noted.values()] == [Lift.APPROVAL]
    assert Lifting(KEY, lifts).takes("unheard-of", encoded=False) == Lift.APPROVAL


def test_a_long_span_cannot_be_lifted() -> None:
    rules = rule_set([OracleRule("long", "<[a-z]{3,}")])
    for size in (LIMIT_BYTES, LIMIT_BYTES + 1):
        text = b"<" + b"a" * (size - 1)
        lifting = Lifting(KEY, {"long": Lift.AT_ONCE}, {fingerprint(text): Lift.APPROVAL})
        masking = Masking(rules, PLACEHOLDERS).under(lifting, lifts=True)
        fits = size == LIMIT_BYTES
        assert (masking.text(text + b" ")[0] == text + b" ") is fits
        assert (
            masked(masking, [text[:9], *(text[i : i + 50] for i in range(9, size, 50)), b" "])[0] == text + b" "
        ) is fits
        assert {one.lift for one in lifting.noted.values()} == {Lift.AT_ONCE if fits else Lift.TOO_LONG}


def test_literals_are_lifted_by_their_rule_and_own_ones_never() -> None:
    lifts = {"caller-token": Lift.NEVER}
    granted = {fingerprint(b"secret-token"): Lift.APPROVAL, fingerprint(b"known-word"): Lift.APPROVAL}
    literals = [("caller-token", b"secret-token"), ("spread", b"known-word")]
    masking = Masking(RULES, PLACEHOLDERS, literals).under(Lifting(KEY, lifts, granted), lifts=True)
    made, found = masking.text(b"secret-token known-word")
    assert made.endswith(b" known-word")
    assert [one.rule for one in found] == ["caller-token"]
    again = masking.knowing([("caller-token", b"another-word")])
    assert again.text(b"known-word another-word")[0].startswith(b"known-word MASKED_CALLER_TOKEN")


def test_what_is_encoded_takes_approval_and_is_lifted_as_it_stands() -> None:
    secret = b"gh" + b"p_" + b"A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    rules = built_in("builtin:github")
    span = base64.b64encode(b"the token is " + secret + b" and that is it")
    plain = {rule.id: Lift.AT_ONCE for rule in rules.rules}
    for granted, passes in (
        ({fingerprint(secret): Lift.APPROVAL}, False),
        ({fingerprint(span): Lift.AT_ONCE}, False),
        ({fingerprint(span): Lift.APPROVAL}, True),
    ):
        masking = Masking(rules, PLACEHOLDERS).under(Lifting(KEY, plain, granted), lifts=True)
        assert (masking.text(b"x: " + span + b" ")[0] == b"x: " + span + b" ") is passes


def test_sought_masks_in_the_recording_what_passes() -> None:
    treatment = treatments(RULES).request
    one = Masking(RULES, PLACEHOLDERS)
    plain = Sought(one, one, treatment.actions)
    noting = plain.under(Lifting(KEY, {}))
    assert noting.forward is noting.record
    lifting = Lifting(KEY, {}, {fingerprint(b"k=:ab"): Lift.APPROVAL, fingerprint(b"abab"): Lift.APPROVAL})
    sought = plain.under(lifting)
    text = b"abab cacaca"
    record, told = sought.record.text(text)
    assert sought.forward.text(text)[0].startswith(b"abab MASKED_")
    assert [(sought.done(found), sought.only_recorded(found)) for found in told] == [("lifted", True), ("mask", False)]
    assert sought.masked(told) == 1
    assert record.startswith(b"MASKED_")
    observing = Sought(Masking(rule_set([OracleRule("none", "zzzz")]), PLACEHOLDERS), one, {}, observes=True).under(
        lifting
    )
    assert observing.forward.text(text)[0] == text
    assert observing.record.text(text)[0] == record


@pytest.mark.parametrize(
    ("said", "meant"), [({}, Lift.APPROVAL), ({"lift": "at_once"}, Lift.AT_ONCE), ({"lift": "approval"}, Lift.APPROVAL)]
)
def test_a_rule_says_what_it_takes(said: dict[str, object], meant: Lift) -> None:
    assert read_rule({"id": "one", "pattern": "abc[0-9]{4}", **said}, "test", "a test").lift == meant


@pytest.mark.parametrize("said", ["never", None, 0, ["at_once"]])
def test_what_it_cannot_say_is_refused(said: object) -> None:
    with pytest.raises(RuleRefused, match="lift"):
        read_rule({"id": "one", "pattern": "abc[0-9]{4}", "lift": said}, "test", "a test")
    with pytest.raises(RuleRefused, match="lift"):
        read_rule({"id": "one", "pattern": "abc[0-9]{4}"}, "test", "a test", lift=said)


def test_a_file_says_it_for_all_its_rules_and_generic_ones_are_lifted_at_once() -> None:
    assert {rule.lift for rule in survey(["builtin:assignments"]).rules} == {Lift.AT_ONCE}
    assert {rule.lift for rule in built_in("builtin:github").rules} == {Lift.APPROVAL}
    own = read_rule({"id": "one", "pattern": "abc[0-9]{4}", "lift": "approval"}, "test", "a test", lift="at_once")
    assert own.lift == Lift.APPROVAL


@given(st.binary(min_size=1, max_size=60), st.lists(st.integers(0, 60), max_size=5))
def test_the_company_s_fingerprint_is_the_text_s_alone_whoever_has_it_and_however_it_is_cut(
    text: bytes, places: list[int]
) -> None:
    def printed(key: bytes, person: str, placeholder: str, pieces: list[bytes]) -> str:
        lifting = Lifting(PrintKey(key).of(person), {}).printing(CompanyPrints(key))
        span = lifting.begin()
        for piece in pieces:
            span.add(piece)
        lifting.end(span, placeholder)
        return lifting.prints[placeholder]

    whole = printed(b"k" * 32, "ada", "MASKED_A", [text])
    assert printed(b"k" * 32, "lin", "MASKED_B", cut(text, places)) == whole
    assert printed(b"o" * 32, "ada", "MASKED_A", [text]) != whole
    assert printed(b"k" * 32, "ada", "MASKED_A", [text, b"x"]) != whole
    assert fingerprint(text).hex() != whole
