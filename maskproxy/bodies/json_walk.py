"""One pass over a JSON document beside its table of places: every string is judged, secrets become edits.

A strict tokenizer (RFC 8259) without recursion; depth, the keys of a policed object and listed findings are bounded.
"""

from __future__ import annotations

import re

from maskproxy.bodies.edit_tools import EditTools
from maskproxy.bodies.edits import Edit, Spot
from maskproxy.bodies.json_frame import Frame
from maskproxy.bodies.json_grammar import BLANKS, CLOSED, ELEMENT, ELEMENTS, MEMBER, MEMBERS, closing_quote
from maskproxy.bodies.json_literal import NOT_JSON, decode, read, spans_in
from maskproxy.bodies.json_looks import Looks
from maskproxy.bodies.keyed import KeyNames, find_under_key
from maskproxy.bodies.output import MOST_FINDINGS, BodyFinding
from maskproxy.bodies.places import FREE, MCP_RULE, Kind, Place, fits
from maskproxy.bodies.thinking import put_back, replaced, seal
from maskproxy.errors import BadRequest, TooLarge, UnsupportedCoding
from maskproxy.masking import Finding, Masking, Seals, looks_sealed

MOST_DEPTH = 10_000
MOST_KEYS = 10_000
MOST_EDITS = 100_000
MOST_STEPS = 2_000_000
"""Values looked at one by one: some seconds of work. A body of more of them, or of more secrets, is refused."""
MOST_SPREAD = 256
"""Secrets that edits of the conversation were given where no rule finds them."""

_PATH_DEPTH = 24
_CALL_STEPS = 100
"""What a second look at a call's arguments counts for."""
_LEFT_ALONE = frozenset({Kind.ID, Kind.OPAQUE, Kind.SIGNATURE, Kind.MEDIA})
_BLOT = b"MASKED_MCP_AUTHORIZATION_TOKEN"


