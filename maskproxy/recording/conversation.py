"""A session's frames, told as the turns of a conversation. Pure: frames in, turns out, in the order of their ends.

An agent sends its whole history with every request; a turn holds only the messages that its thread had not shown yet.
An exchange that is no conversation is a turn with method, target, status and sizes. Memory: the exchanges that are open
at one time, and 16 bytes for each message of the threads that are followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from maskproxy.recording.answers import LIMIT_BYTES, Answer, AnswerReader
from maskproxy.recording.frames import Frame
from maskproxy.recording.messages import Message, blocks_of, fingerprint, message_of, parse, text_of

MOST_THREADS: Final = 64
_BILLING = "x-anthropic-"
"""How the client's attribution block begins. It may differ in every request and is nothing that anybody said."""


class Finding(NamedTuple):
    direction: str
    rule: str
    place: str
    placeholder: str
    action: str = ""
    """What was done about it; empty in older recordings, which only mask."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange. `answer` is None where none came or none was to be read; `outcome` is `open` without an end."""

    exchange: str
    wall_ns: int
    mono_ns: int
    last_ns: int
    method: str
    target: str
    request: Mapping[str, object]
    conversation: bool
    model: str
    system: tuple[str, ...]
    tools: tuple[str, ...]
    resent: int
    messages: tuple[Message, ...]
    answer: Answer | None
    status: int | None
    findings: tuple[Finding, ...]
    decision: str
    outcome: str
    sentence: str
    request_bytes: int
    response_bytes: int
    first_answer_ns: int | None

    def wall_at(self, mono_ns: int) -> int:
        """The wall time of a moment of this exchange."""
        return self.wall_ns + mono_ns - self.mono_ns


class _Exchange:
    """An exchange whose end has not come yet."""

    def __init__(self, frame: Frame) -> None:
        self.first = frame
        self.last_ns = frame.mono_ns
        self.request: Mapping[str, object] = {}
        self.conversation = False
        self.body = bytearray()
        self.request_bytes = 0
        self.response_bytes = 0
        self.first_answer_ns: int | None = None
        self.reader: AnswerReader | None = None
        self.status: int | None = None
        self.findings: list[Finding] = []
        self.decision = ""
        self.outcome = "open"
        self.sentence = ""
        self._latest = {"request_body": (-1, -1), "response_body": (-1, -1)}

    def take(self, frame: Frame) -> None:
        self.last_ns = max(self.last_ns, frame.mono_ns)
        data = frame.data
        if frame.kind in self._latest:
            self._take_body(frame)
        elif frame.kind == "request":
            self.request = data
            path = text_of(data, "target").partition("?")[0]
            self.conversation = text_of(data, "method") == "POST" and path.rstrip("/").endswith("/v1/messages")
        elif frame.kind == "response":
            status = data["status"]
            self.status = status if isinstance(status, int) else None
        elif frame.kind == "finding":
            self.findings.append(Finding(*(text_of(data, name) for name in Finding._fields)))
        elif frame.kind == "decision":
            self.decision = text_of(data, "outcome")
            self.sentence = text_of(data, "sentence") or self.sentence
        elif frame.kind == "end":
            self.outcome = text_of(data, "outcome")
            self.sentence = text_of(data, "sentence") or self.sentence
            status = data.get("status")
            self.status = status if self.status is None and isinstance(status, int) else self.status

    def _take_body(self, frame: Frame) -> None:
        body, seq, part = frame.data["body"], frame.data["seq"], frame.data.get("part")
        assert isinstance(body, bytes)
        assert isinstance(seq, int)
        place = (seq, part if isinstance(part, int) else 0)
        if place <= self._latest[frame.kind]:
            return  # written twice around an error of the disk
        self._latest[frame.kind] = place
        if frame.kind == "request_body":
            self.request_bytes += len(body)
            if self.conversation and self.request_bytes <= LIMIT_BYTES:
                self.body += body
            return
        self.response_bytes += len(body)
        if self.first_answer_ns is None:
            self.first_answer_ns = frame.mono_ns
        if self.conversation:
            self.reader = self.reader or AnswerReader()
            self.reader.feed(body, frame.mono_ns)


