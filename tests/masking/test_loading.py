from __future__ import annotations

import os
from pathlib import Path

import pytest

from maskproxy.errors import RuleRefused
from maskproxy.masking import engine, load_rules, loading
from maskproxy.masking.rulefiles import sources
from maskproxy.masking.rulefiles.survey import survey

GOOD = r"""
family: ours
rules:
  - id: our-token
    name: Our token
    severity: critical
    pattern: 'our_[a-z]{8,}'
    samples: ['our_{lower:8}']
    near_misses: ['our_x']
  - id: our-key
    keywords: ['ourkey']
    pattern: '[0-9a-f]{16}'
    samples: ['OURKEY="«{hex:16}»"', 'ourkey_prod: «{hex:16}»']
    near_misses: ['{hex:16}']
"""


def written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_rules_of_ones_own_stand_beside_the_builtin_ones(tmp_path: Path) -> None:
    rules = load_rules(["builtin:github", written(tmp_path, GOOD)])
    ours = {rule.id: rule for rule in rules.rules if rule.family == "ours"}
    assert ours["our-token"].severity == "critical"
    assert ours["our-key"].severity == "high"
    assert ours["our-key"].name == "our-key"
    assert "github-pat-classic" in {rule.id for rule in rules.rules}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("'our_[a-z]{8,}'", "'our_[a-z]+x'"), "Rule our-token is refused: pattern: an unbounded repetition"),
        (("'our_{lower:8}'", "'out_{lower:8}'"), "Rule our-token is refused: sample 1 is not found"),
        (("'our_x'", "'our_xxxxxxxxx'"), "Rule our-token is refused: near miss 1"),
        (("«{hex:16}»\"'", "«{hex:15}»0\"'"), "Rule our-key is refused: sample 1"),
        (("['our_{lower:8}']", "[]"), "Rule our-token is refused: it has no sample"),
        (("severity: critical", "severity: dreadful"), "Rule our-token is refused: its severity"),
        (("name: Our token", "nickname: x"), "Rule our-token is refused: there is no field called nickname"),
        (("id: our-key", "id: our-token"), "Rule our-token is there twice"),
        (("id: our-key", "id: Our_Key"), "has no id in kebab-case"),
        (("pattern: '[0-9a-f]{16}'", "checks: {}"), "it has no pattern"),
        (("pattern: '[0-9a-f]{16}'", "checks: []\n    pattern: abcd"), "its checks are not a mapping"),
        (("['ourkey']", "ourkey"), "keywords is not a list"),
        (("rules:", "lines:"), "has no list of rules"),
        (("rules:", "rules: ["), "is not YAML"),
    ],
)
def test_an_unfit_rule_is_refused_by_name_and_reason(tmp_path: Path, change: tuple[str, str], reason: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(RuleRefused) as refusal:
        load_rules([written(tmp_path, GOOD.replace(*change))])
    assert reason in str(refusal.value)


def test_a_rule_that_the_engine_cannot_compile_is_named(tmp_path: Path) -> None:
    huge = GOOD.replace("'our_[a-z]{8,}'", "'(?:[a-f]{1,9}x?[c-k]{1,9}y?){90}z'")
    with pytest.raises(RuleRefused, match="Rule our-token is refused"):
        load_rules([written(tmp_path, huge)])


@pytest.mark.parametrize("source", ["builtin:nothing", "builtin:../loading", "/nowhere/rules.yaml"])
def test_a_source_that_is_not_there_is_refused(source: str) -> None:
    with pytest.raises(RuleRefused):
        load_rules([source])


def test_nothing_is_no_rule_set() -> None:
    with pytest.raises(RuleRefused, match="between 1 and"):
        load_rules([])


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "FILE_LIMIT_BYTES", 10)
    with pytest.raises(RuleRefused, match="too large"):
        load_rules([written(tmp_path, GOOD)])


def test_compiled_rules_are_cached_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, path = tmp_path / "cache", written(tmp_path, GOOD)
    first = load_rules([path], cache=cache)
    said, widths, net = first.rules, (first.shortest, first.longest), first.forward.net
    del first
    (file,) = cache.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    with monkeypatch.context() as patch:
        patch.setattr(engine.Database, "compile", lambda _: pytest.fail("compiled although it is cached"))
        patch.setattr(loading, "survey", lambda *_: pytest.fail("read although it is cached"))
        rules = load_rules([path], cache=cache)
    assert rules.hits(b"our_abcdefgh") == [(0, 12)]
    assert rules.rules == said
    assert rules.rules is not said, "read from the file"
    assert (rules.shortest, rules.longest) == widths
    assert rules.forward.net == net
    load_rules([written(tmp_path, GOOD.replace("{8,}", "{7,}"))], cache=cache)
    assert len(list(cache.iterdir())) == 2


def test_rules_that_are_in_use_are_given_again_as_long_as_they_are_the_same(tmp_path: Path) -> None:
    cache, path = tmp_path / "cache", written(tmp_path, GOOD)
    first = load_rules([path], cache=cache)
    assert load_rules([path], cache=cache) is first
    assert loading.compile_rules(survey([path]), cache=cache) is first
    assert load_rules([path]) is not first
    other = load_rules([written(tmp_path, GOOD.replace("{8,}", "{7,}"))], cache=cache)
    assert other.hits(b"our_abcdefg") == [(0, 11)]
    assert load_rules([written(tmp_path, GOOD)], cache=cache) is first


def test_what_is_remembered_of_a_file_is_not_taken_for_another_ones(tmp_path: Path) -> None:
    content = GOOD.replace("family: ours\n", "")
    for name in ("one", "another"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(content)
        assert load_rules([path], cache=tmp_path / "cache").rules[0].family == name


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "readable", "link"])
def test_a_cache_that_cannot_be_trusted_is_compiled_anew(tmp_path: Path, damage: str) -> None:
    cache, path = tmp_path / "cache", written(tmp_path, GOOD)
    load_rules([path], cache=cache)
    (file,) = cache.iterdir()
    content = file.read_bytes()
    if damage == "flip":
        file.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    elif damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "readable":
        file.chmod(0o644)
    else:
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
    assert engine.read_cached(file) is None
    assert load_rules([path], cache=cache).hits(b"our_abcdefgh") == [(0, 12)]
    assert file.read_bytes()[:10] == content[:10]
    assert engine.read_cached(file) is not None


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    os.close(os.open(occupied, os.O_CREAT))
    assert load_rules([written(tmp_path, GOOD)], cache=occupied / "cache").rules
