"""`maskproxy replay`: a session told again as a conversation, at its own pace."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from maskproxy.cli.sessions import catalog_of, directory_options, entry_of, leave, pen_for_output, told_as_read


@click.command()
@click.argument("session")
@directory_options
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), default=1.0, help="So many times as fast.")
@click.option("--instant", is_flag=True, help="Without any wait.")
@click.option(
    "--max-pause", type=click.FloatRange(min=0), metavar="SECONDS", help="No wait longer than this; else as it was."
)
@click.option("--full", is_flag=True, help="Show system prompts whole.")
@click.option("--format", "form", type=click.Choice(["text", "jsonl"]), default="text", help="text for people.")
def replay(
    session: str,
    directory: Path | None,
    config: Path | None,
    speed: float,
    instant: bool,
    max_pause: float | None,
    full: bool,
    form: str,
) -> None:
    """Tell SESSION again: an id, the beginning of one, or `last`.

    Secrets were masked before they were recorded and are seen as MASKED_... names. Control sequences are shown, never
    obeyed.
    """
    from maskproxy.recording.conversation import turns
    from maskproxy.recording.lines import JsonLines
    from maskproxy.recording.player import Pace, play
    from maskproxy.recording.reader import Reader
    from maskproxy.recording.transcript import Transcript

    found, catalog = catalog_of(directory, config)
    entry = entry_of(catalog, session)
    told_as_read(config, "export" if form == "jsonl" else "replay", form, entry.session)
    stage = JsonLines(sys.stdout) if form == "jsonl" else Transcript(pen_for_output(), full=full)
    stage.header(entry)
    reader = Reader(found, session=entry.session, strict=False)
    pace = Pace(speed=speed, instant=instant, longest_s=max_pause)
    play(turns(reader), stage, pace, clock=time.monotonic, sleep=time.sleep)
    leave(catalog.tears, catalog.damages)
