from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable

import pytest

from benchmarks.quality.__main__ import main, samples
from benchmarks.quality.judge import Found, judge, judge_lines, search
from benchmarks.quality.report import shape
from benchmarks.quality.samples import generic, lookalikes, structure, vendor
from benchmarks.quality.samples.sample import Sample, companion, sample, secret
from benchmarks.quality.texts.wrappers import diff, json_string, numbered
from benchmarks.quality.values import recipes
from benchmarks.quality.values.draw import Draw
from benchmarks.quality.values.tokens_services import FAMILIES
from maskproxy.masking import Masking, PlaceholderKey
from tests.compiled import built_in

KINDS = {"vendor": vendor, "structure": structure, "generic": generic, "clean": lookalikes}
ROWS_ELSEWHERE = {
    44: "generic", 46: "generic", 147: "sealed values", 148: "personal data", 149: "personal data",
    150: "personal data", 151: "personal data", 152: "personal data",
}  # fmt: skip
"""Rows of the list of formats that are no token of a vendor and no form with a number."""


@pytest.fixture(scope="module")
def made() -> list[Sample]:
    return [one for module in KINDS.values() for one in module.samples("a seed")]


def test_the_same_seed_gives_the_same_set_and_another_one_another(made: list[Sample]) -> None:
    again = [one for module in KINDS.values() for one in module.samples("a seed")]
    other = [one for module in KINDS.values() for one in module.samples("another")]
    assert again == made
    assert len(other) == len(made)
    assert sum(one.text == two.text for one, two in zip(other, made, strict=True)) < len(made) // 20


def test_every_secret_stands_where_its_spans_say(made: list[Sample]) -> None:
    for one in made:
        assert bool(one.spans) == (one.kind != "clean"), one
        ends = [0]
        for start, end in one.spans:
            assert ends[-1] <= start < end <= len(one.text), one
            assert "\n" not in one.text[start:end], one
            ends.append(end)
        assert not re.search("[\ue000-\ue003]|<<[A-Za-z]+[0-9]?>>", one.text), one
        assert one.text.strip(), one


def test_tokens_stand_whole_in_their_spans() -> None:
    first = {token.name: token for tokens in FAMILIES.values() for token in tokens}
    for one in vendor.samples("a seed"):
        recipe = first[one.name].recipe
        start = (recipe.partition("«")[2] or recipe).partition("{")[0]
        (span,) = one.spans
        assert one.text[slice(*span)].startswith(start), one.name


def test_every_row_of_the_list_has_samples(made: list[Sample]) -> None:
    rows = {int(one.name.split()[0]) for one in made if one.kind in ("vendor", "structure")}
    assert rows | ROWS_ELSEWHERE.keys() == set(range(1, 153))
    families = {one.family for one in made} | {one.kind for one in made}
    assert families >= set(ROWS_ELSEWHERE.values())


def test_every_family_has_enough_samples(made: list[Sample]) -> None:
    counts = Counter((one.kind, one.family) for one in made)
    assert min(counts.values()) >= 20, counts.most_common()[-5:]
    assert sum(count for (kind, _), count in counts.items() if kind == "clean") >= 2000


def test_no_sample_stands_in_the_repository() -> None:
    """Recipes hold beginnings alone: what follows is drawn."""
    for tokens in FAMILIES.values():
        for token in tokens:
            assert "{" in token.recipe, token
            assert not re.search(r"(?<!\{)[A-Za-z0-9]{24}", re.sub(r"\{[^}]*\}", "{}", token.recipe)), token


@pytest.mark.parametrize("wrap", [numbered, diff, json_string])
def test_what_is_put_around_leaves_the_secret_whole(wrap: Callable[[str, Draw], str]) -> None:
    text = f"a = 1\nkey = '{secret('first' + chr(10) + 'second')}'\nb = {companion('id')}\n"
    one = sample("vendor", "f", "n", ".py", wrap(text, Draw("x")))
    assert [one.text[start:end] for start, end in one.spans] == ["first", "second"]
    assert [one.text[start:end] for start, end in one.allowed] == ["id"]


def test_a_checksum_is_right_more_often_than_not() -> None:
    tokens = [recipes.with_crc62(Draw(str(seed)), 30) for seed in range(100)]
    right = sum(token == _with_its_checksum(token) for token in tokens)
    assert 60 <= right <= 90


def test_a_secret_counts_when_all_of_it_is_masked() -> None:
    one = sample("vendor", "f", "n", ".py", f"id = {companion('1234')} key = {secret('abcdef')}; c")
    key = one.text.index("abcdef")
    whole = judge(one, [Found("rule", key - 2, key + 6)])
    assert (whole.whole, whole.part, whole.beside) == (True, True, 2)
    assert judge(one, [Found("a", key, key + 3), Found("b", key + 3, key + 6)]).whole
    part = judge(one, [Found("rule", key, key + 5)])
    assert (part.whole, part.part, part.beside) == (False, True, 0)
    missed = judge(one, [Found("rule", 5, 9), Found("rule", len(one.text) - 1, len(one.text))])
    assert (missed.part, len(missed.true), [found.start for found in missed.false]) == (False, 0, [len(one.text) - 1])


def test_others_are_judged_by_lines() -> None:
    one = sample("vendor", "f", "n", ".pem", f"id = {companion('12')}\nBEGIN\n{secret('ab' + chr(10) + 'cd')}\nEND\n")
    assert judge_lines(one, {2}) == (True, 1, 0)
    assert judge_lines(one, {1}) == (False, 0, 0)
    assert judge_lines(one, {4, 5}) == (True, 1, 1)


def test_findings_are_told_in_characters() -> None:
    key = "ghp" + "_" + Draw("x").of("alnum", 36)
    masking = Masking(built_in(), PlaceholderKey(bytes(32)).scoped("test"))
    text = f"é = '{key}'"
    assert [text[found.start : found.end] for found in search(masking, text)] == [key]


def test_a_run_prints_recall_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "coins", "--alone", "--by", "name", "--show", "all"]) == 0
    printed = capsys.readouterr().out
    assert "| recall, vendor | 0." in printed
    for one in samples("1", "coins"):
        assert all(one.text[start:end] not in printed for start, end in one.spans)
    assert main(["--only", "no such family", "--alone"]) == 2


def test_shapes_show_no_value() -> None:
    assert shape("Summer2019!") == "Aa5" + "94" + "!"
    assert len(shape("aB1-" * 100)) <= 60


def _with_its_checksum(token: str) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number, text = zlib.crc32(token[:-6].encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        text = digits[digit] + text
    return token[:-6] + text
