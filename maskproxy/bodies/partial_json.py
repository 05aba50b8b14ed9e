"""One JSON text that comes in pieces cut anywhere, as a tool's arguments do in a stream; masked string by string.

What comes out, put together, is JSON wherever what went in was, and equal to masking the whole document. A key is held
until it ends, a value only as long as its masker holds it. Text that stops being JSON is masked as plain text from
there on: models write broken JSON, and clients are shown it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from maskproxy.bodies.json_literal import decode, encode
from maskproxy.bodies.keyed import KeyedMasker, shown_key
from maskproxy.bodies.output import BodyFinding
from maskproxy.errors import BadRequest, TooLarge
from maskproxy.masking import Finding, Masking

KEY_LIMIT_BYTES = 64 * 1024
MOST_DEPTH = 10_000

_STRUCTURE = re.compile(rb"[ \t\n\r]++|[{}\[\],:]|\"")
_WORD = re.compile(rb"[-+.0-9A-Za-z]++")
_SCALAR = re.compile(rb"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD_LIMIT_BYTES = 512
# What can be decoded now: no quote, no half escape, no high surrogate that still waits for its other half.
_WHOLE = re.compile(
    rb'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]'
    rb"|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}))*+"
)
_HALF_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3}|u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)?")


class ValueMasker(Protocol):
    """What happens to one string value."""

    def feed(self, data: bytes) -> bytes: ...
    def finish(self) -> bytes: ...
    def news(self) -> Sequence[Finding]: ...


class PartialJson:
    """`feed` and `finish` take and give pieces of the JSON text; findings go to the list that was handed in."""

    def __init__(self, masking: Masking, findings: list[BodyFinding], *, place: str = "") -> None:
        self._masking = masking
        self._findings = findings
        self._place = place
        self._rest = b""
        self._stack: list[tuple[bool, bytes]] = []
        self._key = b""
        self._expects_key = False
        self._value: ValueMasker | None = None
        self._plain = False

    def feed(self, data: bytes) -> bytes:
        data, self._rest = self._rest + data, b""
        made: list[bytes] = []
        at = 0
        while at < len(data):
            if self._value is not None:
                at = self._in_value(data, at, made)
            else:
                at = self._outside(data, at, made)
            if self._rest:
                break
        return b"".join(made)

    def finish(self) -> bytes:
        """End of the text, whole or cut off: what is held is judged as it stands."""
        rest, self._rest = self._rest, b""
        if self._value is not None:
            # The rest can only be half an escape, which is no part of a secret.
            return self._finish_value() + rest
        if not rest:
            return b""
        self._begin_plain()
        return self.feed(rest) + self._finish_value()

    def _outside(self, data: bytes, at: int, made: list[bytes]) -> int:
        """Take one token between strings, or a key."""
        match = _STRUCTURE.match(data, at)
        if match is None:
            return self._word(data, at, made)
        token = match[0]
        if token == b'"':
            if self._expects_key:
                return self._whole_key(data, at, made)
            self._value = self._begin_value()
        elif token in (b"{", b"["):
            if len(self._stack) >= MOST_DEPTH:
                raise BadRequest("A tool's arguments are nested too deep.")
            self._stack.append((token == b"{", self._view_key()))
            self._expects_key = token == b"{"
        elif token in (b"}", b"]"):
            if self._stack:
                self._stack.pop()
            self._expects_key = False
        elif token == b",":
            self._expects_key = bool(self._stack) and self._stack[-1][0]
        made.append(token)
        return match.end()

    def _view_key(self) -> bytes:
        if not self._stack:
            return b""
        is_object, outer_key = self._stack[-1]
        return self._key if is_object else outer_key

    def _word(self, data: bytes, at: int, made: list[bytes]) -> int:
        """A number or a bare word goes out when it has ended and is one of JSON's; else this is not JSON."""
        match = _WORD.match(data, at)
        end = match.end() if match else at
        if match and end == len(data) and end - at <= _WORD_LIMIT_BYTES:
            self._rest = data[at:]
            return end
        if match and _SCALAR.fullmatch(match[0]):
            made.append(match[0])
            return end
        self._begin_plain()
        return at

    def _begin_plain(self) -> None:
        self._plain = True
        self._value = self._begin_value()

    def _begin_value(self) -> ValueMasker:
        return KeyedMasker(self._masking, b"" if self._plain else self._view_key())

    def _masked_key(self, key: bytes) -> tuple[bytes, Sequence[Finding]]:
        return self._masking.text(key)

    def _whole_key(self, data: bytes, at: int, made: list[bytes]) -> int:
        match = _WHOLE.match(data, at + 1)
        assert match is not None
        end = match.end()
        if end == len(data) or (data[end : end + 1] == b"\\" and _HALF_ESCAPE.fullmatch(data, end)):
            if len(data) - at > KEY_LIMIT_BYTES:
                raise TooLarge("A key in a tool's arguments is longer than allowed.")
            self._rest = data[at:]
            return len(data)
        if data[end : end + 1] != b'"':
            self._begin_plain()
            return at
        self._key = decode(data[at + 1 : end])
        masked, found = self._masked_key(self._key)
        if found:
            self._note([(finding.rule, finding.placeholder) for finding in found])
            made.append(b'"' + encode(masked) + b'"')
        else:
            made.append(data[at : end + 1])
        self._expects_key = False
        return end + 1

    def _in_value(self, data: bytes, at: int, made: list[bytes]) -> int:
        assert self._value is not None
        if self._plain:
            made.append(self._mask(self._value, data[at:], raw=data[at:]))
            return len(data)
        match = _WHOLE.match(data, at)
        assert match is not None
        end = match.end()
        if end > at:
            made.append(self._mask(self._value, decode(data[at:end]), raw=data[at:end]))
        if end == len(data):
            return end
        if data[end : end + 1] == b'"':
            made.append(self._finish_value() + b'"')
            return end + 1
        if data[end : end + 1] == b"\\" and _HALF_ESCAPE.fullmatch(data, end):
            self._rest = data[end:]
            return len(data)
        # A raw control character, a bad escape or a lone surrogate. What the masker holds comes first.
        made.append(self._finish_value())
        self._begin_plain()
        return end

    def _mask(self, masker: ValueMasker, text: bytes, *, raw: bytes) -> bytes:
        masked = masker.feed(text)
        self._note([(finding.rule, finding.placeholder) for finding in masker.news()])
        if masked == text:
            return raw
        return masked if self._plain else encode(masked)

    def _finish_value(self) -> bytes:
        assert self._value is not None
        masked = self._value.finish()
        self._note([(finding.rule, finding.placeholder) for finding in self._value.news()])
        self._value = None
        return masked if self._plain else encode(masked)

    def _note(self, found: list[tuple[str, str]]) -> None:
        if found:
            key = self._view_key()
            place = f"{self._place}.{shown_key(self._masking, key)}" if key else self._place
            self._findings += [BodyFinding(rule, place, placeholder) for rule, placeholder in found]
