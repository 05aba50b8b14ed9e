"""Tables of what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

CONSOLE = Console(width=130, highlight=False)


def share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "-"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    made = Table(*head, title=title, title_justify="left")
    for column in made.columns[1:]:
        column.justify = "right"
    for row in rows:
        made.add_row(*row)
    CONSOLE.print(made)


def shape(value: str) -> str:
    """A value by its shape: letters as a or A, digits as 9, runs with their lengths; signs stay. Not the value."""
    kinds = ["A" if c.isupper() else "a" if c.isalpha() else "9" if c.isdigit() else c for c in value]
    parts: list[str] = []
    at = 0
    while at < len(kinds):
        end = at
        while end < len(kinds) and kinds[end] == kinds[at]:
            end += 1
        parts.append(
            kinds[at] if end - at == 1 else f"{kinds[at]}{end - at}" if kinds[at] in "aA9" else kinds[at] * (end - at)
        )
        at = end
    text = "".join(parts)
    return text if len(text) <= 60 else text[:57] + "..."


def most(counts: Mapping[str, int], number: int) -> list[tuple[str, int]]:
    return Counter(counts).most_common(number)
