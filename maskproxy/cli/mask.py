"""`maskproxy mask`: a filter that masks what it reads. A stream stays a stream: output follows input as it comes.

Memory does not grow with the input: what is found is told, or counted, and forgotten.
"""

from __future__ import annotations

import fcntl
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import click

from maskproxy.cli.options import config_option
from maskproxy.masking import Masking

PIECE_BYTES = 1024 * 1024
FOUND = 1


@click.command()
@config_option("Its key and rules.")
@click.option("--check", is_flag=True, help="Only tell what is found, and where; exit with 1 if anything is.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help='jsonl: each line {"id","text"} gives {"id","text","findings"}, with offsets in characters of the input.',
)
@click.argument("files", type=click.Path(path_type=Path), metavar="[FILE]...", nargs=-1)
def mask(config_path: Path | None, check: bool, form: str, files: tuple[Path, ...]) -> None:
    """Mask secrets in FILE, or in standard input; with --check, tell of them in any number of files.

    Without a configuration the key of the placeholders is random: the same secret gets another placeholder next time.
    With one, its actions for requests count: what is blocked there, or raises an alert, is masked here as it is in a
    recording, and what is allowed is not.

    --check tells each finding as `path:line:column rule`, never the secret, and leaves binary files out. With
    JSON lines it masks as well.
    """
    from maskproxy.cli.masks import masking

    if len(files) > 1 and not (check and form == "text"):
        raise click.UsageError("Several files can only be checked: add --check, or name one of them.")
    using = masking(config_path)
    found = 0
    if check and form == "text":
        for path in files or (Path("-"),):
            with opened(path) as source:
                found += find_text(using, source, str(path), sys.stdout.buffer)
    else:
        from maskproxy.cli.mask_lines import mask_lines

        work = mask_lines if form == "jsonl" else mask_text
        with opened(files[0] if files else Path("-")) as source:
            found = work(using, source, sys.stdout.buffer)
    sys.stdout.buffer.flush()
    if check and found:
        sys.exit(FOUND)


def opened(path: Path) -> BinaryIO:
    """A file, or standard input for `-`, without a buffer of its own to fill."""
    if str(path) == "-":
        return sys.stdin.buffer
    try:
        return path.open("rb")
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}.") from error


def mask_text(masking: Masking, source: BinaryIO, out: BinaryIO) -> int:
    """Copy a text, masked, holding back only what may still become a secret. Gives the number of spans."""
    masker = masking.masker()
    found = 0
    for data in pieces(source):
        out.write(masker.feed(data))
        out.flush()
        found += len(masker.take_findings())
    out.write(masker.finish())
    return found + len(masker.take_findings())


def find_text(masking: Masking, source: BinaryIO, name: str, out: BinaryIO) -> int:
    """Tell each finding as `name:line:column rule`. A binary file is left out in words."""
    from maskproxy.cli.places import Places

    masker = masking.masker()
    places = Places(masker)
    found = 0

    def tell() -> int:
        told = places.found()
        out.writelines(
            f"{name}:{line}:{column} {f.rule}\n".encode(errors="surrogateescape") for f, line, column in told
        )
        return len(told)

    for number, data in enumerate(pieces(source)):
        if not number and name != "-" and is_binary(data):
            click.echo(f"{name}: not read, it is binary", err=True)
            return 0
        places.feed(data)
        masker.feed(data)
        found += tell()
    masker.finish()
    return found + tell()


def is_binary(beginning: bytes) -> bool:
    """Tell whether a file is none that people read as text: it holds a NUL early on."""
    return b"\0" in beginning[:8192]


def pieces(source: BinaryIO) -> Iterator[bytes]:
    """What is there to be read, up to a bound, without waiting for more."""
    read = getattr(source, "read1", source.read)
    with suppress(OSError, ValueError):  # no pipe, or the system gives no more
        fcntl.fcntl(source.fileno(), fcntl.F_SETPIPE_SZ, PIECE_BYTES)
    while data := read(PIECE_BYTES):
        yield data


def is_file(source: BinaryIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(source.fileno()).st_mode)
    except (OSError, ValueError):
        return False
