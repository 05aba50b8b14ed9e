"""Fingerprints of source: keyed hashes of every run of `RUN` tokens, with the places where they stand.

A text is asked at every `STRIDE`-th token only. Since the source is printed at every token, no run of
`RUN + STRIDE - 1` tokens that both have is missed. Runs that could stand anywhere (tables of numbers, closing
brackets) are left out: fewer than `_DIFFERENT` different tokens, or fewer than `_NAMES` names.
"""

from __future__ import annotations

import hmac
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import groupby
from typing import NamedTuple

from maskproxy.protected.tokens import tokens

RUN = 16
STRIDE = 8
MOST_TOKENS = 1 << 26
_DIFFERENT = 8
_NAMES = 4
_SHORTEST_NAME = 3


class Printer:
    """Hashes runs under one key. Without the key nobody can tell what was printed, nor try what it might be."""

    __slots__ = ("_keyed",)

    def __init__(self, masking_key: bytes) -> None:
        self._keyed = blake2b(key=hmac.digest(masking_key, b"maskproxy protected 1: prints", "sha256"), digest_size=8)

    def print_of(self, run: list[bytes]) -> int:
        state = self._keyed.copy()
        state.update(b"\0".join(run))
        return int.from_bytes(state.digest(), "big")


class Extent(NamedTuple):
    """Lines of one file, both included."""

    file: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.file} {self.first}-{self.last}"


class Prints:
    """What is known of a tree. A place is the number of a token, counted over all files. Shared by threads."""

    __slots__ = ("_places", "_printer", "_prints", "_starts", "files", "lines")

    def __init__(
        self,
        printer: Printer,
        files: list[str],
        starts: array[int],
        lines: array[int],
        prints: array[int],
        places: array[int],
    ) -> None:
        """`starts`: each file's first place; `lines`: each place's line; `prints`: in order, and where each stands."""
        self._printer = printer
        self.files = files
        self._starts = starts
        self.lines = lines
        self._prints = prints
        self._places = places

    @classmethod
    def of(cls, printer: Printer, files: Iterable[tuple[str, bytes]], *, public: Iterable[bytes] = ()) -> Prints:
        """Print files, by their names; what stands in `public` texts as well is nobody's own and is left out.

        Raises OverflowError over `MOST_TOKENS` tokens.
        """
        names: list[str] = []
        starts, lines = array("I"), array("I")
        places: dict[int, int] = {}
        for name, text in files:
            words, at = tokens(text)
            if len(lines) + len(words) > MOST_TOKENS:
                raise OverflowError
            for i in range(len(words) - RUN + 1):
                run = words[i : i + RUN]
                if _is_telling(run):
                    places.setdefault(printer.print_of(run), len(lines) + i)
            names.append(name)
            starts.append(len(lines))
            lines.extend(at)
        for text in public:
            words = tokens(text).words
            for i in range(len(words) - RUN + 1):
                places.pop(printer.print_of(words[i : i + RUN]), None)
        ordered = sorted(places)
        return cls(printer, names, starts, lines, array("Q", ordered), array("I", (places[value] for value in ordered)))

    def __len__(self) -> int:
        return len(self._prints)

    @property
    def tables(self) -> tuple[array[int], array[int], array[int], array[int]]:
        """What `__init__` takes behind the files."""
        return self._starts, self.lines, self._prints, self._places

    def holdings(self, text: bytes) -> tuple[int, ...]:
        """Give the places of which the text holds a run."""
        words = tokens(text).words
        prints, print_of = self._prints, self._printer.print_of
        count = len(prints)
        found = []
        for i in range(0, len(words) - RUN + 1, STRIDE):
            value = print_of(words[i : i + RUN])
            at = bisect_left(prints, value)
            if at < count and prints[at] == value:
                found.append(self._places[at])
        return tuple(found)

    def extents(self, places: Iterable[int]) -> list[Extent]:
        """Give the lines that runs at these places cover, each file's together where they touch, in order."""
        return list(self._extents(sorted(set(places))))

    def _extents(self, places: list[int]) -> Iterator[Extent]:
        for file, held in groupby(places, lambda place: bisect_right(self._starts, place) - 1):
            end = self._starts[file + 1] if file + 1 < len(self._starts) else len(self.lines)
            first = last = 0
            for place in held:
                begin, stop = self.lines[place], self.lines[min(place + RUN, end) - 1]
                if last and begin > last + 1:
                    yield Extent(self.files[file], first, last)
                    first = last = 0
                first, last = first or begin, max(last, stop)
            yield Extent(self.files[file], first, last)


def _is_telling(run: list[bytes]) -> bool:
    different = set(run)
    return (
        len(different) >= _DIFFERENT
        and sum(len(token) >= _SHORTEST_NAME and not token[0:1].isdigit() for token in different) >= _NAMES
    )
