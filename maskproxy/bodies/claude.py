"""Claude's API by its fields: which strings are text, and the few that are not.

Source: the Messages, Batches, Files and Models references, and what clients were seen to send. Whatever is not named
here is text: unknown fields and block types are masked. Exemptions: signatures and encrypted parts that only the API
reads, base64 media and ids. Thinking is text that the API must get back exactly as it gave it (`thinking`).
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import unquote

from maskproxy.bodies.places import Exemption, Kind, Place

Endpoint = Literal["messages", "count_tokens", "batches", "files", "models", "other"]

_ID = Exemption(Kind.ID)
_OPAQUE = Exemption(Kind.OPAQUE)


def _exactly(*values: bytes) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(value) for value in values))


def _typed(kind: Kind, *types: bytes) -> Exemption:
    return Exemption(kind, {b"type": _exactly(*types)})


_MEDIA_TYPES = re.compile(rb"image/[A-Za-z0-9.+-]{1,32}|application/pdf")

_SOURCE = Place(
    keys_once=True,
    exempt={
        b"data": Exemption(Kind.MEDIA, {b"type": _exactly(b"base64"), b"media_type": _MEDIA_TYPES}),
        b"file_id": _ID,
    },
)
_CITATION = Place(keys_once=True, exempt={b"encrypted_index": _OPAQUE, b"file_id": _ID})
_CITATIONS = Place(items=_CITATION)

BLOCK = Place(
    keys_once=True,
    calls=True,
    exempt={
        b"id": _ID,
        b"tool_use_id": _ID,
        b"file_id": _ID,
        b"thinking": _typed(Kind.SIGNED, b"thinking"),
        b"signature": _typed(Kind.SIGNATURE, b"thinking"),
        b"data": _typed(Kind.OPAQUE, b"redacted_thinking"),
        b"encrypted_content": _OPAQUE,
        b"encrypted_index": _OPAQUE,
        b"encrypted_stdout": _OPAQUE,
    },
)
"""A content block of any type. `input` is free: nothing in it is exempt."""

CONTENT = Place(keys_once=True, exempt=BLOCK.exempt, fields=BLOCK.fields, items=BLOCK)
"""What `content` may be: a text, one object (some tool results), or blocks."""

_INNER_CONTENT = Place(
    keys_once=True,
    exempt=BLOCK.exempt,
    fields=BLOCK.fields,
    items=Place(keys_once=True, exempt=BLOCK.exempt, fields=BLOCK.fields),
)
"""The content of a block, such as a tool's result: what looks like a call there is none."""

BLOCK.fields |= {b"content": _INNER_CONTENT, b"source": _SOURCE, b"citations": _CITATIONS}
_SOURCE.fields |= {b"content": _INNER_CONTENT}

_CONTAINER = Place(exempt={b"id": _ID})

MESSAGE = Place(
    keys_once=True,
    exempt={b"id": _ID},
    fields={b"content": CONTENT, b"container": _CONTAINER},
)
"""A message: of a request's history, or a whole answer."""

_MCP_SERVERS = Place(items=Place(keys_once=True, exempt={b"authorization_token": Exemption(Kind.CREDENTIAL)}))

REQUEST = Place(
    keys_once=True,
    exempt={b"container": _ID},
    fields={
        b"messages": Place(items=MESSAGE),
        b"system": CONTENT,
        b"container": _CONTAINER,
        b"mcp_servers": _MCP_SERVERS,
    },
)
"""The body of /v1/messages and /v1/messages/count_tokens."""

BATCH_REQUEST = Place(
    keys_once=True,
    fields={b"requests": Place(items=Place(keys_once=True, fields={b"params": REQUEST}))},
)

_LISTED = Place(exempt={b"id": _ID})

ANSWER = Place(
    keys_once=True,
    exempt={b"id": _ID, b"request_id": _ID, b"first_id": _ID, b"last_id": _ID},
    fields={b"content": CONTENT, b"container": _CONTAINER, b"data": Place(items=_LISTED)},
)
"""Any JSON answer: a message, an error, a batch, a file, or a list of such."""

_BATCH_URLS = {b"results_url": Exemption(Kind.STREAM)}
RESULTS_URLS = Place(exempt=_BATCH_URLS, fields={b"data": Place(items=Place(exempt=_BATCH_URLS))})
"""A batch, or a list of them: only where the addresses of results stand."""

