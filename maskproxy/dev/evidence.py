"""What is left when the demo is over: what the stand-in received, what came back, what was recorded; and the verdict.

Streams are also put together again before they are searched, so that a secret that only its deltas cut is found too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskproxy.dev.claude_api import Received
from maskproxy.dev.planted import Planted, leaks
from maskproxy.dev.talk import Said, blocks_of, parsed, told, told_blocks
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
        answers = {f"answer {n}": searched(s.answer, edits=False) for n, s in enumerate(self.said, 1)}
        edits = {f"edit {n}": edits_in(s.answer) for n, s in enumerate(self.said, 1)}
        restored = [p for p in self.planted if any(p.value in edit for edit in edits.values())]
        odd = [f"{place} holds a placeholder" for place, edit in edits.items() if PLACEHOLDER.search(edit.encode())]
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
                f"{total(answers)} bytes of talk came back: none of the secrets, nor the one that Claude made up",
                (*leaks(everything, answers), *([] if self.made_up else ["Claude made none up"])),
            ),
            Finding(
                "the Edit call alone came back with the developer's own token in it, so that the file stays right",
                (*odd, *([] if restored else ["no edit holds the token"])),
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


def searched(body: bytes, *, edits: bool = True) -> bytes:
    """A body as it is, and put together from its deltas; without `edits`, all but the arguments of Edit calls."""
    if edits or not edits_in(body):
        return body + b"\n" + told(body).encode("utf-8", "replace")
    talk = [b for b in blocks_of(body) if not is_edit(b)]
    whole = parsed(body.decode("utf-8", "replace"))
    if whole:
        rest = [json.dumps(whole | {"content": talk}, ensure_ascii=False).encode()]
    else:
        # What other tools' deltas hold is in `talk`, put together.
        rest = [line for line in body.splitlines() if b"input_json_delta" not in line]
        rest.append(json.dumps(talk, ensure_ascii=False).encode())
    return b"\n".join([told_blocks(talk).encode("utf-8", "replace"), *rest])


def edits_in(body: bytes) -> str:
    """The arguments of Edit calls, as the tool would get them."""
    return told_blocks([block for block in blocks_of(body) if is_edit(block)])


def is_edit(block: Mapping[str, Any]) -> bool:
    return block.get("type") == "tool_use" and block.get("name") == "Edit"


def body_of(frames: Sequence[Frame], kind: str = "response_body") -> bytes:
    return b"".join(body for f in frames if f.kind == kind and isinstance(body := f.data.get("body"), bytes))


def total(places: dict[str, bytes]) -> str:
    return f"{sum(map(len, places.values())):,}"


def read_recording(directory: Path) -> tuple[list[Frame], dict[str, bytes]]:
    """The frames, and the files themselves."""
    segments = {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file()}
    return list(Reader(directory, strict=True)), segments
