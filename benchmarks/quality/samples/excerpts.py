"""Clean texts as they are: excerpts of sources and documents of the standard library and packages, tests left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.quality import clean_code
from benchmarks.quality.samples.sample import Sample, sample
from benchmarks.quality.texts.wrappers import wrapped
from benchmarks.quality.values.draw import Draw

FAMILY = "excerpts of packages"
_COUNT = 300


def samples(seed: str, cache: Path) -> Iterator[Sample]:
    """So many, of whatever is installed: the set is the same for the same seed, Python and packages."""
    draw = Draw(f"{seed}/clean/excerpts")
    files = [file for file in clean_code.files(cache) if file.kind in (clean_code.SOURCE, clean_code.DOCUMENTS)]
    made = 0
    while made < _COUNT:
        read = clean_code.text_of(draw.pick(files))
        if read is None or read[0] == clean_code.MINIFIED:
            continue
        lines = read[1].split("\n")
        count = draw.between(8, 40)
        start = draw.between(0, max(0, len(lines) - count))
        text, wrapper = wrapped("\n".join(lines[start : start + count]) + "\n", draw)
        yield sample("clean", FAMILY, read[0], ".txt", text)._replace(wrapper=wrapper)
        made += 1
