"""Ordinary source code and other files: of the standard library, this environment, and packages that were fetched.

What counts as source is told by the file's name. Files of tests, minified ones and data are counted apart: passwords
and keys in tests are true, and nobody reads minified code.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_SOURCE = re.compile(
    r"\.(py|pyi|pyx|[mc]?js|jsx|[mc]?ts|tsx|vue|java|kt|swift|mm?|h|c|cc|cpp|hpp|go|rs|rb|php|cs|css|scss|less|sh|bash|ps1|pl"
    r"|lua|gradle|cmake|sql|podspec)",
    re.IGNORECASE,
)
_DOCUMENTS = re.compile(r"\.(md|rst|txt|html?|json|ya?ml|toml|ini|cfg|xml|po|csv|j2|properties)", re.IGNORECASE)
_TESTS = re.compile(
    r"(^|[/_.-])(tests?|testing|testdata|testutils?|specs?|__tests__|fixtures?|mocks?|conftest|e2e)([/_.-]|$)",
    re.IGNORECASE,
)
_LONGEST_LINE = 2000
_LARGEST = 2_000_000

SOURCE, TESTS, DOCUMENTS, MINIFIED = "source code", "tests", "documents and data", "minified"
KINDS = (SOURCE, TESTS, DOCUMENTS, MINIFIED)


class File(NamedTuple):
    kind: str
    path: Path
    name: str
    """Where it was installed, and its path there."""


def files(cache: Path) -> Iterator[File]:
    """Every file that counts, in order of their names."""
    for origin, root in roots(cache):
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if origin == "stdlib" and inside.parts[0] == "site-packages":
                continue
            kind = _kind(inside)
            if kind and path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGEST:
                yield File(kind, path, f"{origin}/{inside}")


def roots(cache: Path) -> Sequence[tuple[str, Path]]:
    places = [("stdlib", Path(inspect.__file__).parent), ("environment", _site_packages())]
    places += [(f"fetched {name}", cache / name) for name in ("packages", "npm")]
    return [(name, place) for name, place in places if place.is_dir()]


def text_of(file: File) -> tuple[str, str] | None:
    """The kind, now that the text is known, and the text; None of what is no UTF-8."""
    try:
        text = file.path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError):
        return None
    if file.kind == SOURCE and max(map(len, text.split("\n"))) > _LONGEST_LINE:
        return MINIFIED, text
    return file.kind, text


def _kind(inside: Path) -> str | None:
    if "__pycache__" in inside.parts or any(part.startswith("maskproxy") for part in inside.parts):
        return None
    source = _SOURCE.fullmatch(inside.suffix) is not None
    if not source and not _DOCUMENTS.fullmatch(inside.suffix):
        return None
    if _TESTS.search(str(inside)):
        return TESTS
    if ".min." in inside.name:
        return MINIFIED
    return SOURCE if source else DOCUMENTS


def _site_packages() -> Path:
    import pytest

    return Path(pytest.__file__).parent.parent
