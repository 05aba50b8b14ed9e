"""Claude's event streams, cut anywhere: what a client puts together equals the masking of the text put together.

Blocks are interleaved, spelled as chance will have it, and some streams break off. With one event a piece, pings must
come out at once and as the same bytes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from maskproxy.bodies.claude_stream import ClaudeStream
from maskproxy.bodies.edit_tools import EditTools
from tests.bodies import slow_json
from tests.bodies.fake_masking import SEALS
from tests.fuzz.json_bodies import find, said
from tests.fuzz.spelling import spelled
from tests.masking.builtin import MASKING

_CUTS = 6
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
_KINDS = {
    "text": ("text_delta", "text", "text"),
    "thinking": ("thinking_delta", "thinking", "thinking"),
    "compaction": ("compaction_delta", "content", "content"),
    "tool_use": ("input_json_delta", "partial_json", "input"),
}
Texts = dict[tuple[int, str], str]
"""By block index and type of the delta, what a client put together."""


@dataclass
class Block:
    index: int
    kind: str
    whole: str
    """Its text; of a tool, the JSON of its arguments."""
    pieces: list[str] = field(default_factory=list)


def trial(draw: Random) -> int:
    """Try one stream in several cuts."""
    blocks = [_block(draw, index) for index in draw.sample(range(9), draw.randint(1, 3))]
    events = _interleaved(draw, [_events(draw, block) for block in blocks])
    whole_stream = draw.random() < 0.7
    if whole_stream:
        events.append(_event(draw, {"type": draw.choice(["message_stop", "error"])}))
    stream = b"".join(events)
    ways = [events, [stream[at : at + 1] for at in range(len(stream))] if len(stream) < 6000 else [stream]]
    ways += [_cut(draw, stream) for _ in range(_CUTS)]
    for pieces in ways:
        forward, record = fed(ClaudeStream(MASKING, seals=SEALS), pieces)
        for block in blocks:
            _check(block, forward, record)
    return len(ways)


def fed(body: ClaudeStream, pieces: list[bytes]) -> tuple[Texts, Texts]:
    """Feed a stream; give what clients and readers of the recording put together."""
    outputs = []
    for piece in pieces:
        outputs.append(body.feed(piece))
        assert piece != PING or body.stopped is not None or outputs[-1].forward == PING, "a ping waits"
    outputs.append(body.finish())
    return assembled(b"".join(o.forward for o in outputs)), assembled(b"".join(o.record for o in outputs))


def assembled(stream: bytes) -> Texts:
    """Put texts together; a block must have no delta after its stop."""
    made: Texts = {}
    stopped = set()
    for event in re.split("\n\n+", re.sub("\r\n?", "\n", stream.decode())):
        data = "\n".join(line[5:] for line in event.split("\n") if line.startswith("data:"))
        told: dict[str, Any] = json.loads(data) if data else {}
        match told.get("type"):
            case "content_block_start":
                delta, _, start = _KINDS[told["content_block"]["type"]]
                begun = told["content_block"][start]
                made[told["index"], delta] = begun if isinstance(begun, str) else ""
            case "content_block_delta":
                assert told["index"] not in stopped, "a delta after the stop"
                kind = told["delta"].pop("type")
                (piece,) = told["delta"].values()
                made[told["index"], kind] += piece
            case "content_block_stop":
                stopped.add(told["index"])
    return made


def _check(block: Block, forward: Texts, record: Texts) -> None:
    delta = _KINDS[block.kind][0]
    given, recorded = forward[block.index, delta], record[block.index, delta]
    if block.kind == "tool_use":
        expected = json.loads(slow_json.mask(block.whole, find))
        assert json.loads(given) == expected, "arguments are masked otherwise"
        assert given == recorded
        return
    masked = MASKING.text(block.whole.encode())[0].decode()
    assert recorded == masked, "a text is masked otherwise"
    assert given == (block.whole if block.kind == "thinking" else masked)


def _block(draw: Random, index: int) -> Block:
    kind = draw.choice(["text", "text", "thinking", "compaction", "tool_use", "tool_use"])
    if kind == "tool_use":
        names = draw.sample(["path", "password", "new_string", "apiKey", "é", "Authorization"], draw.randint(0, 4))
        arguments: dict[str, Any] = {name: said(draw)[:700] for name in names}
        if draw.random() < 0.3:
            arguments["edits"] = [{"token": said(draw)[:300]}, 1.5, None, [said(draw)[:300]]]
        whole = spelled(draw, arguments)
    else:
        whole = (said(draw) + said(draw))[:1500]
    return Block(index, kind, whole, shredded(draw, whole))


def shredded(draw: Random, text: str) -> list[str]:
    """Cut a text as a model's words are, or evenly."""
    sizes = draw.choice(((1,), (2,), (1, 2, 4, 4, 9), (4, 30, 200), (5000,)))
    pieces, at = [], 0
    while at < len(text):
        size = draw.choice(sizes)
        pieces.append(text[at : at + size])
        at += size
    return pieces


def _events(draw: Random, block: Block) -> list[bytes]:
    delta, name, start = _KINDS[block.kind]
    pieces = list(block.pieces)
    begun: Any = pieces.pop(0) if pieces and block.kind != "tool_use" and draw.random() < 0.3 else ""
    opening = {"type": block.kind, start: begun if block.kind != "tool_use" else {}}
    if block.kind == "tool_use":
        opening |= {"id": "toolu_1", "name": draw.choice(["Bash", "Edit"])}
    events = [_event(draw, {"type": "content_block_start", "index": block.index, "content_block": opening})]
    how = draw.random()
    for piece in pieces:
        told = {"type": "content_block_delta", "index": block.index, "delta": {"type": delta, name: piece}}
        events.append(_event(draw, told, plain=how < 0.5))
    events.append(_event(draw, {"type": "content_block_stop", "index": block.index}))
    return events


def _event(draw: Random, data: dict[str, Any], *, plain: bool = False) -> bytes:
    """Spell one event: as the API does, or otherwise."""
    if plain:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return f"event: {data['type']}\ndata: {text}\n\n".encode()
    if draw.random() < 0.2:
        data = dict(reversed(data.items()))
    text = json.dumps(data, ensure_ascii=draw.random() < 0.5, separators=draw.choice([(",", ":"), (", ", ": ")]))
    end = draw.choice(["\n", "\n", "\r\n"])
    name = f"event: {data['type']}{end}" if draw.random() < 0.8 else ""
    return f"{name}data: {text}{' ' * draw.choice((0, 0, 3))}{end}{end}".encode()


def _interleaved(draw: Random, queues: list[list[bytes]]) -> list[bytes]:
    events = []
    while queues:
        queue = draw.choice(queues)
        events.append(queue.pop(0))
        if draw.random() < 0.1:
            events.append(PING)
        queues = [queue for queue in queues if queue]
    return events


def _cut(draw: Random, stream: bytes) -> list[bytes]:
    places = sorted({draw.randint(0, len(stream)) for _ in range(draw.choice((1, 3, 10, 60)))})
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


def edit_stream(draw: Random, arguments: str, tools: EditTools) -> tuple[str, str, ClaudeStream]:
    """Stream one call of Edit; give its arguments for the client and for the recording."""
    block = Block(0, "tool_use", arguments, shredded(draw, arguments))
    events = [event.replace(b'"Bash"', b'"Edit"') for event in _events(draw, block)]
    body = ClaudeStream(MASKING, tools, seals=SEALS)
    forward, record = fed(body, _cut(draw, b"".join(events)))
    return forward[0, "input_json_delta"], record[0, "input_json_delta"], body