class Walk:
    """One pass over one document."""

    def __init__(
        self,
        raw: bytes,
        masking: Masking,
        *,
        scan: bool,
        refuse_media: bool,
        prefix: str,
        tools: EditTools | None = None,
        learns: bool = False,
        seals: Seals | None = None,
    ) -> None:
        """With `learns`, what is masked is remembered in the vault of `tools`, and looked for in their arguments.

        With `seals`, thinking is given back to the API where `learns` says that this is a request; else it is masked
        and sealed. Without them it goes on as it came.
        """
        self._raw = raw
        self._seals = seals
        self._is_request = learns
        self._tools = tools
        self._vault = tools.vault if tools is not None and learns else None
        self.arguments: list[tuple[int, int]] = []
        """Where the arguments of calls of `tools` stand."""
        self._masking = masking
        self._names = KeyNames(masking)
        self._looks = Looks(raw, masking)
        self._scan = scan
        self._refuse_media = refuse_media
        self._prefix = prefix
        self._own_secrets = scan and masking.may_hold_own(raw)
        """Whether what is left alone may hold the caller's token or the service's credential all the same."""
        self._steps = 0
        self._stack: list[Frame] = []
        self.edits: list[Edit] = []
        self.streams: list[tuple[bytes, Spot]] = []
        """Strings that are pieces of longer ones (`Kind.STREAM`): their key and where they stand. Not masked here."""
        self.media_bytes = 0
        self._found: list[tuple[int, BodyFinding]] = []
        self._listed: set[str] = set()
        """The rules of which something is listed."""
        self._spread: dict[bytes, tuple[str, bytes]] = {}

    def run(self, root: Place) -> None:
        """Walk from the first byte to the last: one match per member or element, brackets on a stack."""
        raw, stack = self._raw, self._stack
        frame: Frame | None = None
        at = 0
        while True:
            at = self._pass_over(frame, at)
            is_member = frame is not None and frame.is_object
            match = (MEMBER if is_member else ELEMENT).match(raw, at)
            if match is None:
                raise BadRequest(NOT_JSON)
            key, _, opening, end = match.groups()
            span, at, said = match.span(2), match.end(), None
            if opening == b'"':
                opening, span, said = None, *self._long_string(match.end(3))
                at, end = self._follows(span[1] + 1)
            if frame is not None and is_member:
                self._member(frame, key, match.span(1), span, said)
            else:
                self._element(frame, span, said)
            if opening is not None:
                frame = self._open(frame, match, root)
                if not end:
                    continue
                if end == b",":
                    raise BadRequest(NOT_JSON)
            elif end == b"," and frame is not None:
                continue
            at, end = self._close(at, end)
            if not stack:
                break
            if end != b",":
                raise BadRequest(NOT_JSON)
            frame = stack[-1]
        if end or at != len(raw):
            raise BadRequest(NOT_JSON)

    def _long_string(self, start: int) -> tuple[tuple[int, int], bytes]:
        """Read a string to its end; give where its inside stands and what it says."""
        end = closing_quote(self._raw, start)
        if end < 0:
            raise BadRequest(NOT_JSON)
        return (start, end), read(memoryview(self._raw)[start:end])

    def _follows(self, at: int) -> tuple[int, bytes]:
        """Give what follows a value that ends at `at`, a comma or a closing bracket, and where that ends."""
        match = CLOSED.match(self._raw, at)
        assert match is not None
        return match.end(), match[1]

    def _pass_over(self, frame: Frame | None, at: int) -> int:
        """Pass over a run of small values in a free object or array, where it is known that nothing can be found."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise TooLarge("The body has too many values.")
        if frame is None or not frame.is_free:
            return at
        raw = self._raw
        if not self._scan:
            match = (MEMBERS if frame.is_object else ELEMENTS).match(raw, at)
        elif frame.is_object:
            looks = self._looks
            match = MEMBERS.match(raw, at, looks.cold_until) if looks.cold_from < at < looks.cold_until else None
        else:
            match = BLANKS.match(raw, at)
            if match is not None:
                frame.index += raw.count(b",", at, match.end())
        return at if match is None else match.end()

    @property
    def findings(self) -> list[BodyFinding]:
        """What was found, in the order of the document."""
        return [finding for _, finding in sorted(self._found)]

    def _open(self, frame: Frame | None, match: re.Match[bytes], root: Place) -> Frame:
        """Go into an object or array."""
        if len(self._stack) >= MOST_DEPTH:
            raise BadRequest("The body is nested too deep.")
        if frame is None:
            place, view_key = root, b""
        elif frame.is_object:
            place, view_key = frame.place.fields.get(frame.key, FREE), frame.key
        else:
            place, view_key = frame.place.items or FREE, frame.view_key
        opened = Frame(place, match.start(3), is_object=match[3] == b"{", view_key=view_key)
        self._stack.append(opened)
        return opened

    def _close(self, at: int, end: bytes) -> tuple[int, bytes]:
        """Close every object and array that ends here; give what follows the last of them."""
        stack = self._stack
        while end in (b"}", b"]"):
            if not stack or stack[-1].is_object is not (end == b"}"):
                raise BadRequest(NOT_JSON)
            frame = stack[-1]
            if frame.input is not None and self._tools is not None:
                self._end_call(frame, frame.input, self._tools)
            if frame.is_object and frame.place.exempt and frame.pending:
                self._end_pending(frame)
            stack.pop()
            if stack and stack[-1].place.calls and stack[-1].key == b"input":
                stack[-1].input = (frame.start, at)
            at, end = self._follows(at)
        return at, end

    def _end_pending(self, frame: Frame) -> None:
        """Deal with the members that waited for the others."""
        thinking: Spot | None = None
        signature: Spot | None = None
        for exemption, key, spot in frame.pending:
            frame.key = key
            holds = all(form.fullmatch(frame.told.get(name, b"")) for name, form in exemption.when.items())
            kind = exemption.kind if holds else Kind.TEXT
            if self._seals is not None and kind is Kind.SIGNED:
                thinking = spot
            elif self._seals is not None and kind is Kind.SIGNATURE:
                signature = spot
            else:
                self._apply(frame, kind, spot)
        if self._seals is not None and (thinking or signature):
            self._end_thinking(frame, thinking, signature, self._seals)

    def _end_thinking(self, frame: Frame, thinking: Spot | None, signature: Spot | None, seals: Seals) -> None:
        """Thinking and its signature together: given back in a request, masked and sealed in an answer.

        What nobody signed is nothing that the API takes back: in a request it is a text like any other.
        """
        signed = b"" if signature is None else decode(self._raw[signature.start : signature.end])
        signed_found: list[Finding] = []
        if signature is not None and self._is_request and looks_sealed(signed):
            self.edits += put_back(self._raw, thinking, signature, seals)
        elif signature is not None:
            frame.key = b"signature"
            signed_found = self._apply(frame, Kind.SIGNATURE, signature)
        if thinking is None:
            return
        frame.key = b"thinking"
        found = self._apply(frame, Kind.SIGNED if self._is_request and signed else Kind.TEXT, thinking)
        if signature is not None and not self._is_request:
            text = decode(self._raw[thinking.start : thinking.end])
            if made := seal(text, found, replaced(signed, signed_found)[0], seals):
                self.edits.append(Edit(signature.end, signature.end, made, record_only=False, forward_only=True))

    def _end_call(self, frame: Frame, span: tuple[int, int], tools: EditTools) -> None:
        """Note a call of one of the tools. In a request, secrets that its arguments were given back are masked again.

        One that no rule finds there was put where it stands by an edit, and may turn up bare in files from now on: it
        is looked for in all that follows. What stands before is untouched, so that the same turns stay the same bytes.
        """
        if frame.told.get(b"type") != b"tool_use" or frame.told.get(b"name") not in tools.names:
            return
        self.arguments.append(span)
        if self._vault is None:
            return
        secrets = self._vault.may_stand_in(self._raw[span[0] : span[1]])
        if not secrets:
            return
        self._steps += _CALL_STEPS
        frame.key = b"input"
        for placeholder in self._mask_again(span, self._masking.knowing(secrets), tools):
            secret = self._vault.named(placeholder)
            if secret is not None:
                self._look_for(placeholder, secret)

    def _mask_again(self, span: tuple[int, int], masking: Masking, tools: EditTools) -> list[bytes]:
        """Replace what was found in arguments; give the placeholders that only this search put there."""
        start, end = span
        by_rule: set[bytes] = set()
        while self.edits and self.edits[-1].start >= start:
            by_rule.add(self.edits.pop().placeholder)
        while self._found and self._found[-1][0] >= start:
            self._found.pop()
        walk = Walk(
            self._raw[start:end],
            masking,
            scan=True,
            refuse_media=False,
            prefix=self._path(),
            tools=tools,
            learns=True,
        )
        walk.run(FREE)
        self.edits += [edit._replace(start=edit.start + start, end=edit.end + start) for edit in walk.edits]
        self._found += [(at + start, finding) for at, finding in walk._found]
        return sorted({edit.placeholder for edit in walk.edits} - by_rule - self._spread.keys())

    def _look_for(self, placeholder: bytes, secret: tuple[str, bytes]) -> None:
        if len(self._spread) >= MOST_SPREAD:
            raise TooLarge("Too many secrets were given back to edits of this conversation. Start a new one.")
        self._spread[placeholder] = secret
        self._masking = self._masking.knowing([secret])
        self._names = KeyNames(self._masking)
        self._scan = True
        self._looks = Looks(self._raw, self._masking)

    def _member(
        self, frame: Frame, key: bytes, key_span: tuple[int, int], span: tuple[int, int], said: bytes | None
    ) -> None:
        """A key, and its value where that is a string: both are spared by one look at the raw bytes."""
        if b"\\" in key:
            key = decode(key)
        frame.key = key
        place = frame.place
        if place.keys_once:
            self._once(frame, key)
        key_start, key_end = key_span
        start, end = span
        if start < 0:
            start = end = key_end
        elif place.exempt and self._is_exempt(frame, Spot(key_start, start, end)):
            if key in place.exempt:
                return
            start = end = key_end  # the key is any text
        if self._scan and self._looks.is_worth(key_start - 1, end + 1):
            if not self._names.is_clean(key):
                self._mask_literal(key_start, key_end, b"", key, record_only=False)
            if start < end:
                self._mask_literal(start, end, key, self._text(start, end, said), record_only=False)

    def _element(self, frame: Frame | None, span: tuple[int, int], said: bytes | None) -> None:
        """An array's element, or the whole document. A string is seen under the key of its array."""
        if frame is not None:
            frame.index += 1
        start, end = span
        if start < 0 or not self._scan or start == end:
            return
        view_key = b"" if frame is None else frame.view_key
        if self._masking.may_hold(b'"%b":"%b"' % (view_key, self._raw[start:end])):
            self._mask_literal(start, end, view_key, self._text(start, end, said), record_only=False)

    def _text(self, start: int, end: int, said: bytes | None) -> bytes:
        """The text of a literal, which may have been read already."""
        return decode(self._raw[start:end]) if said is None else said

    def _once(self, frame: Frame, key: bytes) -> None:
        if key in frame.seen:
            raise BadRequest("The body names a key twice in an object that the gateway reads.")
        if len(frame.seen) >= MOST_KEYS:
            raise BadRequest("An object of the body has too many keys.")
        frame.seen.add(key)

    def _is_exempt(self, frame: Frame, spot: Spot) -> bool:
        """Deal with a string member that may be no text. What depends on other members waits for the object's end."""
        key, place = frame.key, frame.place
        if key in place.told:
            frame.told[key] = decode(self._raw[spot.start : spot.end])
        exemption = place.exempt.get(key, place.default)
        if exemption is None:
            return False
        if exemption.when:
            frame.pending.append((exemption, key, spot))
        else:
            self._apply(frame, exemption.kind, spot)
        return True

    def _apply(self, frame: Frame, kind: Kind, spot: Spot) -> list[Finding]:
        """Do what the kind says; give what was masked."""
        if not fits(kind, self._raw[spot.start : spot.end]) or self._holds_own(kind, spot):
            kind = Kind.TEXT
        match kind:
            case Kind.TEXT | Kind.SIGNED:
                if self._scan and self._masking.may_hold(self._raw[spot.key_start - 1 : spot.end + 1]):
                    text = decode(self._raw[spot.start : spot.end])
                    record_only = kind is Kind.SIGNED
                    return self._mask_literal(spot.start, spot.end, frame.key, text, record_only=record_only)
            case Kind.MEDIA:
                if self._refuse_media:
                    raise UnsupportedCoding("Images and PDFs are not allowed here, since they cannot be read.")
                self.media_bytes += spot.end - spot.start
            case Kind.CREDENTIAL:
                self._note(spot.start, spot.end, MCP_RULE, _BLOT, record_only=True)
            case Kind.STREAM:
                self.streams.append((frame.key, spot))
            case Kind.ID | Kind.OPAQUE | Kind.SIGNATURE:
                pass
        return []

    def _holds_own(self, kind: Kind, spot: Spot) -> bool:
        """Tell whether a string that is left alone otherwise holds a secret of this exchange, byte for byte."""
        if not self._own_secrets or kind not in _LEFT_ALONE or (kind is Kind.MEDIA and self._refuse_media):
            return False
        literal = self._raw[spot.start : spot.end]
        return self._masking.holds_own(decode(literal) if kind is Kind.SIGNATURE else literal.replace(rb"\/", b"/"))

    def _mask_literal(self, at: int, end: int, view_key: bytes, text: bytes, *, record_only: bool) -> list[Finding]:
        """Search the decoded `text` of the literal from `at` to `end`."""
        findings = find_under_key(self._masking, view_key, text)
        if not findings:
            return findings
        spans = spans_in(self._raw[at:end], text, [(found.start, found.end) for found in findings])
        for found, (start, stop) in zip(findings, spans, strict=True):
            placeholder = found.placeholder.encode()
            self._note(at + start, at + stop, found.rule, placeholder, record_only=record_only)
            if self._vault is not None and not record_only:
                self._vault.keep(found.rule, placeholder, text[found.start : found.end])
        return findings

    def _note(self, start: int, end: int, rule: str, placeholder: bytes, *, record_only: bool) -> None:
        if len(self.edits) >= MOST_EDITS:
            raise TooLarge("The body holds more secrets than can be masked in one go.")
        self.edits.append(Edit(start, end, placeholder, record_only))
        if len(self._found) < MOST_FINDINGS or rule not in self._listed:
            self._listed.add(rule)
            self._found.append((start, BodyFinding(rule, self._path(), placeholder.decode())))

    def _path(self) -> str:
        steps = [
            "." + self._names.shown(frame.key) if frame.is_object else f"[{frame.index}]"
            for frame in self._stack[:_PATH_DEPTH]
        ]
        if len(self._stack) > _PATH_DEPTH:
            steps.append("...")
        return "".join([self._prefix, *steps]).removeprefix(".") or "body"
