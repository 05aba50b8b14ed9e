"""Tables of the commands that list: aligned columns of short texts, fit for a terminal whoever wrote them."""

from __future__ import annotations

from collections.abc import Sequence

import click


def show_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their head, the last column as long as it is."""
    from maskproxy.service.logs import printable

    shown = [list(head), *([printable(str(value)) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in shown) for column in range(len(head))]
    for row in shown:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
