"""How the demo looks. On a terminal with colours; in a pipe plain text of 100 columns."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from maskproxy.dev.evidence import PLACEHOLDER, Evidence, Finding, body_of
from maskproxy.dev.planted import Planted
from maskproxy.dev.talk import told
from maskproxy.recording.frames import Frame

WIDTH = 100
WIDEST = 130
LONGEST_WORD = 42
LONGEST_LIST = 8
SECRET, NAME = "bold red", "bold green"


def open_console() -> Console:
    """For standard output: at most WIDEST columns on a terminal, WIDTH elsewhere."""
    console = Console(highlight=False)
    width = max(80, min(console.width, WIDEST)) if console.is_terminal else WIDTH
    return Console(highlight=False, width=width)


def shortened(text: str) -> str:
    """Long words with their middle left out, so that lines stay lines."""
    return re.sub(rf"\S{{{LONGEST_WORD},}}", lambda m: f"{m[0][: LONGEST_WORD - 9]}…{m[0][-8:]}", text)


def coloured(text: str, planted: Sequence[Planted] = ()) -> Text:
    """Secrets red, placeholders green; cut to fit, after the colours were found."""
    words: list[tuple[str, str]] = []
    for line in text.split("\n"):
        secret = any(part in line for p in planted for part in p.value.split("\n") if len(part) > 8)
        words.append((shortened(line), SECRET if secret else ""))
    result = Text("\n").join(Text(line) if not style else split_secret(line) for line, style in words)
    result.highlight_regex(r"MASKED_[A-Za-z0-9_]*…?[a-z2-7_]*", NAME)
    return result


def split_secret(line: str) -> Text:
    """`NAME=secret`: only what follows the sign is red."""
    name, sign, value = line.partition("=")
    if sign and re.fullmatch(r"[\s\d]*[A-Z_]+", name):
        return Text.assemble(name + sign, (value, SECRET))
    return Text(line, style=SECRET)


def panel(number: int, title: str, body: Text, style: str) -> Panel:
    return Panel(body, title=f"[bold]{number}[/] {title}", title_align="left", border_style=style, box=box.ROUNDED)


def show_opening(console: Console, upstream: str) -> None:
    console.print()
    console.print(Rule("[bold]maskproxy[/] · secrets stay here", style="cyan"))
    console.print(
        Text.assemble(
            "An identity provider, ",
            upstream,
            " and the gateway run on this machine. A developer asks\nClaude for help and pastes ",
            ("an AWS key pair, a GitHub token and a private key", SECRET),
            ", made up a moment ago.",
        )
    )


def show_sides(console: Console, evidence: Evidence) -> None:
    """The first turn, seen from four places."""
    if not (evidence.said and evidence.received and evidence.frames):
        return
    first = evidence.said[0]
    sent = coloured(abridged(opening_of(first.request)), evidence.planted)
    read = coloured(abridged(opening_of(evidence.received[0].body)), evidence.planted)
    back = coloured(first.text, evidence.planted)
    held = coloured(frames_as_text(evidence.exchanges()[0]), evidence.planted)
    side_by_side(console, panel(1, "the client sent", sent, "red"), panel(2, "Claude received", read, "green"))
    side_by_side(
        console, panel(3, "the client got back", back, "green"), panel(4, "the recording holds", held, "green")
    )
    console.print(
        Text.assemble(
            "Only the arguments of Claude's Edit call have ",
            ("the developer's own token", SECRET),
            " back, or the edit would not fit the file.\nText, other tools and the recording hold ",
            ("placeholders", NAME),
            ".",
        )
    )


def side_by_side(console: Console, left: Panel, right: Panel) -> None:
    """Two panels of one height."""
    half = console.options.update_width(console.width // 2)
    left.height = right.height = max(len(console.render_lines(p, half)) for p in (left, right))
    grid = Table.grid(expand=True, padding=0)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(left, right)
    console.print(grid)


def opening_of(body: bytes) -> str:
    message = json.loads(body)["messages"][0]["content"]
    return message if isinstance(message, str) else json.dumps(message)


def abridged(text: str) -> str:
    """A PEM block of more than four lines with its middle left out."""
    lines = text.split("\n")
    begin = next((i for i, line in enumerate(lines) if line.startswith("-----BEGIN")), None)
    end = next((i for i, line in enumerate(lines) if line.startswith("-----END")), None)
    if begin is not None and end is not None and end - begin > 3:
        lines[begin + 2 : end] = ["…"]
    return "\n".join(line for line in lines if line)


TOLD = {
    "session": ("person_name", "client"),
    "request": ("method", "target", "via"),
    "decision": ("outcome", "grant"),
    "finding": ("direction", "rule"),
    "response": ("status",),
    "end": ("outcome",),
}
"""What is shown of each kind of frame."""


def frames_as_text(frames: Sequence[Frame]) -> str:
    """An exchange's frames, a line each; the pieces of a body as one, with what it says about the token."""
    lines: list[str] = []
    bodies: set[str] = set()
    for frame in frames:
        if frame.kind in TOLD:
            words = [str(frame.data[name]) for name in TOLD[frame.kind] if frame.data.get(name) not in {None, ""}]
            lines.append(f"{frame.kind:<14} {' '.join(words)}")
        elif frame.kind not in bodies:
            bodies.add(frame.kind)
            body = body_of(frames, frame.kind)
            lines.append(f"{frame.kind:<14} {len(body):,} bytes, masked:")
            text = told(body) if frame.kind == "response_body" else opening_of(body)
            lines += [f"  {found}" for found in re.findall(r"GITHUB_TOKEN=\S+", text)[:1]]
    return "\n".join(lines)


