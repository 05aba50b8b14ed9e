"""A stage that writes a session as a conversation for people: roles, tool calls, results, masked places, timing.

On a terminal it has colours; in a pipe it is the same text without any. Text of a block is set in by two spaces and is
otherwise complete, except for system prompts, which are folded unless `full`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rich.cells import cell_len

from maskproxy.recording.answers import Piece
from maskproxy.recording.catalog import SessionEntry, iso_time
from maskproxy.recording.conversation import Turn
from maskproxy.recording.messages import Block, Message, spell
from maskproxy.recording.pen import Pen
from maskproxy.recording.visible import visible_line

_MARGIN = "  "
_FOLDED_LINES = 4
_FOLDED_CHARACTERS = 400
_RULE_WIDTH = 78
_GOOD_OUTCOMES = {"complete", "allowed"}
_MOST_PLACES = 3
_MESSAGE_PLACE = re.compile(r"messages\[(\d{1,9})\]", re.ASCII)


class Transcript:
    """Writes with `pen`. `full` shows system prompts whole."""

    def __init__(self, pen: Pen, *, full: bool = False) -> None:
        self._pen = pen
        self._full = full
        self._count = 0
        self._block = -1

    def header(self, entry: SessionEntry) -> None:
        rows = header_rows(entry)
        width = max(len(name) for name, _ in rows)
        told = [(name.ljust(width), visible_line(value)) for name, value in rows]
        if self._pen.colors:
            self._panel(f"Session {entry.session}", told)
            return
        self._pen.line(f"Session {entry.session}")
        for name, value in told:
            self._pen.line(f"{name}  {value}", margin=_MARGIN)

    def _panel(self, title: str, rows: list[tuple[str, str]]) -> None:
        inner = max(cell_len(title), *(cell_len(name) + 2 + cell_len(value) for name, value in rows))
        self._pen.text("╭─ ", "rule")
        self._pen.text(title, "assistant")
        self._pen.line(f" {'─' * (inner - cell_len(title) + 1)}╮", "rule")
        for name, value in rows:
            self._pen.text("│  ", "rule")
            self._pen.text(name, "dim")
            self._pen.text(f"  {value}{' ' * (inner - cell_len(name) - 2 - cell_len(value))}")
            self._pen.line("  │", "rule")
        self._pen.line(f"╰{'─' * (inner + 4)}╯", "rule")

    def summary(self, turn: Turn) -> None:
        """An exchange without what was said in it."""
        self._count += 1
        self._title(turn)
        self._outcome(turn)

    def begin(self, turn: Turn) -> None:
        self._count += 1
        self._block = -1
        self._title(turn)
        for text in turn.system:
            self._head("system", "system")
            self._folded(text)
        if turn.tools:
            self._head("tools", "system")
            self._pen.line(visible_line(", ".join(turn.tools)), "dim", margin=_MARGIN)
        if turn.conversation and not turn.messages:
            self._pen.line("(the same messages again)", "dim")
        for message in turn.messages:
            self._message(message)
        self._pen.show()

    def answer(self, turn: Turn, piece: Piece) -> None:
        assert turn.answer is not None
        block = turn.answer.message.blocks[piece.block]
        if piece.block != self._block:
            self._pen.close_line()
            self._block = piece.block
            if block.kind not in {"text", "thinking"}:
                self._whole(block, "assistant")
                return
            self._head_of(block, turn.answer.message.role)
        if block.kind in {"text", "thinking"}:
            self._pen.text(piece.text, _style_of(block), margin=_MARGIN)
            self._pen.show()

    def end(self, turn: Turn) -> None:
        self._pen.close_line()
        self._pen.line()
        self._outcome(turn)

    def _outcome(self, turn: Turn) -> None:
        if turn.answer is not None and turn.answer.error:
            self._pen.line(f"error  {visible_line(turn.answer.error)}", "bad")
        if turn.answer is not None and turn.answer.unread_events:
            self._pen.line(f"{turn.answer.unread_events} parts of the answer could not be read", "bad")
        for direction in ("request", "answer"):
            told = findings_line(turn, direction)
            if told:
                self._pen.line(f"masked in the {direction}: {told}", "code")
        if turn.sentence:
            self._pen.line(visible_line(turn.sentence), "plain" if turn.outcome in _GOOD_OUTCOMES else "bad")
        self._pen.text(visible_line(turn.outcome), "good" if turn.outcome in _GOOD_OUTCOMES else "bad")
        self._pen.line(f" · {measures(turn)}", "dim")
        self._pen.show()

    def _title(self, turn: Turn) -> None:
        moment = iso_time(turn.wall_ns)[11:-5]
        what = visible_line(f"{turn.method} {turn.target}".strip() or "(its beginning is not recorded)")
        about = [what, visible_line(turn.model)] if turn.model else [what]
        agent = turn.request.get("agent")
        if isinstance(agent, str) and agent:
            about.append(f"agent {visible_line(agent)}")
        title = f"── {self._count} · {moment} · {' · '.join(about)} "
        self._pen.line()
        self._pen.line(title + "─" * max(2, _RULE_WIDTH - len(title)), "rule")

    def _head(self, words: str, style: str) -> None:
        self._pen.close_line()
        self._pen.line()
        self._pen.line(words, style)

    def _head_of(self, block: Block, role: str) -> None:
        if block.kind == "thinking":
            self._head(f"{visible_line(role)} thinks", "dim")
        else:
            self._head(visible_line(role), role if role in {"user", "assistant", "system"} else "system")

    def _message(self, message: Message) -> None:
        previous = ""
        for block in message.blocks:
            if block.kind in {"text", "thinking"}:
                if block.kind != previous:
                    self._head_of(block, message.role)
                if message.role == "system":
                    self._folded(block.text)
                else:
                    self._pen.text(block.text, _style_of(block), margin=_MARGIN)
                    self._pen.close_line()
            else:
                self._whole(block, message.role)
            previous = block.kind
        if not message.blocks:
            self._head(f"{visible_line(message.role)} (nothing)", "dim")

    def _whole(self, block: Block, role: str) -> None:
        """A block that is shown at once: a tool call, its result, a medium, something new."""
        if block.kind == "tool_use":
            self._head(f"tool call · {visible_line(block.name)} · {visible_line(block.id)}", "tool")
            text, style = block.value if isinstance(block.value, str) else spell(block.value, indent=2), "code"
        elif block.kind == "tool_result":
            failed = " · failed" if block.failed else ""
            self._head(f"tool result · {visible_line(block.id)}{failed}", "bad" if block.failed else "result")
            text, style = block.text, "plain"
        else:
            self._head(f"{visible_line(role)} · {visible_line(block.name)}", "dim")
            text, style = block.text or spell(block.value), "dim"
        self._pen.text(text, style, margin=_MARGIN)
        self._pen.close_line()

    def _folded(self, text: str) -> None:
        lines = text.split("\n")
        shown = "\n".join(lines[:_FOLDED_LINES])[:_FOLDED_CHARACTERS]
        if self._full or shown == text:
            self._pen.text(text, "dim", margin=_MARGIN)
            self._pen.close_line()
            return
        self._pen.text(shown, "dim", margin=_MARGIN)
        self._pen.close_line()
        note = f"(folded: {len(text):,} characters, {len(lines):,} lines; --full shows all)"
        self._pen.line(note, "rule", margin=_MARGIN)


def _style_of(block: Block) -> str:
    return "thinking" if block.kind == "thinking" else "plain"


def header_rows(entry: SessionEntry) -> list[tuple[str, str]]:
    """What the head of a session tells, as names and values."""
    who = entry.who if entry.person in {"", entry.who} else f"{entry.who} ({entry.person})"
    span = duration((entry.last_ns - entry.started_ns) / 1e9)
    rows = [("who", who), ("when", f"{iso_time(entry.started_ns)}, {span}")]
    if entry.client:
        rows.append(("client", entry.client))
    if entry.models:
        rows.append(("model", ", ".join(entry.models)))
    rows.append(("exchanges", counted(entry.outcomes, entry.exchanges)))
    rows.append(("masked", counted_rules(entry.secrets) or "nothing"))
    return rows


def counted(outcomes: Mapping[str, int], exchanges: int) -> str:
    parts = [f"{count} {outcome}" for outcome, count in sorted(outcomes.items())]
    still = exchanges - sum(outcomes.values())
    return ", ".join([*parts, f"{still} open"] if still > 0 else parts) or "none"


def counted_rules(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {rule}" for rule, count in sorted(counts.items()))


def findings_line(turn: Turn, direction: str) -> str:
    """What was masked in one direction by rule, with the first places; of messages sent again, only how much."""
    places: dict[str, list[str]] = {}
    again = 0
    for finding in turn.findings:
        if finding.direction != direction:
            continue
        if direction == "request" and _is_resent(finding.place, turn.resent):
            again += 1
        else:
            what = finding.rule if finding.action in {"", "mask"} else f"{finding.rule} [{finding.action}]"
            places.setdefault(what, []).append(finding.place)
    told = []
    for rule, found in sorted(places.items()):
        distinct = [visible_line(place) for place in dict.fromkeys(found) if place]
        more = ", …" if len(distinct) > _MOST_PLACES else ""
        where = f" ({', '.join(distinct[:_MOST_PLACES])}{more})" if distinct else ""
        told.append(f"{len(found)} {visible_line(rule)}{where}")
    return ", ".join([*told, f"{again} again in messages shown before"] if again else told)


def _is_resent(place: str, resent: int) -> bool:
    match = _MESSAGE_PLACE.match(place)
    return match is not None and int(match[1]) < resent


def measures(turn: Turn) -> str:
    """Status, sizes, times and id of an exchange on one line."""
    parts = [str(turn.status)] if turn.status is not None else []
    if turn.answer is not None and turn.answer.stop_reason:
        parts.append(visible_line(turn.answer.stop_reason))
    if turn.first_answer_ns is not None:
        parts.append(f"first byte after {duration((turn.first_answer_ns - turn.mono_ns) / 1e9)}")
    parts.append(f"{duration((turn.last_ns - turn.mono_ns) / 1e9)} in all")
    parts.append(f"{size(turn.request_bytes)} in, {size(turn.response_bytes)} out")
    return " · ".join([*parts, turn.exchange])


def size(count: int) -> str:
    if count < 1000:
        return f"{count} B"
    return f"{count / 1e3:.1f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"


def duration(seconds: float) -> str:
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
