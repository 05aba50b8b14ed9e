from __future__ import annotations

from pathlib import Path

import pytest

from maskproxy.errors import RuleRefused
from maskproxy.masking import Masking, load_rules
from maskproxy.masking.gitleaks.reading import Imported, read_gitleaks
from maskproxy.masking.rulefiles.survey import survey
from tests.masking.rulesets import PLACEHOLDERS


def read(tmp_path: Path, text: str) -> Imported:
    path = tmp_path / "theirs.toml"
    path.write_text(text)
    return read_gitleaks(path, path.read_bytes())


def notes(imported: Imported) -> str:
    return "\n".join(f"{remark.rule}: {remark.sentence}" for remark in imported.remarks)


def found(tmp_path: Path, text: str, content: str) -> list[str]:
    path = tmp_path / "theirs.toml"
    path.write_text(text)
    data = content.encode()
    findings = Masking(load_rules([path]), PLACEHOLDERS).find(data)
    return [f"{f.rule} {data[f.start : f.end].decode()}" for f in findings]


BARE = "[[rules]]\nid = 'one'\nregex = '''tok_([a-z0-9]{8})'''\n"


def test_entropy_allowlists_and_stopwords_judge_the_secret(tmp_path: Path) -> None:
    text = BARE + (
        "entropy = 2.0\n"
        "[[rules.allowlists]]\nregexes = ['''^a1b2''', '''9$''']\nstopwords = ['DUMMY']\n"
        "[[rules.allowlists]]\ncondition = 'AND'\nregexes = ['''xy''']\nstopwords = ['zz']\n"
        "[allowlist]\nregexes = ['''global''']\n"
    )
    masked = ("tok_q1w2e3r4", "tok_xy123456", "tok_zz123456", "tok_9q8w7e6r")
    passed = ("tok_aaaaaaab", "tok_a1b2c3d4", "tok_q1w2e3r9", "tok_dummy123", "tok_xy12zz34", "tok_global12")
    content = " ".join((*masked, *passed))
    assert found(tmp_path, text, content) == [f"one {one.removeprefix('tok_')}" for one in masked]


def test_targets_of_global_allowlists(tmp_path: Path) -> None:
    text = BARE + BARE.replace("one", "two").replace("tok_", "key_")
    text += "[[allowlists]]\ntargetRules = ['two', 'none']\nregexes = ['''abc''']\n"
    assert found(tmp_path, text, "tok_abcd1234 key_abcd1234 key_bcde1234") == ["one abcd1234", "two bcde1234"]
    assert "there is no rule none" in notes(read(tmp_path, text))


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ("path = 'x'\n", "one: path: a stream does not tell"),
        ("unheard = 1\n", "one: unheard is not known here"),
        ("[[rules.required]]\nid = 'two'\n", "one: required: "),
        ("[rules.allowlist]\ncommits = ['abc']\n", "one: allowlist.commits: a stream does not tell commits"),
        ("[rules.allowlist]\npaths = ['abc']\n", "one: allowlist.paths: a stream does not tell the names of files"),
        ("[rules.allowlist]\ncondition = 'AND'\npaths = ['a']\nstopwords = ['b']\n", "allowlist.condition: AND with"),
        ("[rules.allowlist]\nregexTarget = 'line'\nregexes = ['abc']\n", "regexTarget: line is judged by the secret"),
        ("[rules.allowlist]\nregexTarget = 'match'\nregexes = ['abc']\n", "regexTarget: match is judged by the secret"),
        ("[rules.allowlist]\nregexTarget = 'line'\nregexes = ['^abc']\n", "number 1 has no effect: it is anchored"),
        ("[rules.allowlist]\nregexes = ['a(?=b)']\n", "number 1 has no effect: look-around"),
        ("[rules.allowlist]\nregexes = ['.*']\n", "number 1 has no effect: one of its regexes takes the empty text"),
        ("[rules.allowlist]\nunheard = 1\n", "allowlist: unheard is not known"),
        ("keywords = ['elsewhere']\n", "one: keywords: not asked for elsewhere"),
        ("[extend]\nuseDefault = true\n", "extend.useDefault: "),
        ("[extend]\nurl = 'https://example.com/x'\n", "extend.url: nothing is fetched"),
        ("[extend]\ndisabledRules = ['x']\n", "extend.disabledRules has no effect"),
        ("[whatever]\nx = 1\n", "whatever is not known here"),
    ],
)
def test_what_is_not_honoured_is_told_and_the_rule_is_kept(tmp_path: Path, more: str, note: str) -> None:
    imported = read(tmp_path, BARE + more)
    assert note in notes(imported)
    assert [entry.fields["id"] for entry in imported.entries] == ["one"]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("path = 'x'\n", "path: it goes by the names of files alone"),
        ("", "regex: there is none"),
        ("regex = 'a(?!b)'\n", "look-around"),
        ("regex = 'abcd'\nsecretGroup = 1\n", "secretGroup is 1"),
        ("regex = 'abcd'\nskipReport = true\n", "skipReport"),
        ("regex = 'abcd'\nkeywords = 'x'\n", "keywords is not a list"),
        ("regex = 7\n", "not of its type"),
    ],
)
def test_what_cannot_be_looked_for_is_left_out_in_words(tmp_path: Path, rule: str, reason: str) -> None:
    imported = read(tmp_path, BARE + "[[rules]]\nid = 'two'\n" + rule)
    (left_out,) = [remark for remark in imported.remarks if remark.left_out]
    assert (left_out.rule, reason in left_out.sentence) == ("two", True)
    assert [entry.fields["id"] for entry in imported.entries] == ["one"]


