"""`maskproxy rules protect`: fingerprints of source that must not leave."""

from __future__ import annotations

import os
from pathlib import Path

import click

from maskproxy.cli.options import config_option
from maskproxy.errors import NotFound, TooLarge

_TOLD = 5


@click.command("protect")
@config_option("The configuration whose masking key the fingerprints are made with.", required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    required=True,
    help="The file to write.",
)
@click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Names that are left out, as */tests/*; again for more."
)
@click.option(
    "--public",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Source that anybody may have: what stands there too is not protected; again for more.",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="PATH...")
def protect(
    config_path: Path, output: Path, exclude: tuple[str, ...], public: tuple[Path, ...], paths: tuple[Path, ...]
) -> None:
    """Write a file of keyed fingerprints of the source below each PATH, to be named under masking.protected.

    Make the file first, then name it: a configuration that names a file which is not there cannot be used. The file
    does not hold the source, and without the masking key it tells nothing. Hidden files, links, node_modules
    and the like, files that are not text and those over 2 MiB are left out.
    """
    from maskproxy.config import load
    from maskproxy.protected import Printer, Prints
    from maskproxy.protected.sealed_file import written
    from maskproxy.protected.tree import Tree
    from maskproxy.service.masking_key import masking_key

    key = masking_key(load(config_path, os.environ).masking.key.file, make=False)
    tree = Tree(paths, exclude)
    try:
        prints = Prints.of(Printer(key), tree.files(), public=(text for _, text in Tree(public).files()))
    except OverflowError:
        raise TooLarge("This is too much source for one file. Name the parts that matter.") from None
    if not prints.files:
        raise NotFound("There is no source file below these paths.")
    temporary = output.with_name(f".{output.name}.new")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
        file.write(written(prints, key))
    temporary.replace(output)
    lines = sum(1 for i, line in enumerate(prints.lines) if not i or line != prints.lines[i - 1])
    click.echo(f"{len(prints.files)} files, {lines} lines with code, {len(prints)} fingerprints: {output}", err=True)
    if tree.skipped:
        told = ", ".join(tree.skipped[:_TOLD]) + (", and more" if len(tree.skipped) > _TOLD else "")
        click.echo(f"{len(tree.skipped)} files left out, not text or too large: {told}", err=True)
