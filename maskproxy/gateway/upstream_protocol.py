"""One connection to upstream: a request out, an answer in, one at a time.

`answer_head` checks the head, llhttp (httptools, strict) finds where the body ends; where the two disagree, or bytes
follow the end, the connection is never used again. Whatever goes wrong aborts the connection at once and gives its
slot back to the owner. Deadlines are kept as one point in time (`deadline`), which the owner's sweep compares.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from enum import Enum
from inspect import isawaitable
from math import inf
from typing import Final, Protocol, cast

import httptools

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.answer_head import AnswerHead, check_partial_head, read_answer_head
from maskproxy.gateway.upstream_answer import UpstreamAnswer
from maskproxy.masking.masked import Masked

SLICE_BYTES: Final = 64 * 1024
_WRITE_HIGH_BYTES: Final = 128 * 1024
_INTERIM_LIMIT: Final = 8
_CHUNK_HEAD_BYTES: Final = 12
"""What the framing of one honest chunk costs: eight digits and two line ends."""
_FRAMING_LIMIT_BYTES: Final = 4 * 1024
"""Chunk extensions and trailers of one answer together."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each wait on upstream may take."""

    head_s: float = 600.0
    idle_read_s: float = 300.0
    write_s: float = 60.0
    idle_s: float = 30.0


class ConnectionOwner(Protocol):
    """The pool's side of a connection."""

    def released(self, connection: UpstreamConnection) -> None:
        """An exchange ended cleanly: the connection can carry another."""

    def lost(self, connection: UpstreamConnection) -> None:
        """The connection is of no more use: its slot is free. Called once."""

    def gone(self, connection: UpstreamConnection) -> None:
        """The transport is closed. Called once, after `lost`."""


class _State(Enum):
    IDLE = 0
    HEAD = 1
    BODY = 2
    DEAD = 3


_IDLE, _HEAD, _BODY, _DEAD = _State.IDLE, _State.HEAD, _State.BODY, _State.DEAD


class _Framing:
    """What llhttp says about one answer: pieces of its body, and its end."""

    __slots__ = ("at_end", "begun", "on_body", "pieces")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.on_body = self.pieces.append
        self.begun = 0
        self.at_end: int | None = None
        """How many pieces belong to the body, once it has ended: what follows is another message."""

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_message_complete(self) -> None:
        if self.at_end is None:
            self.at_end = len(self.pieces)


class UpstreamConnection(asyncio.Protocol):
    """A connection, from its handshake to its end."""

    def __init__(self, owner: ConnectionOwner, deadlines: Deadlines) -> None:
        self.deadline = inf
        self.reused = False
        self._owner = owner
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()
        self._state = _IDLE
        self._poll = select.poll()
        self._write_blocked = False
        self._room: asyncio.Future[None] | None = None
        self._reset_exchange()

    def _reset_exchange(self) -> None:
        self._method = ""
        self._waiter: asyncio.Future[UpstreamAnswer] | None = None
        self._answer: UpstreamAnswer | None = None
        self._sent = False
        self._heard = False
        self._interims = 0
        self._held = bytearray()
        self._head: AnswerHead | None = None
        self._left: int | None = None
        self._tail = b""
        self._slack_bytes = 0
        self._parser: httptools.HttpResponseParser | None = None
        self._framing: _Framing | None = None
