"""Dictionaries: every occurrence in every form, exact hold-back, and no cut that shows."""

import base64
import itertools
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.bodies.json_text import mask_json
from maskproxy.masking import Masking, PlaceholderKey, RuleSet
from maskproxy.masking.dictionary import LONGEST_VALUE, MOST_VALUES, Dictionary, ExactValues, forms_of
from maskproxy.masking.literals import Literals
from tests.compiled import built_in

PLACEHOLDERS = PlaceholderKey(bytes(32)).scoped("ada")
NO_RULES = RuleSet(())
values = st.lists(st.text("ab/é", min_size=4, max_size=9).map(str.encode), min_size=1, max_size=4, unique=True)


def masking(
    *entries: tuple[str, bytes], rules: RuleSet | None = None, own: tuple[tuple[str, bytes], ...] = ()
) -> Masking:
    return Masking(rules or NO_RULES, PLACEHOLDERS, ExactValues(Literals(own), Dictionary(entries)))


@settings(deadline=None)
@given(values, st.text("ab/é%2F", max_size=40).map(str.encode))
def test_every_occurrence_is_found_and_every_beginning_is_alive(known: list[bytes], text: bytes) -> None:
    dictionary = Dictionary([("d", value) for value in known])
    forms = {form for value in known for form in forms_of(value)}
    expected = sorted((s, s + len(form)) for form in forms for s in range(len(text)) if text.startswith(form, s))
    assert sorted((s, e) for _, s, e in dictionary.spans(text)) == expected
    alive = [s for s in range(len(text)) if any(f.startswith(text[s:]) and f != text[s:] for f in forms)]
    assert dictionary.alive(text) == min(alive, default=len(text))


@settings(deadline=None)
@given(values, st.text('ab/é"\n ', max_size=40), st.lists(st.integers(0, 60), max_size=6))
def test_cuts_never_show(known: list[bytes], text: str, cuts: list[int]) -> None:
    data = text.encode()
    subject = masking(*[("d", value) for value in known])
    masker = subject.masker()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    out = b"".join(masker.feed(data[a:b]) for a, b in itertools.pairwise(edges)) + masker.finish()
    assert out == subject.text(data)[0]
    assert not any(form in out for value in known for form in forms_of(value))


@given(st.binary(min_size=6, max_size=40), st.binary(max_size=5), st.binary(max_size=5))
def test_a_value_is_found_in_base64_wherever_it_stands_and_percent_encoded(
    value: bytes, before: bytes, behind: bytes
) -> None:
    dictionary = Dictionary([("d", value)])
    whole = before + value + behind
    for text in (
        base64.b64encode(whole),
        base64.urlsafe_b64encode(whole),
        quote(whole, safe="").encode(),
        quote(whole).encode(),
    ):
        if len(value) >= 7 or b"%" in text or value in text:
            assert dictionary.spans(b"x=" + text)


def test_what_decoded_base64_holds_of_a_value_is_masked_to_its_last_whole_byte() -> None:
    value = b"the-live-secret-of-the-company"
    text = base64.b64encode(b"user:" + value + b":end")
    _masked, findings = masking(("dictionary-live", value)).text(text)
    assert [finding.rule for finding in findings] == ["dictionary-live"]
    rest = text[: findings[0].start] + b"=" * (-findings[0].start % 4)
    assert value[:2] not in base64.b64decode(rest)


def test_json_strings_are_read_however_they_are_written() -> None:
    value = 'pa"ss/wörd\n0123456'
    subject = masking(("d", value.encode()))
    for body in (
        json.dumps({"k": [value]}),
        json.dumps({"k": value}, ensure_ascii=False),
        json.dumps({"k": value}).replace("/", "\\/"),
    ):
        assert mask_json(body.encode(), subject).forward.count(b"MASKED_D_") == 1
    assert not subject.may_hold(b'{"k": "nothing of it"}')


def test_own_literals_and_rules_keep_their_names_beside_it() -> None:
    token = "gh" + "p_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    subject = masking(
        ("dictionary-names", b"Bluebird"), rules=built_in("builtin:github"), own=(("caller-token", b"t" * 20),)
    )
    text = f"{'t' * 20} Bluebird {token}".encode()
    assert [f.rule for f in subject.find(text)] == ["caller-token", "dictionary-names", "github-pat-classic"]
    further = subject.knowing([("again", b"hunter2")])
    assert [f.rule for f in further.find(text + b" hunter2")][-1] == "again"
    assert not subject.holds_own(b"Bluebird")


def test_of_equal_values_the_first_dictionary_names_it() -> None:
    dictionary = Dictionary([("one", b"Bluebird"), ("two", b"Bluebird")])
    assert {dictionary.rule_id(number) for number, _, _ in dictionary.spans(b"Bluebird")} == {"one"}


def test_thousands_of_values() -> None:
    known = [base64.b64encode(number.to_bytes(12, "big") * 2) for number in range(3000)]
    subject = masking(*[("d", value) for value in known])
    masked, _findings = subject.text(b"\n".join(known))
    assert masked.count(b"MASKED_D_") >= 3000 - 1
    assert subject.find(b"plain words of a text that holds none of them" * 100) == []


def test_bounds() -> None:
    for entries in (
        [("d", b"abc")],
        [("d", b"x" * (LONGEST_VALUE + 1))],
        [("d", b"%08d" % n) for n in range(MOST_VALUES + 1)],
    ):
        with pytest.raises(ValueError, match="bounded"):
            Dictionary(entries)
