"""How fast the masker is: `python -m benchmarks.masker`. Prints a table.

Python's `re` and, where it is installed, RE2 stand beside it. Deltas are timed with warm automata.
"""

from __future__ import annotations

import importlib
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from benchmarks.texts import DELTA, best, chat_json, code_text, dirty, each, literal_led, prose_text, rate
from maskproxy.masking import Masking, PlaceholderKey, RuleSet, load_rules
from maskproxy.masking.grammar import expression


def held(masking: Masking, pieces: list[bytes]) -> list[int]:
    """How many bytes are held after each piece, in order of size."""
    stream, sizes = masking.masker(), []
    for piece in pieces:
        stream.feed(piece)
        sizes.append(stream.held)
    return sorted(sizes)


def re2_module() -> ModuleType | None:
    try:
        return importlib.import_module("re2")
    except ImportError:
        return None


def others(rules: RuleSet, text: bytes) -> list[tuple[str, float]]:
    """GB/s of other engines over the same patterns."""
    joined = "|".join(f"(?:{expression(rule.shape.core)})" for rule in rules.rules).encode()
    results = []
    pattern = re.compile(joined)
    short = text[:20_000]
    results.append(("Python re", len(short) / best(lambda: sum(1 for _ in pattern.finditer(short)), 1) / 1e9))
    re2 = re2_module()
    if re2 is not None:
        matcher = re2.Set.SearchSet(re2.Options())
        for rule in rules.rules:
            matcher.Add(expression(rule.shape.core).encode())
        matcher.Compile()
        results.append(("RE2 set", len(text) / best(lambda: matcher.Match(text), 2) / 1e9))
    return results


def main() -> int:
    table = Table("what", "measured", "goal", title="The masker", title_justify="left")
    key = PlaceholderKey(bytes(range(32))).scoped("bench")
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        cold = best(lambda: load_rules(["builtin:default"], cache=cache), 1)
        warm = best(lambda: load_rules(["builtin:default"], cache=cache))
        rules = load_rules(["builtin:default"], cache=cache)
    table.add_row(f"{len(rules.rules)} builtin rules, compiled and proved", f"{cold * 1e3:.0f} ms", "")
    table.add_row("the same from the cache", f"{warm * 1e3:.0f} ms", "50 ms")
    masking, led = Masking(rules, key), Masking(literal_led(300), key)
    secrets = [bytes(48 + (number * 7 + at * at) % 75 for at in range(60)) for number in range(9)]
    own = Masking(rules, key, [("own", secret) for secret in secrets])
    code, prose = code_text(8_000_000), prose_text(8_000_000)
    for name, text in (("code", code), ("prose", prose)):
        table.add_row(f"bulk {name}, 300 literal-led rules", rate(led.text, text), "1.8 GB/s")
        table.add_row(f"bulk {name}, builtin rules", rate(masking.text, text), "")
    for size in (1_000_000, 10_000_000):
        raw = chat_json(size, masking)
        for name, one in (("300 literal-led rules", led), ("builtin rules", masking)):
            assert not one.may_hold(raw)
            goal = "1.3 GB/s" if size > 5_000_000 else ""
            table.add_row(f"clean JSON of {len(raw) / 1e6:.1f} MB, {name}", rate(one.may_hold, raw), goal)
    for name, text in (("prose", prose[:120_000]), ("code", code[:120_000]), ("chat JSON", chat_json(120_000))):
        pieces = [text[at : at + DELTA] for at in range(0, len(text), DELTA)]
        seconds, sizes = each(lambda: masking.masker().feed, pieces), held(masking, pieces)
        table.add_row(f"a delta of {DELTA} characters, {name}", f"{seconds * 1e6:.2f} us", "0.7 us")
        spread = f"{sum(sizes) / len(sizes):.2f} / {sizes[len(sizes) * 99 // 100]} / {sizes[-1]} B"
        table.add_row(f"held back, {name}: mean / p99 / max", spread, "mean 1.3 B" if name == "prose" else "")
    for size in (DELTA, 40):
        pieces = [prose[at : at + size] for at in range(0, 120_000, size)]
        seconds = each(lambda: own.masker().feed, pieces)
        table.add_row(
            f"a delta of {size} characters, prose, with nine secrets of one's own", f"{seconds * 1e6:.2f} us", ""
        )
    found = dirty(code[:4_000_000].decode(errors="ignore")).encode()
    table.add_row("bulk code with 40 secrets a MB, builtin rules", rate(masking.text, found), "0.3 GB/s")
    for name, speed in others(rules, code[:2_000_000]):
        table.add_row(f"{name}, builtin rules, search alone", f"{speed:.4f} GB/s", "")
    Console(width=110).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
