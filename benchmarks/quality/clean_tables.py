"""The tables of ordinary code: hits a megabyte, the rules that hit most, and where."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from benchmarks.quality import clean_code, tools
from benchmarks.quality.clean_code import DOCUMENTS, KINDS, SOURCE
from benchmarks.quality.report import CONSOLE, most, shape, table
from benchmarks.quality.scores import US
from benchmarks.quality.values.draw import Draw
from maskproxy.masking import Masking

_SHARED_BYTES = 12_000_000
"""Of source code, for the other tools, which would take an hour for all of it."""
_AROUND = 60
_TOO_MANY = 400


@dataclass
class Code:
    """What was hit in which kind of files. `own`: hits by the name of each source file."""

    files: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    rules: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})
    own: dict[str, int] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)

    def read(self, masking: Masking, cache: Path, show: str | None) -> None:
        for file, kind, data in _texts(cache):
            found = masking.find(data)
            self.files[kind] += 1
            self.sizes[kind] += len(data)
            self.hits[kind] += len(found)
            self.rules[kind].update(one.rule for one in found)
            if kind == SOURCE:
                self.own[file.name] = len(found)
            if kind in (SOURCE, DOCUMENTS):
                self.places += [
                    f"{one.rule}  {kind}  {_place(file.name, data, one.start, one.end)}"
                    for one in found
                    if show in ("all", one.rule)
                ]

    def rate(self, kind: str) -> str:
        return _rate(self.hits[kind], self.sizes[kind])


def print_all(
    masking: Masking, others: Mapping[str, tools.Run], seed: str, cache: Path, show: str | None
) -> dict[str, dict[str, str]]:
    """Gives hits a megabyte of source code, by what was read and by tool."""
    code = Code()
    code.read(masking, cache, show)
    rows = [
        [kind, str(code.files[kind]), f"{code.sizes[kind] / 1e6:.1f}", str(code.hits[kind]), code.rate(kind)]
        for kind in KINDS
    ]
    origins = ", ".join(name for name, _ in clean_code.roots(cache))
    table(f"Files of {origins}; true secrets count as hits, too", ["files", "number", "MB", "hits", "a MB"], rows)
    for kind in (SOURCE, DOCUMENTS):
        hits = [(rule, str(count)) for rule, count in most(code.rules[kind], 15)]
        if hits:
            table(f"Rules that hit most in {kind}", ["rule", "hits"], hits)
    for place in code.places[:_TOO_MANY]:
        CONSOLE.print(place, markup=False)
    rates = {f"hits a MB of source code ({code.sizes[SOURCE] / 1e6:.0f} MB)": {US: code.rate(SOURCE)}}
    return rates | (_of_others(others, code.own, seed, cache) if others else {})


def _texts(cache: Path) -> Iterator[tuple[clean_code.File, str, bytes]]:
    """Each text once, whatever number of packages hold it."""
    seen = set()
    for file in clean_code.files(cache):
        read = clean_code.text_of(file)
        if read is None:
            continue
        data = read[1].encode()
        digest = sha256(data).digest()
        if digest not in seen:
            seen.add(digest)
            yield file, read[0], data


def _of_others(
    others: Mapping[str, tools.Run], own: Mapping[str, int], seed: str, cache: Path
) -> dict[str, dict[str, str]]:
    """The other tools on some of the source files, drawn by the seed, and we on the same. Of others, lines count."""
    source = [file for file in clean_code.files(cache) if file.kind == SOURCE and file.name in own]
    Draw(f"{seed}/code").random.shuffle(source)
    chosen, size = [], 0
    for file in source:
        if size < _SHARED_BYTES:
            chosen.append(file)
            size += file.path.stat().st_size
    rates = {US: _rate(sum(own[file.name] for file in chosen), size)}
    with tempfile.TemporaryDirectory() as place:
        texts = [(f"{at:05}{file.path.suffix}", file.path.read_text("utf-8")) for at, file in enumerate(chosen)]
        tools.write(texts, Path(place))
        for tool, lines in tools.ask(others, Path(place)).items():
            rates[tool] = _rate(sum(map(len, lines.values())), size)
    return {f"the same of {size / 1e6:.0f} MB of it": rates}


def _rate(hits: int, size: int) -> str:
    return f"{hits / size * 1e6:.2f}" if size else "-"


def _place(name: str, data: bytes, start: int, end: int) -> str:
    line = data.count(b"\n", 0, start) + 1
    before = data[max(0, start - _AROUND) : start].rpartition(b"\n")[2].decode(errors="replace")
    return f"{name}:{line}\n    {before}<{shape(data[start:end].decode(errors='replace'))}>"
