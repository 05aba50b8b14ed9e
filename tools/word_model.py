"""Makes the table by which words are told from random letters: `python -m tools.word_model FOLDER...`.

Reads every text under the folders (the standard library's sources, translations in several languages), counts each
distinct word once, and writes for every three letters how surprising the third is after the other two, in half bits.
`maskproxy.masking.checks.words` reads the table. Folders that it was made of: the standard library, and Django with
its translations.
"""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from maskproxy.masking.checks.words import EDGE, LETTERS, TABLE, number

_SUFFIXES = {".py", ".po", ".txt", ".rst", ".md", ".js", ".html"}
_WORD = re.compile(r"[A-Z]?[a-z]{2,19}|[A-Z]{3,20}(?![a-z])")
_LEAST = 3
"""A word that is there less often is a slip, or a name."""
_PRIOR = 0.05
_HIGHEST = 15


def words(folders: Iterable[Path]) -> Iterator[str]:
    """Give the words that are used."""
    counts: Counter[str] = Counter()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix not in _SUFFIXES or not path.is_file():
                continue
            text = unicodedata.normalize("NFKD", path.read_text(errors="ignore"))
            text = "".join(character for character in text if not unicodedata.combining(character))
            counts.update(word.lower() for word in _WORD.findall(text))
    return (word for word, count in counts.items() if count >= _LEAST)


def surprises(some: Iterable[str]) -> bytes:
    """Give the table: for each three letters a number from 0 to 15, two to a byte."""
    counts: Counter[int] = Counter()
    for word in some:
        letters = [EDGE, EDGE, *(ord(letter) - 96 for letter in word), EDGE]
        counts.update(number(*letters[at : at + 3]) for at in range(len(letters) - 2))
    halves = []
    for pair in range(LETTERS * LETTERS):
        row = [counts[pair * LETTERS + third] + _PRIOR for third in range(LETTERS)]
        halves += [min(_HIGHEST, round(-2 * math.log2(seen / sum(row)))) for seen in row]
    halves.append(0)
    return bytes(low | high << 4 for low, high in zip(halves[::2], halves[1::2], strict=True))


def main(folders: list[str]) -> int:
    if not folders:
        print("Name the folders that hold words.")
        return 2
    some = sorted(words(map(Path, folders)))
    TABLE.write_bytes(surprises(some))
    print(f"{len(some)} words")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
