"""Hostile rule files are refused soon, with a reason, whatever they do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from maskproxy.errors import RuleRefused
from maskproxy.masking import load_rules

_WORDS = [f"{a}{b}{c}" for a in "abcdefghijklm" for b in "nopqrstuvwxyz" for c in "abcdefghijkl"]


def rule(pattern: str) -> str:
    return f"rules:\n  - id: x\n    samples: ['x']\n    pattern: '{pattern}'\n"


def table(regex: str, number: int = 0) -> str:
    return f"[[rules]]\nid='x{number}'\nregex='''{regex}'''\n"


HOSTILE: dict[str, tuple[str, Callable[[], str], str]] = {
    "aliases": (
        "yaml",
        lambda: (
            "a0: &a0 [x,x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9}]\n" for n in range(1, 9)) + "rules: *a8\n"
        ),
        "more than 150000 values; make several files",
    ),
    "an alias in itself": ("yaml", lambda: "rules: &a [*a]\n", "an alias of what it stands in on line 1; write"),
    "deep": ("yaml", lambda: "rules: " + "[" * 100_000, "nested deeper"),
    "deep blocks": ("yaml", lambda: "- " * 500_000, "nested deeper"),
    "NUL": ("yaml", lambda: "rules:\n  - id: x\0y\n", "not YAML"),
    "many values": ("yaml", lambda: "rules: [" + "1," * 1_500_000 + "1]", "more than 150000 values"),
    "a long text": ("yaml", lambda: "rules: [" + "x" * 3_000_000 + "]", "over 20000 characters"),
    "a number to the base of sixty": ("yaml", lambda: "rules: [1" + ":1" * 600_000 + "]", "over 20000 characters"),
    "a huge number": ("yaml", lambda: "rules: [" + "9" * 19_000 + "]", "not YAML"),
    "no date": ("yaml", lambda: "rules: [2001-99-99]", "not YAML"),
    "a tag": ("yaml", lambda: "rules: !!python/object/apply:os.system ['true']", "not YAML"),
    "a key twice": (
        "yaml",
        lambda: "rules:\n  - {id: x, id: y, pattern: 'abcd'}",
        "key twice in one mapping, on line 2",
    ),
    "nested repetitions": ("yaml", lambda: rule("(?:[a-z]{1,1000}x{1,1000}){1,1000}"), "Rule x is refused: pattern"),
    "repetitions in a tower": ("yaml", lambda: rule("(?:" * 39 + "a{2}" + "){2}" * 39), "Rule x is refused: pattern"),
    "a deep pattern": ("yaml", lambda: rule("(" * 4000 + "a" + ")" * 4000), "nested too deep"),
    "thousands of alternatives": ("yaml", lambda: rule(f"(?:{'|'.join(_WORDS)}){{2}}q"), "make its counts smaller"),
    "thousands of options": ("yaml", lambda: rule("[a-z]?[a-c]?" * 500 + "bbbb"), "too many ways"),
    "thousands of large rules": (
        "yaml",
        lambda: (
            "rules:\n"
            + "".join(f"  - {{id: r{n}, pattern: '{w}.{{0,900}}{w}.{{0,900}}'}}\n" for n, w in enumerate(_WORDS))
        ),
        "too large together",
    ),
    "too many rules": ("yaml", lambda: "rules:\n" + "  - {id: x, pattern: 'abcdef'}\n" * 5001, "more than 5000 rules"),
    "deep TOML": ("toml", lambda: "a=" + "[" * 500_000, "nested too deep"),
    "tables in tables": ("toml", lambda: "a=" + "{a=" * 200_000, "not TOML"),
    "a long dotted name": ("toml", lambda: "a." * 400_000 + "a=1", "nested too deep"),
    "many megabytes": ("toml", lambda: "#" * (3 << 20), "over 1 MiB"),
    "NUL in TOML": ("toml", lambda: "a='\0'", "not TOML"),
    "a huge number in TOML": ("toml", lambda: "a=" + "9" * 900_000, "not TOML"),
    "a tower in Go": ("toml", lambda: table("(?:" * 58 + "a{2}" + "){2}" * 58), "no rule that can be looked for"),
    "combinations in Go": ("toml", lambda: table("(?:^|a)" * 40 + "bbbb"), "too many ways"),
    "captures in Go": ("toml", lambda: table("(a)?" * 500 + "bbbb"), "too many ways"),
    "large rules in Go": (
        "toml",
        lambda: "".join(table(f"{w}[a-z]{{1,900}}{w}", n) for n, w in enumerate(_WORDS)),
        "too large together",
    ),
    "itself": ("toml", lambda: "[extend]\npath='hostile.toml'\n" + table("abcd[0-9]"), "extends itself"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_soon_with_the_reason(tmp_path: Path, name: str) -> None:
    suffix, content, reason = HOSTILE[name]
    path = tmp_path / f"hostile.{suffix}"
    path.write_text(content())
    started = time.process_time()
    with pytest.raises(RuleRefused) as refusal:
        load_rules([path])
    assert time.process_time() - started < 2
    assert reason in str(refusal.value)
    assert len(str(refusal.value)) < 400


def test_a_large_gitleaks_file_with_thousands_of_words_and_regexes_is_taken(tmp_path: Path) -> None:
    words = ",".join(f"'{word}{n}'" for n in range(3) for word in _WORDS)
    regexes = ",".join(f"'{word}[0-9]x'" for word in _WORDS[:200])
    text = f"[allowlist]\nstopwords=[{words}]\nregexes=[{regexes}]\n"
    path = tmp_path / "large.toml"
    path.write_text(text + "".join(table(f"{word}[A-Z]{{9}}", n) for n, word in enumerate(_WORDS[:100])))
    started = time.process_time()
    assert len(load_rules([path]).rules) == 100
    assert time.process_time() - started < 5