BATCH_RESULT = Place(
    keys_once=True,
    fields={
        b"result": Place(
            keys_once=True,
            fields={b"message": MESSAGE, b"error": Place(exempt={b"request_id": _ID})},
        )
    },
)
"""One line of a batch's results."""

_STREAM = Exemption(Kind.STREAM)
_WHOLE = Exemption(Kind.TEXT)
"""Text that goes on in no other event."""

_NAMED_HERE = Exemption(Kind.STREAM)
_FILE = Place(exempt={b"file_id": _NAMED_HERE})
_BLOCKS = Place(exempt=_FILE.exempt, items=_FILE)
for place in (_FILE, _BLOCKS):
    place.fields |= {b"content": _BLOCKS, b"source": _FILE}
_MESSAGE = Place(fields={b"content": _BLOCKS})
_REQUEST = Place(
    exempt={b"model": _NAMED_HERE},
    fields={
        b"tools": Place(items=Place(exempt={b"model": _NAMED_HERE})),
        b"messages": Place(items=_MESSAGE),
        b"system": _BLOCKS,
    },
)
NAMED = Place(
    exempt=_REQUEST.exempt,
    fields=_REQUEST.fields
    | {
        b"requests": Place(items=Place(fields={b"params": _REQUEST})),
        b"content": _BLOCKS,
        b"content_block": _FILE,
        b"message": _MESSAGE,
        b"result": Place(fields={b"message": _MESSAGE}),
    },
)
"""A Messages request or a batch of them, an answer, an event, a batch's result: only where models (of tools that ask
another one, too) and files are named."""

EVENT = Place(
    keys_once=True,
    exempt={b"request_id": _ID},
    fields={
        b"message": MESSAGE,
        b"content_block": Place(
            keys_once=True,
            calls=True,
            exempt=BLOCK.exempt
            | {
                b"text": _typed(Kind.STREAM, b"text"),
                b"thinking": _typed(Kind.STREAM, b"thinking"),
                b"signature": _typed(Kind.STREAM, b"thinking"),
                b"content": _typed(Kind.STREAM, b"compaction"),
            },
            fields=BLOCK.fields,
        ),
        b"delta": Place(
            keys_once=True,
            exempt={
                b"type": _WHOLE,
                b"encrypted_content": _OPAQUE,
                b"stop_reason": _WHOLE,
            },
            default=_STREAM,
            fields={b"citation": _CITATION, b"container": _CONTAINER},
        ),
    },
)
"""The data of one event of a stream. Any other string of a delta, known or not, may go on in the next one."""


def request_place(method: str, path: str) -> Place | None:
    """The table for a request's JSON, or None where the API reads no JSON that we know."""
    if method != "POST":
        return None
    match _steps(path):
        case ["v1", "messages"] | ["v1", "messages", "count_tokens"]:
            return REQUEST
        case ["v1", "messages", "batches"]:
            return BATCH_REQUEST
        case _:
            return None


def endpoint(path: str) -> Endpoint:
    """Name what a path belongs to, whatever the method."""
    match _steps(path):
        case ["v1", "messages"]:
            return "messages"
        case ["v1", "messages", "count_tokens"]:
            return "count_tokens"
        case ["v1", "messages", "batches", *_]:
            return "batches"
        case ["v1", "files", *_]:
            return "files"
        case ["v1", "models", *_]:
            return "models"
        case _:
            return "other"


def is_messages(path: str) -> bool:
    """Tell whether a good answer from here is a message."""
    return _steps(path) == ["v1", "messages"]


def is_batches(path: str) -> bool:
    """Tell whether a good answer from here is a batch, or a list of them."""
    match _steps(path):
        case (
            ["v1", "messages", "batches"]
            | ["v1", "messages", "batches", _]
            | ["v1", "messages", "batches", _, "cancel"]
        ):
            return True
        case _:
            return False


def is_batch_results(path: str) -> bool:
    """Tell whether a good answer from here is JSON Lines, under whatever type it comes."""
    match _steps(path):
        case ["v1", "messages", "batches", _, "results"]:
            return True
        case _:
            return False


def _steps(path: str) -> list[str]:
    """The path as the most lenient server would read it, so that no spelling leads past the table."""
    steps: list[str] = []
    for step in unquote(path.partition("?")[0]).lower().replace("\\", "/").split("/"):
        name = step.partition(";")[0]
        if name == "..":
            steps[-1:] = []
        elif name not in {"", "."}:
            steps.append(name)
    return steps
