"""Scripted frames: what a gateway would offer, with a clock of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from maskproxy.masking.masked import Masked, trusted
from maskproxy.recording import segments
from maskproxy.recording.frames import Frame, body_frame, encode

START_NS = 1_700_000_000_000_000_000
SESSION = "7c4ab5d1-0f63-4b57-9e0a-3d5f6a7b8c9d"


def exchange_id(number: int) -> str:
    return f"req_{number:020d}"


def masked(data: bytes) -> Masked:
    return trusted(data, why="scripted for a test")


def piece(number: int, body: bytes, *, session: str = SESSION) -> Frame:
    return body_frame("response_body", session, exchange_id(1), START_NS + number, 1_000 + number, masked(body), number)


def write_segment(directory: Path, payloads: Iterable[bytes], *, previous: str | None = None) -> Path:
    """A segment as the recorder would leave it."""
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / segments.next_name(previous, START_NS)
    path.write_bytes(segments.header() + b"".join(segments.record_head(one) + one for one in payloads))
    return path


def write_frames(directory: Path, scripted: Iterable[Frame]) -> Path:
    return write_segment(directory, [encode(frame) for frame in scripted])


class Script:
    """Frames of one session, with a clock that each step moves by `step_ms`."""

    def __init__(self, session: str = SESSION, *, step_ms: int = 100) -> None:
        self.frames: list[Frame] = []
        self.session = session
        self._step_ns = step_ms * 1_000_000
        self._now_ns = 0
        self._exchanges = 0

    def add(self, kind: str, exchange: str, data: Mapping[str, object]) -> None:
        self.frames.append(Frame(kind, self.session, exchange, START_NS + self._now_ns, 5_000 + self._now_ns, data))
        self._now_ns += self._step_ns

    def request(
        self,
        body: object,
        *,
        method: str = "POST",
        target: str = "/v1/messages?beta=true",
        agent: str = "",
    ) -> str:
        """The head and the body of a request; gives the exchange's id."""
        self._exchanges += 1
        exchange = f"req_{self.session[:4]}{self._exchanges:020d}"
        head = {
            "method": method,
            "target": target,
            "fields": [["content-type", "application/json"]],
            "route": "claude",
            "mode": "enforce",
            "via": "connect",
            "person": "https://idp.example#ada",
            "person_name": "Ada Lovelace",
            "groups": ["engineering"],
            "client": "claude-cli/2.1",
            "agent": agent,
            "parent_agent": "",
        }
        self.add("request", exchange, head)
        if body is not None:
            spelled = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.add("request_body", exchange, {"body": masked(spelled), "seq": 0})
        return exchange

    def finding(self, exchange: str, direction: str, rule: str, place: str) -> None:
        data = {"direction": direction, "rule": rule, "place": place, "placeholder": f"MASKED_{rule.upper()}_X_Y"}
        self.add("finding", exchange, data)

    def answer(self, exchange: str, *bodies: bytes, status: int = 200, outcome: str = "complete") -> None:
        self.add("response", exchange, {"status": status, "reason": "OK", "fields": []})
        for seq, body in enumerate(bodies):
            self.add("response_body", exchange, {"body": masked(body), "seq": seq})
        self.end(exchange, outcome, status=status)

    def end(self, exchange: str, outcome: str, *, sentence: str = "", status: int | None = None) -> None:
        self.add("end", exchange, {"outcome": outcome, "sentence": sentence, "status": status})


def event(kind: str, **data: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


def stream(*blocks: Mapping[str, object], stop_reason: str = "end_turn", model: str = "claude-opus-4") -> list[bytes]:
    """The events of an answer: each text in deltas of words, each tool's input in pieces of ten characters."""
    message = {"type": "message", "role": "assistant", "model": model, "content": [], "usage": {"input_tokens": 7}}
    events = [event("message_start", message=message)]
    for index, block in enumerate(blocks):
        if block["type"] == "tool_use":
            start, text, delta = {**block, "input": {}}, json.dumps(block["input"]), "input_json_delta"
            parts = [text[at : at + 10] for at in range(0, len(text), 10)]
            field = "partial_json"
        else:
            field = str(block["type"])
            start, text, delta = {**block, field: ""}, str(block[field]), f"{field}_delta"
            parts = [part for word in text.split(" ") for part in (word, " ")][:-1]
        events.append(event("content_block_start", index=index, content_block=start))
        events += [
            event("content_block_delta", index=index, delta={"type": delta, field: part}) for part in parts if part
        ]
        events.append(event("content_block_stop", index=index))
    events.append(event("message_delta", delta={"stop_reason": stop_reason}, usage={"output_tokens": 9}))
    events.append(event("message_stop"))
    return events


PLACEHOLDER = "MASKED_AWS_ACCESS_KEY_" + "abcdefgh23456723" + "_" + "k3mxq7ab"


def agent_session() -> Script:
    """Two turns with a tool between them, as an agent sends them, and a request that is no conversation."""
    script = Script()
    user = {"role": "user", "content": [{"type": "text", "text": f"My key is {PLACEHOLDER}, use it.\nThen stop."}]}
    system = [{"type": "text", "text": "x-anthropic-billing-header: cch=1"}, {"type": "text", "text": "Be brief."}]
    tools = [{"name": "Bash", "input_schema": {}}, {"name": "Edit", "input_schema": {}}]
    call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": f"export KEY={PLACEHOLDER}"}}
    first = script.request({"model": "claude-opus-4", "system": system, "tools": tools, "messages": [user]})
    script.finding(first, "request", "aws-access-key", "messages[0].content[0].text")
    thinking = {"type": "thinking", "thinking": "A key. Fine."}
    told = {"type": "text", "text": f"I set {PLACEHOLDER} now."}
    script.answer(first, *stream(thinking, told, call, stop_reason="tool_use"))

    user["content"][0]["cache_control"] = {"type": "ephemeral"}  # type: ignore[index]
    result = {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "content": [{"type": "text", "text": "     1\u2192done"}],
    }
    history = [user, {"role": "assistant", "content": [thinking, told, call]}, {"role": "user", "content": [result]}]
    second = script.request({"model": "claude-opus-4", "system": system, "tools": tools, "messages": history})
    script.answer(second, *stream({"type": "text", "text": "All done."}))

    models = script.request(None, method="GET", target="/v1/models")
    script.answer(models, b'{"data":[]}')
    return script
