"""What is left when the demo is over: what the stand-in received, what came back, what was recorded; and the verdict.

Streams are also put together again before they are searched, so that a secret that only its deltas cut is found too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maskproxy.dev.claude_api import Received
from maskproxy.dev.planted import Planted, leaks
from maskproxy.dev.talk import Said, told
from maskproxy.recording.frames import Frame
from maskproxy.recording.reader import Reader

PLACEHOLDER = re.compile(rb"MASKED_[A-Z0-9_]+_[a-z2-7]{16}_[a-z2-7]{8}")


@dataclass(frozen=True)
class Finding:
    """One line of the verdict: a claim, and whatever speaks against it."""

    claim: str
    against: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    said: Sequence[Said]
    received: Sequence[Received]
    frames: Sequence[Frame]
    segments: dict[str, bytes]
    log: bytes
    planted: Sequence[Planted]
    made_up: Sequence[Planted]

    @property
    def session(self) -> str:
        return self.frames[0].session if self.frames else ""

    def exchanges(self) -> list[list[Frame]]:
        """The recorded frames of each exchange, in the order in which the exchanges began."""
        found: dict[str, list[Frame]] = {}
        for frame in self.frames:
            if frame.exchange:
                found.setdefault(frame.exchange, []).append(frame)
        return list(found.values())

    def verdict(self) -> list[Finding]:
        """What the demo promises, each with what was found against it."""
        everything = [*self.planted, *self.made_up]
        received = {f"request {n} at Claude": r.raw for n, r in enumerate(self.received, 1)}
        answers = {f"answer {n}": searched(s.answer) for n, s in enumerate(self.said, 1)}
        recorded = {f"recorded answer {n}": searched(body_of(x)) for n, x in enumerate(self.exchanges(), 1)}
        failed = [f"turn {n} ended with status {s.status}" for n, s in enumerate(self.said, 1) if s.status != 200]
        missing = [] if len(self.exchanges()) == len(self.said) else ["not every exchange was recorded"]
        sent = [f"turn {n} did not send it" for n, s in enumerate(self.said, 1) if leaks_nothing(self.planted, s)]
        return [
            Finding(f"{len(self.said)} requests were answered, two ways, streamed and whole", (*failed, *sent)),
            Finding(
                f"Claude read {total(received)} bytes: none of the {len(self.planted)} secrets in any form",
                (*leaks(self.planted, received), *([] if received else ["nothing was received"])),
            ),
            Finding("each secret had one placeholder in every turn, so the prompt cache holds", self.unsteady()),
            Finding(
                f"{total(answers)} bytes came back: none of the secrets, nor the one that Claude made up",
                (*leaks(everything, answers), *([] if self.made_up else ["Claude made none up"])),
            ),
            Finding(
                f"the recording's {total(self.segments)} bytes, and the log, hold none of them",
                (*leaks(everything, self.segments | recorded | {"the daemon's log": self.log}), *missing),
            ),
        ]

    def unsteady(self) -> tuple[str, ...]:
        """Turns whose request does not repeat, byte for byte, the messages of the turn before."""
        told = []
        for number, (one, next_one) in enumerate(zip(self.received, self.received[1:], strict=False), 2):
            shared = messages_in(one.body)
            if not shared or not next_one.body.startswith(one.body[: len(shared)]):
                told.append(f"turn {number} reached Claude with another beginning than turn {number - 1}")
        names = set(PLACEHOLDER.findall(b"".join(r.body for r in self.received[:1])))
        if len(names) < len(self.planted):
            told.append(f"{len(names)} placeholders stand for {len(self.planted)} secrets")
        return tuple(told)


def messages_in(body: bytes) -> bytes:
    """The beginning of a request, up to the end of its last message."""
    end = body.rfind(b"]")
    return body[:end] if end > 0 else b""


def leaks_nothing(planted: Sequence[Planted], said: Said) -> bool:
    """True if a request did not hold the secrets in the first place, so that nothing would be proved."""
    sent = said.request.decode()
    return not all(json.dumps(secret.value)[1:-1] in sent for secret in planted)


def searched(body: bytes) -> bytes:
    """A body as it is, and put together from its deltas."""
    return body + b"\n" + told(body).encode("utf-8", "replace")


def body_of(frames: Sequence[Frame], kind: str = "response_body") -> bytes:
    return b"".join(body for f in frames if f.kind == kind and isinstance(body := f.data.get("body"), bytes))


def total(places: dict[str, bytes]) -> str:
    return f"{sum(map(len, places.values())):,}"


def read_recording(directory: Path) -> tuple[list[Frame], dict[str, bytes]]:
    """The frames, and the files themselves."""
    segments = {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file()}
    return list(Reader(directory, strict=True)), segments
