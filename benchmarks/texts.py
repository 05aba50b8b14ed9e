"""What the benchmarks read, and how they take time.

Texts are the standard library's sources (code), its docstrings (prose), and chat JSON made of both.
"""

from __future__ import annotations

import importlib
import inspect
import json
import string
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from maskproxy.masking import Masking, RuleSet
from maskproxy.masking.loading import read_rule

DELTA = 4
_STDLIB = Path(inspect.__file__).parent
_STRETCH = 200
_EVERY = 25_000


def best(run: Callable[[], object], rounds: int = 5) -> float:
    """Processor seconds of the fastest of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
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


def each(start: Callable[[], Callable[[bytes], object]], pieces: Sequence[bytes], rounds: int = 7) -> float:
    """Processor seconds a piece. Of each short stretch the fastest round counts, and so no other work does."""
    stretches = [pieces[at : at + _STRETCH] for at in range(0, len(pieces), _STRETCH)]
    fastest = [1e9] * len(stretches)
    for _ in range(rounds):
        feed = start()
        for number, stretch in enumerate(stretches):
            begun = time.process_time()
            for piece in stretch:
                feed(piece)
            fastest[number] = min(fastest[number], time.process_time() - begun)
    return sum(fastest) / len(pieces)


def rate(run: Callable[[bytes], object], text: bytes) -> str:
    return f"{len(text) / best(lambda: run(text)) / 1e9:.2f} GB/s"


def secret(number: int) -> str:
    """A token as code holds it, another one for each number; no scanner knows its beginning."""
    return "token: " + "ghp" + f"_aB3dE5gH7jK9aB3dE5gH7jK9aB3dE5g{number:05d}"


def dirty(text: str) -> str:
    """The text with 40 secrets a MB."""
    return "".join(text[at : at + _EVERY] + secret(at // _EVERY) + "\n" for at in range(0, len(text), _EVERY))
