"""`maskproxy sessions`: which sessions a recording holds, and what one of them was."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from maskproxy.errors import DamagedRecording, NotFound

if TYPE_CHECKING:
    from maskproxy.audit import EventName
    from maskproxy.recording.catalog import Catalog, SessionEntry
    from maskproxy.recording.pen import Pen
    from maskproxy.recording.reader import Tear

Command = TypeVar("Command", bound=Callable[..., object])
ENVIRONMENT = "MASKPROXY_RECORDINGS"


def directory_options(command: Command) -> Command:
    """`-d` and `-c`, of which one, or the environment, says where the recording is."""
    named = click.option(
        "-d",
        "--directory",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help=f"The recording's directory; else the environment's {ENVIRONMENT}.",
    )
    configured = click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Take the directory from a configuration.",
    )
    return named(configured(command))


def recording_directory(directory: Path | None, config: Path | None) -> Path:
    """Where the recording is. Raises click.UsageError (exit 2) or ConfigurationFault (78)."""
    if directory is not None and config is not None:
        raise click.UsageError("Name the directory with -d or a configuration with -c, not both.")
    if config is not None:
        from maskproxy.config.load import load

        recording = load(config, os.environ).recording
        if recording is None:
            raise click.UsageError("This configuration has no recording.")
        directory = recording.directory
    elif directory is None and os.environ.get(ENVIRONMENT):
        directory = Path(os.environ[ENVIRONMENT])
    if directory is None:
        raise click.UsageError(f"Say where the recording is: -d DIR, -c FILE or {ENVIRONMENT}.")
    if not directory.is_dir():
        raise click.UsageError(f"There is no directory {directory}.")
    return directory


def catalog_of(directory: Path | None, config: Path | None) -> tuple[Path, Catalog]:
    from maskproxy.recording.catalog import Catalog

    found = recording_directory(directory, config)
    return found, Catalog(found)


def entry_of(catalog: Catalog, word: str) -> SessionEntry:
    try:
        return catalog.find(word)
    except NotFound as error:
        report(catalog.tears, catalog.damages)
        raise click.UsageError(str(error)) from error


def told_as_read(config: Path | None, event: EventName, action: str, session: str = "") -> None:
    """Tell the audit trail of the configuration, if one is given, before anything is shown. Raises StartFailed (69)."""
    if config is not None:
        from maskproxy.service.auditing.reading import tell_reading

        tell_reading(config, event, action, session)


def pen_for_output() -> Pen:
    """A pen on standard output: colours on a terminal, unless NO_COLOR is set."""
    from rich.console import Console

    from maskproxy.recording.pen import Pen

    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")  # a terminal of few letters shows the others as escapes
    console = Console()
    return Pen(sys.stdout, colors=console.is_terminal and console.color_system is not None and not console.no_color)


def report(tears: list[Tear], damages: list[DamagedRecording]) -> None:
    """What could not be read, on standard error."""
    for tear in tears:
        click.echo(
            f"{tear.segment} ends in a torn record at byte {tear.offset}: {tear.lost_bytes} bytes that were never "
            "acknowledged are left out.",
            err=True,
        )
    for damage in damages:
        click.echo(str(damage), err=True)


def leave(tears: list[Tear], damages: list[DamagedRecording]) -> None:
    """Report, and exit with 65 where there is damage."""
    report(tears, damages)
    if damages:
        sys.exit(DamagedRecording.exit_code)


@click.group()
def sessions() -> None:
    """List and show recorded sessions."""


@sessions.command("list")
@directory_options
@click.option("--json", "as_json", is_flag=True, help="A JSON array on standard output.")
def list_sessions(directory: Path | None, config: Path | None, as_json: bool) -> None:
    """List the sessions, the latest last."""
    _, catalog = catalog_of(directory, config)
    told_as_read(config, "search", "listed")
    if as_json:
        click.echo(json.dumps([entry.as_json() for entry in catalog.entries], indent=2))
    elif catalog.entries:
        _write_table(catalog.entries)
    else:
        click.echo("There are no sessions yet.", err=True)
    leave(catalog.tears, catalog.damages)


def _write_table(entries: list[SessionEntry]) -> None:
    from maskproxy.recording.catalog import iso_time
    from maskproxy.recording.transcript import counted_rules
    from maskproxy.recording.visible import visible_line

    heads = ("SESSION", "STARTED", "WHO", "MODEL", "EXCHANGES", "OUTCOME", "MASKED")
    rows = [
        tuple(
            map(
                visible_line,
                (
                    entry.session,
                    iso_time(entry.started_ns)[:19] + "Z",
                    entry.who,
                    ", ".join(entry.models) or "-",
                    str(entry.exchanges),
                    entry.outcome,
                    counted_rules(entry.secrets) or "-",
                ),
            )
        )
        for entry in entries
    ]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    pen = pen_for_output()
    for row in [heads, *rows]:
        for column, cell in enumerate(row):
            last = column == len(row) - 1
            pen.text(
                cell if last else cell.ljust(widths[column]) + "  ", _column_style(heads[column], row is heads, cell)
            )
        pen.end_line()
    pen.show()


def _column_style(head: str, is_head: bool, cell: str) -> str:
    if is_head:
        return "dim"
    if head == "OUTCOME":
        return "good" if cell == "complete" else "bad"
    return {"SESSION": "user", "MASKED": "code"}.get(head, "plain") if cell != "-" else "dim"


@sessions.command()
@click.argument("session")
@directory_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def show(session: str, directory: Path | None, config: Path | None, as_json: bool) -> None:
    """Show who, when and what of SESSION: an id, the beginning of one, or `last`.

    Its exchanges are listed with their findings; `maskproxy replay` shows what was said.
    """
    from maskproxy.recording.conversation import turns
    from maskproxy.recording.lines import turn_as_json
    from maskproxy.recording.reader import Reader
    from maskproxy.recording.transcript import Transcript

    found, catalog = catalog_of(directory, config)
    entry = entry_of(catalog, session)
    told_as_read(config, "replay", "shown", entry.session)
    reader = Reader(found, session=entry.session, strict=False)
    if as_json:
        left_out = {"system", "tools", "messages", "answer"}
        told = [
            {name: value for name, value in turn_as_json(turn).items() if name not in left_out}
            for turn in turns(reader)
        ]
        click.echo(json.dumps({**entry.as_json(), "turns": told}, indent=2))
    else:
        transcript = Transcript(pen_for_output())
        transcript.header(entry)
        for turn in turns(reader):
            transcript.summary(turn)
    leave(catalog.tears, catalog.damages)
