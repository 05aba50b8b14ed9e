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

from maskproxy.bodies.claude import REQUEST
from maskproxy.bodies.claude_stream import ClaudeStream
from maskproxy.bodies.edit_tools import EditTools
from maskproxy.bodies.json_text import mask_json
from tests.bodies import slow_json
from tests.bodies.fake_masking import SEALS
from tests.fuzz.cuts import cut, some_places
from tests.fuzz.json_bodies import find, said
from tests.fuzz.spelling import spelled
from tests.masking.builtin import MASKING

_CUTS = 60
_MOST_TINY = 60
_SEAL = re.compile(rb"\.maskproxy1\.[A-Za-z0-9_-]+")
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
    signature: str = ""


def trial(draw: Random) -> int:
    """Try one stream in many cuts."""
    blocks = [_block(draw, index) for index in draw.sample(range(9), draw.randint(1, 3))]
    events = _interleaved(draw, [_events(draw, block) for block in blocks])
    whole_stream = draw.random() < 0.7
    if whole_stream:
        events.append(_event(draw, {"type": draw.choice(["message_stop", "error"])}))
    stream = b"".join(events)
    first = fed(ClaudeStream(MASKING, seals=SEALS), events)
    _check_all(draw, blocks, first)
    tries = [[stream[at : at + 1] for at in range(len(stream))]] if len(stream) < 3000 else []
    tries += [cut(stream, some_places(draw, len(stream))) for _ in range(_CUTS)]
    for pieces in tries:
        made = fed(ClaudeStream(MASKING, seals=SEALS), pieces)
        if _unsealed(made) != _unsealed(first):
            _check_all(draw, blocks, made)
    return 1 + len(tries)


def _unsealed(made: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Take out what is never twice the same."""
    return _SEAL.sub(b".sealed", made[0]), made[1]


def _check_all(draw: Random, blocks: list[Block], made: tuple[bytes, bytes]) -> None:
    """What a client and a reader of the recording put together; and what the API gets back of it."""
    forward, record = map(assembled, made)
    for block in blocks:
        _check(block, forward, record)
    thoughts = [block for block in blocks if block.kind == "thinking"]
    if thoughts:
        _comes_home(draw, thoughts, forward)


def _comes_home(draw: Random, thoughts: list[Block], forward: Texts) -> None:
    """The next request gives the API its very own blocks back."""
    sent = [
        _thought(forward[t.index, "thinking_delta"], forward.get((t.index, "signature_delta"), "")) for t in thoughts
    ]
    raw = spelled(draw, {"model": "m", "messages": [{"role": "assistant", "content": sent}]})
    back = mask_json(raw.encode(), MASKING, REQUEST, learns=True, seals=SEALS)
    own = [_thought(t.whole, t.signature) for t in thoughts]
    assert json.loads(back.forward)["messages"][0]["content"] == own, "the API gets something else back"
    assert back.record.find(b".maskproxy") < 0


def _thought(thinking: str, signature: str) -> dict[str, str]:
    return {"type": "thinking", "thinking": thinking, "signature": signature}


def fed(body: ClaudeStream, pieces: list[bytes]) -> tuple[bytes, bytes]:
    """Feed a stream; give what the client gets and what is recorded."""
    outputs = []
    for piece in pieces:
        outputs.append(body.feed(piece))
        assert piece != PING or body.stopped is not None or outputs[-1].forward == PING, "a ping waits"
    outputs.append(body.finish())
    return b"".join(o.forward for o in outputs), b"".join(o.record for o in outputs)


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
                if "signature" in told["content_block"]:
                    made[told["index"], "signature_delta"] = told["content_block"]["signature"]
            case "content_block_delta":
                assert told["index"] not in stopped, "a delta after the stop"
                kind = told["delta"].pop("type")
                (piece,) = told["delta"].values()
                if kind == "signature_delta":
                    made[told["index"], kind] = piece
                else:
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
    assert given == masked
    if block.kind == "thinking":
        assert record.get((block.index, "signature_delta"), "") == block.signature, "the recording holds a seal"


def _block(draw: Random, index: int) -> Block:
    kind = draw.choice(["text", "text", "thinking", "compaction", "tool_use", "tool_use"])
    if kind == "tool_use":
        names = draw.sample(["path", "password", "new_string", "apiKey", "é", "Authorization"], draw.randint(0, 4))
        arguments: dict[str, Any] = {name: said(draw)[: draw.choice((100, 700))] for name in names}
        if draw.random() < 0.3:
            arguments["edits"] = [{"token": said(draw)[:300]}, 1.5, None, [said(draw)[:300]]]
        whole = spelled(draw, arguments)
    else:
        whole = (said(draw) + said(draw))[: draw.choice((60, 150, 400, 1500))]
    signature = draw.choice(["", "c2ln", "RXhh+/b=="]) if kind == "thinking" else ""
    return Block(index, kind, whole, shredded(draw, whole), signature)


def shredded(draw: Random, text: str) -> list[str]:
    """Cut a text as a model's words are, or evenly."""
    sizes = draw.choice(((1,), (2,), (1, 2, 4, 4, 9), (4, 30, 200), (5000,)))
    if len(text) > _MOST_TINY * sizes[0]:
        sizes = (1, 40, 40)
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
    signs_early = draw.random() < 0.3
    if block.kind == "thinking":
        opening["signature"] = block.signature if signs_early else ""
    events = [_event(draw, {"type": "content_block_start", "index": block.index, "content_block": opening})]
    how = draw.random()
    for piece in pieces:
        told = {"type": "content_block_delta", "index": block.index, "delta": {"type": delta, name: piece}}
        events.append(_event(draw, told, plain=how < 0.5))
    if block.signature and not signs_early:
        told = {"type": "signature_delta", "signature": block.signature}
        events.append(_event(draw, {"type": "content_block_delta", "index": block.index, "delta": told}))
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


def edit_stream(draw: Random, arguments: str, tools: EditTools) -> tuple[str, str, ClaudeStream]:
    """Stream one call of Edit; give its arguments for the client and for the recording."""
    block = Block(0, "tool_use", arguments, shredded(draw, arguments))
    events = [event.replace(b'"Bash"', b'"Edit"') for event in _events(draw, block)]
    body = ClaudeStream(MASKING, tools, seals=SEALS)
    stream = b"".join(events)
    forward, record = map(assembled, fed(body, cut(stream, some_places(draw, len(stream)))))
    return forward[0, "input_json_delta"], record[0, "input_json_delta"], body