def show_turns(console: Console, evidence: Evidence) -> None:
    """Every turn in a line: how it went, and how many placeholders stood for secrets on each side."""
    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1))
    for name in ("turn", "way", "answer", "status"):
        table.add_column(name)
    for name in ("Claude read", "came back", "recorded"):
        table.add_column(name, justify="right")
    exchanges = evidence.exchanges()
    for number, said in enumerate(evidence.said):
        read = evidence.received[number].body if number < len(evidence.received) else b""
        kept = exchanges[number] if number < len(exchanges) else []
        recorded = body_of(kept, "request_body") + told(body_of(kept)).encode()
        counts = [placeholders(read), placeholders(said.text.encode()), placeholders(recorded)]
        style = "green" if said.status == 200 else "bold red"
        table.add_row(
            str(number + 1),
            said.way,
            "streamed" if said.streamed else "whole",
            f"[{style}]{said.status}[/]",
            *(f"{count} placeholder{'' if count == 1 else 's'}" for count in counts),
        )
    console.print(table)


def placeholders(data: bytes) -> int:
    return len(PLACEHOLDER.findall(data))


def show_verdict(console: Console, findings: Sequence[Finding]) -> None:
    console.print(Rule(style="cyan"))
    for finding in findings:
        if finding.against:
            console.print(Text.assemble(("✗ ", SECRET), finding.claim))
            for line in finding.against[:LONGEST_LIST]:
                console.print(Text.assemble("    ", (line, SECRET)))
            if len(finding.against) > LONGEST_LIST:
                console.print(f"    and {len(finding.against) - LONGEST_LIST} more")
        else:
            console.print(Text.assemble(("✓ ", NAME), finding.claim))


def show_replay_heading(console: Console, session: str) -> None:
    console.print(Rule("[bold]the session, replayed from the recording[/]", style="cyan"))
    console.print(Text(f"$ maskproxy replay {session}", style="dim"))


def show_log(console: Console, log: bytes) -> None:
    """The end of the daemon's log, for whoever has to find out what went wrong."""
    console.print(Rule("the daemon's log", style="red"))
    for line in log.decode("utf-8", "replace").splitlines()[-12:]:
        console.print(Text(line))
