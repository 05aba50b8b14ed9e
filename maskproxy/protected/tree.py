"""The files of a source tree that are worth printing: text, not hidden, not of others' making."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

LIMIT_BYTES = 2 << 20
"""Larger files are data, or made by a program."""
_LOOK_BYTES = 8192
_OTHERS = frozenset({"node_modules", "__pycache__", "site-packages", "vendor", "third_party"})


class Tree:
    """Files below some paths, by names that begin with the last part of the path. Links are not followed."""

    def __init__(self, paths: Sequence[Path], exclude: Sequence[str] = ()) -> None:
        """`exclude`: patterns of names (`*/tests/*`), as `fnmatch` has them."""
        self._paths = paths
        self._exclude = exclude
        self.skipped: list[str] = []
        """Names of files that are too large, are not text or cannot be read."""

    def files(self) -> Iterator[tuple[str, bytes]]:
        for path in (path.resolve() for path in self._paths):
            if path.is_file():
                yield from self._read(path, path.name)
                continue
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _OTHERS)
                for name in sorted(names):
                    file = Path(folder, name)
                    if not name.startswith(".") and file.is_file() and not file.is_symlink():
                        yield from self._read(file, str(file.relative_to(path.parent)))

    def _read(self, file: Path, name: str) -> Iterator[tuple[str, bytes]]:
        if any(fnmatchcase(name, pattern) for pattern in self._exclude):
            return
        told = name if name.isprintable() else ascii(name)
        try:
            with file.open("rb") as source:
                text = source.read(LIMIT_BYTES + 1)
        except OSError:
            self.skipped.append(told)
            return
        if len(text) > LIMIT_BYTES or b"\0" in text[:_LOOK_BYTES]:
            self.skipped.append(told)
            return
        yield told, text
