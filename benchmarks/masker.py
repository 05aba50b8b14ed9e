"""How fast the masker is: `python -m benchmarks.masker`. Prints a table.

Python's `re` and, where it is installed, RE2 stand beside it. Texts are the standard library's sources (code), its
docstrings (prose) and chat JSON made of both. Deltas are timed with warm automata; nothing is downloaded.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import string
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from maskproxy.masking import Masking, PlaceholderKey, RuleSet, load_rules
from maskproxy.masking.grammar import expression
from maskproxy.masking.loading import read_rule

DELTA = 4
_STDLIB = Path(inspect.__file__).parent


def best(run: Callable[[], object], rounds: int = 5) -> float:
    """Seconds of the fastest of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def code_text(size: int) -> bytes:
    text = b"".join(path.read_bytes() for path in sorted(_STDLIB.glob("*.py")))
    return (text * (size // len(text) + 1))[:size]


def prose_text(size: int) -> bytes:
    words = []
    for name in (
        "argparse",
        "asyncio",
        "collections",
        "decimal",
        "email",
        "json",
        "logging",
        "os",
        "random",
        "unittest",
    ):
        module = importlib.import_module(name)
        for _, member in [("", module), *inspect.getmembers(module)]:
            words.append(inspect.getdoc(member) or "")
    text = " ".join(" ".join(words).split()).encode()
    return (text * (size // len(text) + 1))[:size]


def chat_json(size: int, clean_for: Masking | None = None) -> bytes:
    code, prose = code_text(2_000_000).decode(errors="ignore"), prose_text(2_000_000).decode(errors="ignore")
    messages = []
    for at in range(0, size, 8000):
        place = at % 1_900_000
        text = {"type": "text", "text": prose[place : place + 2000]}
        tool = {"type": "tool_use", "id": f"toolu_{at:024d}", "input": {"content": code[place : place + 4000]}}
        message = {"role": "user", "content": [text, tool]}
        if clean_for is None or not clean_for.may_hold(json.dumps(message).encode()):
            messages.append(message)
    return json.dumps({"model": "m", "max_tokens": 1024, "messages": messages}).encode()


def literal_led(count: int) -> RuleSet:
    """Rules as vendors make them: a literal of its own, then a run of one class."""
    rules = []
    for number in range(count):
        letters = string.ascii_lowercase
        prefix = f"{letters[number % 26]}{letters[number // 26 % 26]}{letters[number * 7 % 26]}k{number:03d}_"
        rules.append(read_rule({"id": f"r{number}", "pattern": prefix + "[A-Za-z0-9]{32,}"}, "bench", "bench"))
    return RuleSet(rules)


def streams(masking: Masking, text: bytes) -> tuple[float, list[int]]:
    """Seconds a delta, and how many bytes were held after each."""
    pieces = [text[at : at + DELTA] for at in range(0, len(text), DELTA)]

    def run() -> None:
        feed = masking.masker().feed
        for piece in pieces:
            feed(piece)

    seconds = best(run, 3) / len(pieces)
    stream, held = masking.masker(), []
    for piece in pieces:
        stream.feed(piece)
        held.append(stream.held)
    return seconds, sorted(held)


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
    code, prose = code_text(8_000_000), prose_text(8_000_000)
    for name, text in (("code", code), ("prose", prose)):
        table.add_row(f"bulk {name}, 300 literal-led rules", _rate(led.text, text), "1.8 GB/s")
        table.add_row(f"bulk {name}, builtin rules", _rate(masking.text, text), "")
    for size in (1_000_000, 10_000_000):
        raw = chat_json(size, masking)
        for name, one in (("300 literal-led rules", led), ("builtin rules", masking)):
            assert not one.may_hold(raw)
            goal = "1.3 GB/s" if size > 5_000_000 else ""
            table.add_row(f"clean JSON of {len(raw) / 1e6:.1f} MB, {name}", _rate(one.may_hold, raw), goal)
    for name, text in (("prose", prose[:120_000]), ("code", code[:120_000]), ("chat JSON", chat_json(120_000))):
        seconds, held = streams(masking, text)
        table.add_row(f"a delta of {DELTA} characters, {name}", f"{seconds * 1e6:.2f} us", "0.7 us")
        spread = f"{sum(held) / len(held):.2f} / {held[len(held) * 99 // 100]} / {held[-1]} B"
        table.add_row(f"held back, {name}: mean / p99 / max", spread, "mean 1.3 B" if name == "prose" else "")
    secret = b"token: ghp_" + b"aB3dE5gH7jK9" * 3
    dirty = b"".join(code[at : at + 25_000] + secret + b"\n" for at in range(0, 4_000_000, 25_000))
    table.add_row("bulk code with 40 secrets a MB, builtin rules", _rate(masking.text, dirty), "0.3 GB/s")
    for name, speed in others(rules, code[:2_000_000]):
        table.add_row(f"{name}, builtin rules, search alone", f"{speed:.4f} GB/s", "")
    Console(width=110).print(table)
    return 0


def _rate(run: Callable[[bytes], object], text: bytes) -> str:
    return f"{len(text) / best(lambda: run(text)) / 1e9:.2f} GB/s"


if __name__ == "__main__":
    sys.exit(main())
