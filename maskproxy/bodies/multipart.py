"""multipart/form-data (RFC 7578), streamed part by part, each by its own type.

Framing is read strictly, CRLF only, since what two readers frame differently one of them reads unmasked. A part's
head is masked line by line; a text part is masked under its field's name; files go by their type, like whole bodies.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from maskproxy.bodies.media_types import MediaType, parse
from maskproxy.bodies.output import BodyFinding, BodyMask, Findings, Output, join, same
from maskproxy.errors import BadRequest, TooLarge, UnsupportedCoding
from maskproxy.masking import Masking, trusted

HEAD_LIMIT_BYTES = 16 * 1024
MOST_PARTS = 10_000

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_NAME = re.compile(rb'form-data\b.*?;[ \t]*name=(?:"((?:[^"\\]|\\.)*)"|([^";\s]+))', re.IGNORECASE)
_ONCE = frozenset({b"content-type", b"content-disposition", b"content-transfer-encoding"})
_BROKEN = "The multipart body is not framed as its boundary says."
_WHY = "framing, and heads that were masked line by line"

PartMask = Callable[[MediaType | None, bytes, str], BodyMask]
"""Makes the mask for a part: its type, the field's name, its place."""


class MultipartBody:
    """One multipart body."""

    streams = True

    def __init__(self, masking: Masking, media_type: MediaType, part_mask: PartMask) -> None:
        boundary = media_type.parameters.get("boundary", "")
        if not _BOUNDARY.fullmatch(boundary):
            raise BadRequest("The multipart body has no usable boundary.")
        if masking.find(boundary.encode()):
            raise BadRequest("The multipart body's boundary looks like a secret. Use a random one.")
        self.findings: list[BodyFinding] = Findings()
        self.unread_bytes = 0
        self._masking = masking
        self._part_mask = part_mask
        self._delimiter = b"\r\n--" + boundary.encode()
        # The first delimiter stands at the start of a line too: this CRLF is not sent on.
        self._held = b"\r\n"
        self._to_drop = 2
        self._read: Callable[[], Output | None] = self._preamble
        self._part: BodyMask | None = None
        self._parts = 0
        self._told = 0
        """How many findings of the part are among ours."""

    def feed(self, data: bytes) -> Output:
        self._held += data
        return self._run()

    def finish(self) -> Output:
        made = self._run()
        if self._read == self._preamble and self._held == b"\r\n":
            return made  # no bytes at all: an empty body
        if self._read != self._epilogue:
            raise BadRequest("The multipart body ends before its last boundary.")
        return made

    def _run(self) -> Output:
        outputs = []
        while (made := self._read()) is not None:
            outputs.append(made)
        return join(outputs)

    def _take(self, count: int) -> bytes:
        taken, self._held = self._held[:count], self._held[count:]
        dropped, self._to_drop = self._to_drop, 0
        return taken[dropped:]

    def _preamble(self) -> Output | None:
        if len(self._held) < len(self._delimiter):
            return None
        if not self._held.startswith(self._delimiter):
            raise BadRequest(_BROKEN)
        self._read = self._delimiter_line
        return same(trusted(self._take(len(self._delimiter)), why=_WHY))

    def _delimiter_line(self) -> Output | None:
        """What follows a boundary: two hyphens and the end, or a line's end and a part's head."""
        if self._held.startswith(b"--"):
            self._read = self._epilogue
            return same(trusted(self._take(2), why=_WHY))
        end = self._held.find(b"\n")
        line = self._held if end < 0 else self._held[: end + 1]
        if line.strip(b" \t\r\n-") or len(line) > 128 or (end >= 0 and not line.endswith(b"\r\n")):
            raise BadRequest(_BROKEN)
        if end < 0:
            return None
        if b"-" in line:
            raise BadRequest(_BROKEN)
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise TooLarge("The multipart body has too many parts.")
        self._read = self._head
        return same(trusted(self._take(end + 1), why=_WHY))

    def _head(self) -> Output | None:
        end = 0 if self._held.startswith(b"\r\n") else self._held.find(b"\r\n\r\n") + 2
        if end == 1:
            if len(self._held) > HEAD_LIMIT_BYTES:
                raise TooLarge("A part's head in the multipart body is longer than allowed.")
            return None
        lines = self._take(end + 2).split(b"\r\n")[:-2]
        fields: dict[bytes, bytes] = {}
        masked = []
        for line in lines:
            match = _FIELD.fullmatch(line)
            if match is None or (match[1].lower() in _ONCE and match[1].lower() in fields):
                raise BadRequest("A part's head in the multipart body is malformed.")
            fields[match[1].lower()] = match[2]
            masked.append(self._mask_line(line))
        self._open(fields)
        self._read = self._content
        return same(trusted(b"\r\n".join([*masked, b"", b""]) if lines else b"\r\n", why=_WHY))

    def _mask_line(self, line: bytes) -> bytes:
        try:
            line.decode()
        except UnicodeDecodeError as error:
            raise UnsupportedCoding("A part's head in the multipart body is not UTF-8.") from error
        masked, found = self._masking.text(line)
        place = f"part[{self._parts - 1}]"
        self.findings += [BodyFinding(finding.rule, place, finding.placeholder) for finding in found]
        return masked

    def _open(self, fields: dict[bytes, bytes]) -> None:
        if fields.get(b"content-transfer-encoding", b"8bit").lower() not in {b"7bit", b"8bit", b"binary"}:
            raise UnsupportedCoding("A part of the multipart body has a transfer encoding; send it plain.")
        named = _NAME.match(fields.get(b"content-disposition", b""))
        name = (named[1] or named[2] or b"") if named else b""
        content_type = fields.get(b"content-type")
        media_type = parse(content_type.decode()) if content_type else None
        if media_type is None and b"filename" not in fields.get(b"content-disposition", b"").lower():
            media_type = MediaType("text/plain", {})
        if media_type is not None and media_type.name.startswith("multipart/"):
            raise UnsupportedCoding("A multipart body inside another cannot be read.")
        self._part = self._part_mask(media_type, name, f"part[{self._parts - 1}]")

    def _content(self) -> Output | None:
        """Feed the part up to the next delimiter; keep back what may be the beginning of one."""
        part = self._part
        assert part is not None
        end = self._held.find(self._delimiter[1:])
        if end >= 0:
            if not end or self._held[end - 1 : end] != b"\r":
                raise BadRequest(_BROKEN)
            made = [part.feed(self._take(end - 1)), part.finish()]
            self._tell(part)
            self._told = 0
            self.unread_bytes += part.unread_bytes
            self._part = None
            self._read = self._delimiter_line
            made.append(same(trusted(self._take(len(self._delimiter)), why=_WHY)))
            return join(made)
        keep = len(self._delimiter) - 1
        mark = self._held.rfind(b"\r", max(0, len(self._held) - keep))
        if mark < 0:
            mark = self._held.rfind(b"\n", max(0, len(self._held) - keep))
        ready = len(self._held) if mark < 0 else max(0, mark)
        if not ready:
            return None
        output = part.feed(self._take(ready))
        self._tell(part)
        return output

    def _tell(self, part: BodyMask) -> None:
        news = part.findings[self._told :]
        self._told += len(news)
        self.findings += news

    def _epilogue(self) -> Output | None:
        if self._held.strip(b" \t\r\n"):
            raise BadRequest("There are bytes after the last boundary of the multipart body.")
        return same(trusted(self._take(len(self._held)), why=_WHY)) if self._held else None
