"""JSON bodies: one document, read whole; and JSON Lines, line by line."""

from __future__ import annotations

from maskproxy.bodies.edit_tools import EditTools
from maskproxy.bodies.json_text import mask_json
from maskproxy.bodies.output import NOTHING, BodyFinding, Findings, Output, join
from maskproxy.bodies.places import FREE, Place
from maskproxy.errors import TooLarge
from maskproxy.masking import Masking, Seals, trusted

LINE_LIMIT_BYTES = 32 << 20
_WHITE = b" \t\r\n"
_WHY = "lines masked one by one, and blank ones"


class JsonBody:
    """One document. Nothing comes out before `finish`; no bytes at all are an empty body."""

    streams = False

    def __init__(
        self,
        masking: Masking,
        root: Place = FREE,
        *,
        refuse_media: bool = False,
        place: str = "",
        limit_bytes: int = 0,
        tools: EditTools | None = None,
        learns: bool = False,
        seals: Seals | None = None,
    ) -> None:
        self.findings: list[BodyFinding] = []
        self.unread_bytes = 0
        self._masking = masking
        self._root = root
        self._refuse_media = refuse_media
        self._place = place
        self._limit_bytes = limit_bytes
        self._tools = tools
        self._learns = learns
        self._seals = seals
        self._pieces: list[bytes] = []
        self._held_bytes = 0

    def feed(self, data: bytes) -> Output:
        self._held_bytes += len(data)
        if self._limit_bytes and self._held_bytes > self._limit_bytes:
            raise TooLarge("A JSON part of the body is larger than allowed.")
        self._pieces.append(data)
        return NOTHING

    def finish(self) -> Output:
        raw = b"".join(self._pieces)
        self._pieces.clear()
        return self._masked(raw) if raw else NOTHING

    def _masked(self, raw: bytes) -> Output:
        masked = mask_json(
            raw,
            self._masking,
            self._root,
            prefix=self._place,
            refuse_media=self._refuse_media,
            tools=self._tools,
            learns=self._learns,
            seals=self._seals,
        )
        self.findings = masked.findings
        self.unread_bytes = masked.media_bytes
        return Output(masked.forward, masked.record)


class JsonLinesBody:
    """A document a line; each goes out when its line ends. A line over the limit is TooLarge."""

    streams = True

    def __init__(
        self,
        masking: Masking,
        root: Place = FREE,
        *,
        refuse_media: bool = False,
        place: str = "",
        limit_bytes: int = LINE_LIMIT_BYTES,
        seals: Seals | None = None,
    ) -> None:
        self.findings: list[BodyFinding] = Findings()
        self.unread_bytes = 0
        self._masking = masking
        self._root = root
        self._refuse_media = refuse_media
        self._place = place
        self._limit_bytes = limit_bytes
        self._seals = seals
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._lines = 0

    def feed(self, data: bytes) -> Output:
        *whole, rest = data.split(b"\n")
        outputs = []
        for end in whole:
            self._hold(end)
            outputs.append(self._take(b"\n"))
        self._hold(rest)
        return join(outputs)

    def finish(self) -> Output:
        return self._take(b"")

    def _hold(self, data: bytes) -> None:
        self._line_bytes += len(data)
        if self._line_bytes > self._limit_bytes:
            raise TooLarge("A line of the body is longer than allowed.")
        self._line.append(data)

    def _take(self, ending: bytes) -> Output:
        line = b"".join(self._line)
        self._line.clear()
        self._line_bytes = 0
        if not line.strip(_WHITE):
            blank = trusted(line + ending, why=_WHY)
            return Output(blank, blank)
        masked = mask_json(
            line,
            self._masking,
            self._root,
            prefix=f"{self._place}line[{self._lines}]",
            refuse_media=self._refuse_media,
            seals=self._seals,
        )
        self._lines += 1
        self.findings += masked.findings
        self.unread_bytes += masked.media_bytes
        forward = trusted(masked.forward + ending, why=_WHY)
        if masked.record is masked.forward:
            return Output(forward, forward)
        return Output(forward, trusted(masked.record + ending, why=_WHY))
