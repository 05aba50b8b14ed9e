"""The tables of ordinary code: hits a megabyte, the rules that hit most, and where."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
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


def print_all(masking: Masking, others: Mapping[str, tools.Run], seed: str, cache: Path, show: str | None) -> None:
    sizes: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    rules: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    own: dict[str, int] = {}
    places: list[tuple[str, str]] = []
    for file, kind, data in _texts(cache):
        found = masking.find(data)
        counts[kind] += 1
        sizes[kind] += len(data)
        hits[kind] += len(found)
        rules[kind].update(one.rule for one in found)
        if kind == SOURCE:
            own[file.name] = len(found)
        if show and kind in (SOURCE, DOCUMENTS):
            places += [
                (one.rule, f"{kind}  {_place(file.name, data, one.start, one.end)}")
                for one in found
                if show in ("all", one.rule)
            ]
    rows = [
        [kind, str(counts[kind]), f"{sizes[kind] / 1e6:.1f}", str(hits[kind]), _rate(hits[kind], sizes[kind])]
        for kind in KINDS
    ]
    origins = ", ".join(name for name, _ in clean_code.roots(cache))
    table(
        f"Hits in files of {origins}; true secrets in them count as hits, too",
        ["files", "number", "MB", "hits", "a MB"],
        rows,
    )
    for kind in (SOURCE, DOCUMENTS):
        if rules[kind]:
            table(
                f"Rules that hit most in {kind}",
                ["rule", "hits"],
                [(rule, str(count)) for rule, count in most(rules[kind], 15)],
            )
    if others:
        _print_others(others, own, seed, cache)
    for rule, place in places[:_TOO_MANY]:
        CONSOLE.print(f"{rule}  {place}", markup=False)


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


def _print_others(others: Mapping[str, tools.Run], own: Mapping[str, int], seed: str, cache: Path) -> None:
    """The other tools on some of the source files, drawn by the seed, and we on the same."""
    source = [file for file in clean_code.files(cache) if file.kind == SOURCE and file.name in own]
    Draw(f"{seed}/code").random.shuffle(source)
    chosen, size = [], 0
    for file in source:
        if size < _SHARED_BYTES:
            chosen.append(file)
            size += file.path.stat().st_size
    rows = [[US, str(hits := sum(own[file.name] for file in chosen)), _rate(hits, size)]]
    with tempfile.TemporaryDirectory() as place:
        tools.write(
            [(f"{at:05}{file.path.suffix}", file.path.read_text()) for at, file in enumerate(chosen)], Path(place)
        )
        for tool, lines in tools.ask(others, Path(place)).items():
            hits = sum(map(len, lines.values()))
            rows.append([tool, str(hits), _rate(hits, size)])
    table(
        f"The same {size / 1e6:.1f} MB of source code for each ({len(chosen)} files; of others, lines)",
        ["tool", "hits", "a MB"],
        rows,
    )


def _rate(hits: int, size: int) -> str:
    return f"{hits / size * 1e6:.2f}" if size else "-"


def _place(name: str, data: bytes, start: int, end: int) -> str:
    line = data.count(b"\n", 0, start) + 1
    before = data[max(0, start - _AROUND) : start].rpartition(b"\n")[2].decode(errors="replace")
    return f"{name}:{line}\n    {before}<{shape(data[start:end].decode(errors='replace'))}>"
