"""Bytes from upstream to one answer: its head and the pieces of its body. Pure: no network, no loop, no clock.

`answer_head` checks the head, llhttp (httptools, strict) finds where the body ends. Where the two disagree the answer
is refused; what follows its end is reported as `surplus` and never becomes part of it. The result does not depend on
how the bytes were cut, and what is held back is never more than one head.
"""

from __future__ import annotations

import re
from typing import Final

import httptools

from maskproxy.errors import UpstreamFailed
from maskproxy.gateway.upstream.answer_head import AnswerHead, check_partial_head, read_answer_head, refused

_INTERIM_LIMIT: Final = 8
_CHUNK_HEAD_BYTES: Final = 12
"""What the framing of an honest chunk costs: eight digits and two line ends."""
_FRAMING_LIMIT_BYTES: Final = 4 * 1024
"""Chunk extensions and trailers of one answer together."""
_CHUNKED_END: Final = re.compile(rb"[^\r\n]\r\n\r\n")
_TAIL_BYTES: Final = 5


class _Framing:
    """What llhttp says about one answer: pieces of its body, and its end."""

    __slots__ = ("at_end", "begun", "on_body", "pieces")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.on_body = self.pieces.append
        self.begun = 0
        self.at_end: int | None = None
        """How many pieces the body had when it ended. What follows them is another message's."""

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_message_complete(self) -> None:
        if self.at_end is None:
            self.at_end = len(self.pieces)


class AnswerReader:
    """Reads one answer to a request with `method`. After an exception or the end it is used up."""

    __slots__ = (
        *("_framing", "_held", "_interims", "_left", "_method", "_parser", "_slack_bytes", "_tail"),
        *("ended", "head", "heard", "surplus"),
    )

    def __init__(self, method: str) -> None:
        self.head: AnswerHead | None = None
        """The final head, once it is whole. Interim ones (1xx) are skipped."""
        self.heard = False
        self.ended = False
        self.surplus = False
        """Bytes followed the end: the connection must not carry another exchange."""
        self._method = method
        self._interims = 0
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they came; give the body's pieces in them, a list to use before the next call.

        Raises UpstreamFailed for what breaks HTTP.
        """
        self.heard = True
        if self.head is not None:
            return self._feed_body(self.head, data)
        head, rest = self._feed_head(data)
        return self._feed_body(head, rest) if head is not None and rest else []

    def finish(self, *, goodbye: bool) -> None:
        """The connection has ended, by the peer's own `goodbye` or otherwise.

        Raises UpstreamFailed unless the answer had ended, or a goodbye is how it ends.
        """
        if self.ended:
            return
        if self.head is None:
            if self.heard:
                raise UpstreamFailed("Upstream closed the connection before its answer's head was whole.")
            raise UpstreamFailed("Upstream closed the connection without an answer.", retry=True)
        if not (self.head.until_close and goodbye):
            raise UpstreamFailed("Upstream closed the connection before its answer ended.")
        self.ended = True

    def _feed_head(self, data: bytes) -> tuple[AnswerHead | None, bytes]:
        """Look for the final head. Gives it and what follows it."""
        start = len(self._held)
        view: bytes | bytearray = data
        if start:
            self._held += data
            view = self._held
        while True:
            end = view.find(b"\r\n\r\n", max(start - 3, 0)) + 4
            if end == 3:
                check_partial_head(view, start)
                if view is not self._held:
                    self._held = bytearray(view)
                return None, b""
            raw, view = bytes(view[:end]), bytes(view[end:])
            head = read_answer_head(raw, self._method)
            start = 0
            self._held = bytearray()
            if head.status >= 200:
                self._begin_body(head, raw)
                return head, view
            self._skip_interim(head)
            if not view:
                return None, b""

    def _skip_interim(self, head: AnswerHead) -> None:
        self._interims += 1
        if head.status == 101:
            raise refused("switching protocols was not asked for")
        if self._interims > _INTERIM_LIMIT:
            raise refused("too many interim answers")

    def _begin_body(self, head: AnswerHead, raw: bytes) -> None:
        self.head = head
        self._left = head.length
        if head.length == 0:
            self.ended = True
            return
        self._slack_bytes = 0
        self._tail = b""
        self._framing = _Framing()
        self._parser = httptools.HttpResponseParser(self._framing)
        try:
            self._parser.feed_data(raw)
        except httptools.HttpParserError as error:
            raise refused(f"head refused by llhttp: {type(error).__name__}") from error
        self._check_agreement(self._framing.at_end is not None, ended=False)

    def _feed_body(self, head: AnswerHead, data: bytes) -> list[bytes]:
        if self.ended:
            self.surplus = True
            return []
        left = self._left
        if left is not None and len(data) > left:
            self.surplus = True
            data = data[:left]
        framing = self._framing
        framing.pieces.clear()
        broken: httptools.HttpParserError | None = None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            broken = error
        at_end = framing.at_end is not None
        if broken is not None and not (head.chunked and at_end):
            raise refused("the body breaks its framing") from broken
        if head.chunked:
            self._check_chunked(data, broken is not None)
        elif left is None:
            self._check_agreement(at_end, ended=False)
        else:
            self._left = left = left - len(data)
            self._check_agreement(at_end, ended=left == 0)
            self.ended = at_end
        return framing.pieces

    def _check_agreement(self, at_end: bool, *, ended: bool) -> None:
        if at_end is not ended:
            raise refused("two readings of where the body ends")

    def _check_chunked(self, data: bytes, broken: bool) -> None:
        """Bound what is framing and not body, and see whether anything follows the end."""
        framing = self._framing
        pieces = framing.pieces
        self._tail = data[-_TAIL_BYTES:] if len(data) >= _TAIL_BYTES else (self._tail + data)[-_TAIL_BYTES:]
        if framing.at_end is None:
            slack = self._slack_bytes + len(data) - sum(map(len, pieces)) - _CHUNK_HEAD_BYTES * len(pieces)
            self._slack_bytes = max(slack, 0)
            if slack > _FRAMING_LIMIT_BYTES:
                raise refused("chunk extensions and trailers over their limit")
            return
        del pieces[framing.at_end :]
        self.ended = True
        # A whole second message begins again; a torn one breaks the grammar; stray line ends show at the tail.
        self.surplus = broken or framing.begun > 1 or not _CHUNKED_END.fullmatch(self._tail)
