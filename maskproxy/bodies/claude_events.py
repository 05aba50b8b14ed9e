"""Events of Claude's stream: what one says about itself, and events of our own making."""

from __future__ import annotations

import re
from typing import NamedTuple

from pydantic_core import from_json

from maskproxy.bodies.json_grammar import STRING
from maskproxy.bodies.json_literal import NOT_JSON, encode
from maskproxy.bodies.output import Output, same
from maskproxy.errors import BadRequest
from maskproxy.masking import trusted

# The one form in which nearly every event comes, padded before its last brace; whatever differs takes the long way.
DELTA = re.compile(
    rb"event: ?content_block_delta(\r?\n)"
    rb'data: ?\{ ?"type": ?"content_block_delta", ?"index": ?(0|[1-9][0-9]{0,5}), ?"delta": ?'
    rb'\{ ?"type": ?"(?:(text_delta)", ?"text|(input_json_delta)", ?"partial_json|(thinking_delta)", ?"thinking)": ?'
    rb'"(' + STRING + rb')" ?\}[ ]*+\}[ ]*+\1\1'
)
DELTA_END = re.compile(rb"(" + STRING + rb')" ?\}[ ]*+\}[ ]*+(?:\n\n|\r\n\r\n)')
"""The rest of such an event, from its text on."""

TextId = tuple[bytes, bytes, bytes]
"""A text that goes on from event to event: block index, type of the delta, its field."""


class Known(NamedTuple):
    """What an event says about itself."""

    type: str
    block_index: object
    delta_type: bytes
    tool: bytes

    def block(self) -> bytes:
        index = self.block_index
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < 1_000_000:
            raise BadRequest("An event of the stream names no block.")
        return b"%d" % index


def read(data: bytes) -> Known:
    """Read the data of an event, an object."""
    try:
        document = from_json(data)
    except ValueError as error:  # nested too deep for this parser
        raise BadRequest(NOT_JSON) from error
    kind, index, delta = document.get("type"), document.get("index"), document.get("delta")
    delta_type = delta.get("type") if isinstance(delta, dict) else None
    block = document.get("content_block")
    tool = block.get("name") if isinstance(block, dict) and block.get("type") == "tool_use" else None
    return Known(
        kind if isinstance(kind, str) else "",
        index,
        delta_type.encode() if isinstance(delta_type, str) else b"",
        tool.encode() if isinstance(tool, str) else b"",
    )


def delta(text_id: TextId, text: bytes) -> bytes:
    """Make a delta."""
    index, kind, field = text_id
    return (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%b,'
        b'"delta":{"type":"%b","%b":"%b"}}\n\n' % (index, encode(kind), encode(field), encode(text))
    )


def ours(data: bytes) -> Output:
    return same(trusted(data, why="an event of our own around masked text"))