def test_a_rule_that_our_grammar_refuses_is_left_out_in_words(tmp_path: Path) -> None:
    path = tmp_path / "theirs.toml"
    path.write_text(BARE + "[[rules]]\nid = 'two'\nregex = '[a-z]{2}'\n")
    read_ = survey([path])
    assert [rule.id for rule in read_.rules] == ["one"]
    assert any(remark.left_out and "at least 4" in remark.sentence for _, remark in read_.remarks)


def test_keywords_make_a_regex_without_a_literal_one_beside_them(tmp_path: Path) -> None:
    text = "[[rules]]\nid = 'hex'\nregex = '''\\b[0-9a-f]{16}\\b'''\nkeywords = ['acme']\n"
    assert found(tmp_path, text, 'x 0123456789abcdef ACME_KEY="fedcba9876543210"') == ["hex fedcba9876543210"]
    assert "keywords: asked for just before" in notes(read(tmp_path, text))
    held = text.replace("\\b[0-9a-f]{16}", "(?i)acme_[0-9a-f]{16}")
    assert "keywords" not in notes(read(tmp_path, held))


def test_a_file_that_is_extended(tmp_path: Path) -> None:
    base = BARE + "keywords = ['a']\n" + BARE.replace("one", "two").replace("tok_", "key_") + BARE.replace("one", "off")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "b.toml").write_text(base)
    text = "[extend]\npath = 'base/b.toml'\ndisabledRules = ['off', 'none']\n"
    text += "[[rules]]\nid = 'one'\nkeywords = ['b']\n[[rules.allowlists]]\nstopwords = ['test']\n"
    imported = read(tmp_path, text + BARE.replace("one", "three").replace("tok_", "own_"))
    assert [entry.fields["id"] for entry in imported.entries] == ["one", "two", "three"]
    assert imported.entries[0].fields["except"] == [{"words": ["test"]}]
    assert "none is not in the file that is extended" in notes(imported)
    assert len(imported.contents) == 2
    with pytest.raises(RuleRefused, match="cannot be read"):
        read(tmp_path, "[extend]\npath = 'nowhere.toml'\n")


def test_ids_are_put_in_kebab_case_and_never_shared(tmp_path: Path) -> None:
    text = BARE.replace("one", "GitHub_PAT!") + BARE.replace("one", "github-pat") + BARE.replace("one", "é")
    assert [entry.fields["id"] for entry in read(tmp_path, text).entries] == ["github-pat", "github-pat-2", "rule"]
    path = tmp_path / "own.toml"
    path.write_text(BARE.replace("one", "jwt"))
    ids = [rule.id for rule in survey(["builtin:default", path]).rules]
    assert {"jwt", "jwt-2"} <= set(ids)


@pytest.mark.parametrize(
    "text", ["rules = 1", "rules = [1]", "[[rules]]\nid = 1", "extend = 1", "[extend]\ndisabledRules = 1\n", ""]
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "theirs.toml"
    path.write_text(text)
    with pytest.raises(RuleRefused, match=r"theirs\.toml"):
        load_rules([path])