class Conversation:
    """Feed a session's frames in order; a turn comes out when its exchange ends, the rest at the finish."""

    def __init__(self) -> None:
        self._open: dict[str, _Exchange] = {}
        self._threads: list[list[bytes]] = []
        self._seen: set[bytes] = set()

    def feed(self, frame: Frame) -> Turn | None:
        if frame.kind == "session":
            return None
        exchange = self._open.get(frame.exchange)
        if exchange is None:
            exchange = self._open[frame.exchange] = _Exchange(frame)
        exchange.take(frame)
        if frame.kind != "end":
            return None
        return self._turn(self._open.pop(frame.exchange))

    def finish(self) -> list[Turn]:
        rest, self._open = self._open, {}
        return [self._turn(exchange) for exchange in rest.values()]

    def _turn(self, exchange: _Exchange) -> Turn:
        body = parse(exchange.body) if exchange.conversation else None
        answer = exchange.reader.finish() if exchange.reader else None
        raw = body.get("messages") if isinstance(body, Mapping) else None
        messages = [message_of(one) for one in raw] if isinstance(raw, list) else []
        resent = self._follow(messages, answer)
        return Turn(
            exchange=exchange.first.exchange,
            wall_ns=exchange.first.wall_ns,
            mono_ns=exchange.first.mono_ns,
            last_ns=exchange.last_ns,
            method=text_of(exchange.request, "method"),
            target=text_of(exchange.request, "target"),
            request=exchange.request,
            conversation=isinstance(raw, list),
            model=text_of(body, "model") or (answer.model if answer else ""),
            system=self._new_system(body),
            tools=self._new_tools(body),
            resent=resent,
            messages=tuple(messages[resent:]),
            answer=answer,
            status=exchange.status,
            findings=tuple(exchange.findings),
            decision=exchange.decision,
            outcome=exchange.outcome,
            sentence=exchange.sentence,
            request_bytes=exchange.request_bytes,
            response_bytes=exchange.response_bytes,
            first_answer_ns=exchange.first_answer_ns,
        )

    def _follow(self, messages: list[Message], answer: Answer | None) -> int:
        """How many of the messages were shown before. Keeps the thread that they belong to, or begins one.

        Side requests may begin like a thread without being its next turn: only a request that holds all that was said
        in a thread takes its place.
        """
        if not messages:
            return 0
        marks = [fingerprint(message) for message in messages]
        best: list[bytes] | None = None
        shown = 0
        for thread in self._threads:
            common = _common(thread, marks)
            if common > shown:
                best, shown = thread, common
        if best is not None and shown == len(best):
            self._threads.remove(best)
        if answer is not None and answer.message.blocks:
            marks.append(fingerprint(answer.message))
        self._threads = [*self._threads[-MOST_THREADS + 1 :], marks]
        return shown

    def _new_system(self, body: object) -> tuple[str, ...]:
        blocks = blocks_of(body.get("system")) if isinstance(body, Mapping) else ()
        texts = [block.text for block in blocks if block.text and not block.text.startswith(_BILLING)]
        return tuple(text for text in texts if self._is_new("system", text))

    def _new_tools(self, body: object) -> tuple[str, ...]:
        tools = body.get("tools") if isinstance(body, Mapping) else None
        names = (
            tuple(text_of(tool, "name") or text_of(tool, "type") for tool in tools) if isinstance(tools, list) else ()
        )
        return names if names and self._is_new("tools", *names) else ()

    def _is_new(self, *texts: str) -> bool:
        mark = fingerprint(Message(texts[0], blocks_of(list(texts[1:]))))
        is_new = mark not in self._seen
        self._seen.add(mark)
        return is_new


def _common(one: list[bytes], other: list[bytes]) -> int:
    for count, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return count
    return min(len(one), len(other))


def turns(frames: Iterable[Frame]) -> Iterator[Turn]:
    """All turns of a session, the unfinished ones last."""
    conversation = Conversation()
    for frame in frames:
        turn = conversation.feed(frame)
        if turn is not None:
            yield turn
    yield from conversation.finish()
