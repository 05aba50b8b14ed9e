"""Where rules come from: `builtin:default`, one built-in file or pack by its name, or a file of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from maskproxy.errors import RuleRefused
from maskproxy.masking.rulefiles.documents import FILE_LIMIT_BYTES

BUILTIN = Path(__file__).parents[1] / "builtin"
PACKS = BUILTIN / "packs"
PREFIX = "builtin:"


class Source(NamedTuple):
    """One file, read."""

    path: Path
    content: bytes
    builtin: bool

    @property
    def name(self) -> str:
        return self.path.name


def read_sources(sources: Sequence[str | Path]) -> Iterator[Source]:
    """Read each file that the sources name. Raises RuleRefused."""
    for source in sources:
        is_builtin = isinstance(source, str) and source.startswith(PREFIX)
        for path in _paths(source):
            yield Source(path, read_content(path), is_builtin)


def _paths(source: str | Path) -> list[Path]:
    if source == "builtin:default":
        return sorted(BUILTIN.glob("*.yaml"))
    if isinstance(source, str) and source.startswith(PREFIX):
        file = f"{source.removeprefix(PREFIX)}.yaml"
        for folder in (BUILTIN, PACKS):
            path = folder / file
            if path.parent == folder and path.is_file():
                return [path]
        raise RuleRefused(f"There is no {source}.")
    return [Path(source)]


def read_content(path: Path) -> bytes:
    """Read a rule file, up to the limit of its size."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT_BYTES + 1)
    except OSError as error:
        raise RuleRefused(f"The rule file {path.name} cannot be read.", detail=str(error)) from error
    if len(content) > FILE_LIMIT_BYTES:
        raise RuleRefused(f"The rule file {path.name} is too large: over {FILE_LIMIT_BYTES >> 20} MiB.")
    return content
