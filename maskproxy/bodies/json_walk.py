"""One pass over a JSON document beside its table of places: every string is judged, secrets become edits.

A strict tokenizer (RFC 8259) without recursion; depth, the keys of a policed object and listed findings are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from maskproxy.bodies.json_literal import NOT_JSON, WayBack, decode
from maskproxy.bodies.keyed import find_under_key, shown_key
from maskproxy.bodies.output import BodyFinding
from maskproxy.bodies.places import FREE, Exemption, Kind, Place, fits
from maskproxy.errors import BadRequest, UnsupportedCoding
from maskproxy.masking import Finding, Masking

_WS = rb"[ \t\n\r]*+"
_STRING = rb'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
_SCALAR = rb"(?:true|false|null|-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+)"
_VALUE = rb'(?:"(' + _STRING + rb')"|([{\[])|' + _SCALAR + rb")" + _WS + rb"([,}\]]?)"
# Groups of both: 1 the key, 2 the string, 3 an opening bracket, 4 the comma or closing bracket that follows.
_MEMBER = re.compile(_WS + rb'"(' + _STRING + rb')"' + _WS + b":" + _WS + _VALUE)
_ELEMENT = re.compile(_WS + b"()" + _VALUE)
_CLOSED = re.compile(_WS + rb"([,}\]]?)")

MOST_DEPTH = 10_000
MOST_KEYS = 10_000
MOST_FINDINGS = 10_000
"""What is found beyond is masked all the same and only not listed."""

MOST_LAYERS = 3
"""How deep JSON inside strings of JSON is read as such."""

_PATH_DEPTH = 24
_BLOT = b"MASKED_MCP_AUTHORIZATION_TOKEN"


class _Frame:
    """An open object or array."""

    __slots__ = ("index", "is_object", "key", "pending", "place", "seen", "told", "view_key")

    def __init__(self, place: Place, *, is_object: bool, view_key: bytes) -> None:
        self.place = place
        self.is_object = is_object
        self.view_key = view_key
        self.key = b""
        self.index = -1
        if is_object and place.keys_once:
            self.seen: set[bytes] = set()
        if is_object and place.exempt:
            self.told: dict[bytes, bytes] = {}
            self.pending: list[tuple[Exemption, bytes, Spot]] = []


class Spot(NamedTuple):
    """Where a string literal stands in the raw bytes, without its quotes, and where the key before it begins."""

    key_start: int
    key_end: int
    start: int
    end: int


class Edit(NamedTuple):
    start: int
    end: int
    placeholder: bytes
    record_only: bool
    rule: str = ""


class Walk:
    """One pass over one document."""

    def __init__(
        self, raw: bytes, masking: Masking, *, scan: bool, refuse_media: bool, prefix: str, layers: int = 0
    ) -> None:
        self._raw = raw
        self._masking = masking
        self._scan = scan
        self._refuse_media = refuse_media
        self._prefix = prefix
        self._layers = layers
        self._may_have_surrogates = b"\\ud" in raw or b"\\uD" in raw
        self._stack: list[_Frame] = []
        self.edits: list[Edit] = []
        self.streams: list[tuple[bytes, Spot]] = []
        """Strings that are pieces of longer ones (`Kind.STREAM`): their key and where they stand. Not masked here."""
        self.media_bytes = 0
        self._found: list[tuple[int, BodyFinding]] = []

    def run(self, root: Place) -> None:
        """Walk from the first byte to the last: one match per member or element, brackets on a stack."""
        raw, stack = self._raw, self._stack
        at = 0
        while True:
            frame = stack[-1] if stack else None
            match = (_MEMBER if frame is not None and frame.is_object else _ELEMENT).match(raw, at)
            if match is None:
                raise BadRequest(NOT_JSON)
            place = root if frame is None else self._enter(frame, match)
            if match.start(2) >= 0:
                self._string(frame, match)
            at = match.end()
            end = match[4]
            if match.start(3) >= 0:
                if len(stack) >= MOST_DEPTH:
                    raise BadRequest("The body is nested too deep.")
                view_key = b"" if frame is None else frame.key if frame.is_object else frame.view_key
                stack.append(_Frame(place, is_object=match[3] == b"{", view_key=view_key))
                if not end:
                    continue
                if end == b",":
                    raise BadRequest(NOT_JSON)
            at, end = self._close(at, end)
            if not stack:
                break
            if end != b",":
                raise BadRequest(NOT_JSON)
        if end or at != len(raw):
            raise BadRequest(NOT_JSON)

    @property
    def findings(self) -> list[BodyFinding]:
        """What was found, in the order of the document."""
        return [finding for _, finding in sorted(self._found)]

    def _enter(self, frame: _Frame, match: re.Match[bytes]) -> Place:
        """Note the key or the index; give the place of what stands there."""
        place = frame.place
        if not frame.is_object:
            frame.index += 1
            return place.items or FREE
        key = frame.key = decode(match[1])
        if place.keys_once:
            if key in frame.seen:
                raise BadRequest("The body names a key twice in an object that the gateway reads.")
            if len(frame.seen) >= MOST_KEYS:
                raise BadRequest("An object of the body has too many keys.")
            frame.seen.add(key)
        if self._scan and self._masking.may_hold(self._raw[match.start(1) - 1 : match.end(1) + 1]):
            self._mask_literal(Spot(0, 0, match.start(1), match.end(1)), b"", key, record_only=False)
        return place.fields.get(key, FREE)

    def _close(self, at: int, end: bytes) -> tuple[int, bytes]:
        """Close every object and array that ends here; give what follows the last of them."""
        stack = self._stack
        while end in (b"}", b"]"):
            if not stack or stack[-1].is_object is not (end == b"}"):
                raise BadRequest(NOT_JSON)
            frame = stack[-1]
            for exemption, key, spot in frame.pending if frame.is_object and frame.place.exempt else ():
                frame.key = key
                holds = all(form.fullmatch(frame.told.get(name, b"")) for name, form in exemption.when.items())
                self._apply(frame, exemption.kind if holds else Kind.TEXT, spot)
            stack.pop()
            closed = _CLOSED.match(self._raw, at)
            assert closed is not None
            at, end = closed.end(), closed[1]
        return at, end

    def _string(self, frame: _Frame | None, match: re.Match[bytes]) -> None:
        spot = Spot(match.start(1), match.end(1), match.start(2), match.end(2))
        if self._may_have_surrogates:
            decode(match[2])
        if frame is None:
            self._text(None, spot, record_only=False)
            return
        kind = Kind.TEXT if frame.is_object else frame.place.items_kind
        if frame.is_object and frame.place.exempt:
            key, place = frame.key, frame.place
            if key in place.told:
                frame.told[key] = decode(match[2])
            exemption = place.exempt.get(key, place.default)
            if exemption is not None and exemption.when:
                frame.pending.append((exemption, key, spot))
                return
            if exemption is not None:
                kind = exemption.kind
        self._apply(frame, kind, spot)

    def _apply(self, frame: _Frame, kind: Kind, spot: Spot) -> None:
        if kind is not Kind.TEXT and not fits(kind, self._raw[spot.start : spot.end]):
            kind = Kind.TEXT
        match kind:
            case Kind.TEXT | Kind.SIGNED:
                self._text(frame, spot, record_only=kind is Kind.SIGNED)
            case Kind.MEDIA:
                if self._refuse_media:
                    raise UnsupportedCoding("Images and PDFs are not allowed here, since they cannot be read.")
                self.media_bytes += spot.end - spot.start
            case Kind.CREDENTIAL:
                self._note(spot.start, spot.end, "mcp-authorization-token", _BLOT, record_only=True)
            case Kind.STREAM:
                assert frame is not None
                self.streams.append((frame.key, spot))
            case Kind.ID | Kind.OPAQUE:
                pass

    def _text(self, frame: _Frame | None, spot: Spot, *, record_only: bool) -> None:
        if not self._scan or spot.start == spot.end:
            return
        # One look at the raw bytes from the key to the value spares decoding most strings.
        view_key = b"" if frame is None else frame.key if frame.is_object else frame.view_key
        if frame is None or frame.is_object or not view_key:
            look = self._raw[(spot.key_start or spot.start) - 1 : spot.end + 1]
        else:
            look = b'"%b":%b' % (view_key, self._raw[spot.start - 1 : spot.end + 1])
        if not self._masking.may_hold(look):
            return
        self._mask_literal(spot, view_key, decode(self._raw[spot.start : spot.end]), record_only=record_only)

    def _mask_literal(self, spot: Spot, view_key: bytes, text: bytes, *, record_only: bool) -> None:
        findings = find_under_key(self._masking, view_key, text)
        if text[:1] in (b"{", b"[") and self._layers < MOST_LAYERS:
            findings = _united(findings, self._inside(text))
        if not findings:
            return
        way_back = WayBack(self._raw[spot.start : spot.end])
        for finding in findings:
            start, end = spot.start + way_back.start(finding.start), spot.start + way_back.end(finding.end)
            self._note(start, end, finding.rule, finding.placeholder.encode(), record_only=record_only)

    def _inside(self, text: bytes) -> list[Finding]:
        """Find secrets in a string that is itself JSON, where escapes stand in escapes."""
        inner = Walk(text, self._masking, scan=True, refuse_media=False, prefix="", layers=self._layers + 1)
        try:
            inner.run(FREE)
        except BadRequest:
            return []  # only looks like JSON, and has been masked as text
        return [Finding(edit.rule, edit.start, edit.end, edit.placeholder.decode()) for edit in sorted(inner.edits)]

    def _note(self, start: int, end: int, rule: str, placeholder: bytes, *, record_only: bool) -> None:
        self.edits.append(Edit(start, end, placeholder, record_only, rule))
        if len(self._found) < MOST_FINDINGS:
            self._found.append((start, BodyFinding(rule, self._path(), placeholder.decode())))

    def _path(self) -> str:
        steps = [
            "." + shown_key(self._masking, frame.key) if frame.is_object else f"[{frame.index}]"
            for frame in self._stack[:_PATH_DEPTH]
        ]
        if len(self._stack) > _PATH_DEPTH:
            steps.append("...")
        return "".join([self._prefix, *steps]).removeprefix(".") or "body"


def splice(raw: bytes, edits: Sequence[Edit]) -> bytes:
    if not edits:
        return raw
    pieces, at = [], 0
    for edit in edits:
        pieces += [raw[at : edit.start], edit.placeholder]
        at = edit.end
    return b"".join([*pieces, raw[at:]])


def _united(one: list[Finding], other: list[Finding]) -> list[Finding]:
    """Merge two lists of spans: what overlaps becomes one span, named by the longer."""
    made: list[Finding] = []
    for found in sorted([*one, *other], key=lambda found: (found.start, -found.end)):
        if made and found.start < made[-1].end:
            last = made[-1]
            named = max(last, found, key=lambda span: span.end - span.start)
            made[-1] = named._replace(start=last.start, end=max(last.end, found.end))
        else:
            made.append(found)
    return made
