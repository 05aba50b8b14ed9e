"""Which sessions a directory holds: found by reading its segments from end to end, with memory for the sessions only.

What cannot be read is collected, not raised, so that a damaged segment does not hide the sound ones.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from maskproxy.errors import DamagedRecording, NotFound
from maskproxy.recording.frames import Frame
from maskproxy.recording.messages import text_of
from maskproxy.recording.reader import Reader, Tear

# The API names the model ahead of any content, in an answer's head or its first event.
_MODEL = re.compile(rb'"model"\s*:\s*"([A-Za-z0-9._:@/-]{1,100})"')
_MODEL_WITHIN_BYTES = 4096
_MOST_CHOICES = 8


@dataclass(slots=True)
class SessionEntry:
    """What is known of a session. `outcome` is its last exchange's: `open` when that has no end.

    `findings` counts every masked place by rule, `placeholders` knows the different secrets: an agent sends both again
    with each turn.
    """

    session: str
    started_ns: int
    last_ns: int
    person: str = ""
    person_name: str = ""
    client: str = ""
    models: list[str] = field(default_factory=list)
    exchanges: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    placeholders: set[tuple[str, str]] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    outcome: str = "open"

    @property
    def who(self) -> str:
        return self.person_name or self.person or "unknown"

    @property
    def secrets(self) -> Counter[str]:
        """How many different secrets of each rule were masked."""
        return Counter(rule for rule, _ in self.placeholders)

    def as_json(self) -> dict[str, object]:
        return {
            "session": self.session,
            "person": self.person,
            "person_name": self.person_name,
            "client": self.client,
            "models": self.models,
            "started": iso_time(self.started_ns),
            "last": iso_time(self.last_ns),
            "exchanges": self.exchanges,
            "findings": dict(sorted(self.findings.items())),
            "secrets": dict(sorted(self.secrets.items())),
            "outcomes": dict(sorted(self.outcomes.items())),
            "outcome": self.outcome,
        }


def iso_time(wall_ns: int) -> str:
    """UTC to the millisecond."""
    seconds, rest_ns = divmod(wall_ns, 1_000_000_000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return "unknown"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest_ns // 1_000_000:03d}Z"


class Catalog:
    """The sessions of a directory, oldest first, and what was found amiss on the way."""

    def __init__(self, directory: Path) -> None:
        self._entries: dict[str, SessionEntry] = {}
        self._without_model: set[str] = set()
        reader = Reader(directory, strict=False)
        for frame in reader:
            self._take(frame)
        self.tears: list[Tear] = reader.tears
        self.damages: list[DamagedRecording] = reader.damages

    @property
    def entries(self) -> list[SessionEntry]:
        return sorted(self._entries.values(), key=lambda entry: (entry.started_ns, entry.session))

    def find(self, word: str) -> SessionEntry:
        """The session of that id, of the one id that begins so, or the latest for `last`. Raises NotFound."""
        if word in self._entries:
            return self._entries[word]
        if word == "last" and self._entries:
            return max(self._entries.values(), key=lambda entry: (entry.last_ns, entry.session))
        fitting = [entry for entry in self.entries if word and entry.session.startswith(word)]
        if len(fitting) == 1:
            return fitting[0]
        if not fitting:
            raise NotFound("No session has that id. `maskproxy sessions list` shows those that there are.")
        choices = ", ".join(entry.session for entry in fitting[:_MOST_CHOICES])
        more = "" if len(fitting) <= _MOST_CHOICES else f" and {len(fitting) - _MOST_CHOICES} more"
        raise NotFound(f"Several sessions begin with that: {choices}{more}.")

    def _take(self, frame: Frame) -> None:
        if frame.kind == "audit":
            return
        entry = self._entries.get(frame.session)
        if entry is None:
            entry = self._entries[frame.session] = SessionEntry(frame.session, frame.wall_ns, frame.wall_ns)
        entry.started_ns = min(entry.started_ns, frame.wall_ns)
        entry.last_ns = max(entry.last_ns, frame.wall_ns)
        data = frame.data
        if frame.kind in {"session", "request"}:
            entry.person = text_of(data, "person") or entry.person
            entry.person_name = text_of(data, "person_name") or entry.person_name
            entry.client = text_of(data, "client") or entry.client
        if frame.kind == "request":
            entry.exchanges += 1
            entry.outcome = "open"
            if text_of(data, "target").partition("?")[0].endswith("/v1/messages"):
                self._without_model.add(frame.exchange)
        elif frame.kind == "response_body" and frame.exchange in self._without_model:
            self._without_model.discard(frame.exchange)
            self._take_model(entry, data["body"])
        elif frame.kind == "finding":
            rule = text_of(data, "rule")
            entry.findings[rule] += 1
            entry.placeholders.add((rule, text_of(data, "placeholder")))
        elif frame.kind == "end":
            self._without_model.discard(frame.exchange)
            entry.outcome = text_of(data, "outcome")
            entry.outcomes[entry.outcome] += 1

    def _take_model(self, entry: SessionEntry, body: object) -> None:
        assert isinstance(body, bytes)
        match = _MODEL.search(body, 0, _MODEL_WITHIN_BYTES)
        model = match[1].decode() if match else ""
        if model and model not in entry.models:
            entry.models.append(model)
