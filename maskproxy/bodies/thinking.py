"""Claude's thinking: masked for everybody but the API, which takes it back only as it made it.

What masking took out of a block travels sealed behind the block's signature, which clients keep and send as it is. In
a request the seal is taken off again and the originals are put back: the API gets its very own text and signature. A
block in which nothing was masked passes as it came. What cannot be put back is refused.
"""

from __future__ import annotations

from hashlib import sha256

from maskproxy.bodies.edits import Edit, Spot
from maskproxy.bodies.json_literal import WayBack, decode, encode
from maskproxy.bodies.output import BodyFinding
from maskproxy.bodies.text_masker import TextMasker
from maskproxy.errors import TooLarge
from maskproxy.masking import Finding, Masking, Seals, Span, looks_sealed
from maskproxy.masking.seals import LIMIT_BYTES, MOST_SPANS

_STEP_BYTES = 64 * 1024


def put_back(raw: bytes, thinking: Spot | None, signature: Spot, seals: Seals) -> list[Edit]:
    """Undo the seal of a block: the API gets what it made, the recording what the client has, neither gets the seal."""
    literal = raw[thinking.start : thinking.end] if thinking is not None else b""
    signed = raw[signature.start : signature.end]
    own, spans = seals.unseal(decode(signed), decode(literal))
    seal_at = signature.start + WayBack(signed).start(len(own))
    edits = [Edit(seal_at, signature.end, b"", record_only=False)]
    if thinking is None or not spans:
        return edits
    way_back = WayBack(literal)
    for span in spans:
        start = thinking.start + way_back.start(span.start)
        end = thinking.start + way_back.end(span.start + span.length)
        edits.append(Edit(start, end, encode(span.original), record_only=False, forward_only=True))
    return edits


def seal(text: bytes, found: list[Finding], signature: bytes, seals: Seals) -> bytes:
    """Give what stands behind `signature` once `found` is masked in the whole `text`: nothing where nothing is."""
    if not found and not looks_sealed(signature):
        return b""
    masked, spans = replaced(text, found)
    return seals.seal(signature, sha256(masked).digest(), spans)


def replaced(text: bytes, found: list[Finding]) -> tuple[bytes, list[Span]]:
    """Give the masked text, and what masking took out of it."""
    spans: list[Span] = []
    pieces: list[bytes] = []
    at = shift = 0
    for finding in found:
        placeholder, original = finding.placeholder.encode(), text[finding.start : finding.end]
        spans.append(Span(finding.start + shift, len(placeholder), original))
        shift += len(placeholder) - len(original)
        pieces += [text[at : finding.start], placeholder]
        at = finding.end
    return b"".join([*pieces, text[at:]]), spans


class ThinkingMasker(TextMasker):
    """The thinking of one block in a stream: a masker that keeps what it masks until a signature can carry it.

    Kept are the originals of what was masked, and the text that the masker still holds; both are bounded. A piece costs
    little more than in any other text.
    """

    __slots__ = (
        "_begun",
        "_given",
        "_hashed_bytes",
        "_kept",
        "_masking",
        "_sealed_bytes",
        "_seals",
        "_sha256",
        "_shift",
        "_spans",
        "_spans_bytes",
        "signature",
    )

    def __init__(self, masking: Masking, findings: list[BodyFinding], *, place: str, seals: Seals) -> None:
        super().__init__(masking, findings, place=place)
        self.signature = b""
        """The API's own, as last heard of."""
        self._masking = masking
        self._seals = seals
        self._spans: list[Span] = []
        self._spans_bytes = 0
        self._kept = bytearray()
        """The end of the API's text, of which nothing has been given yet."""
        self._given = bytearray()
        """The end of the masked text, as given: not hashed yet."""
        self._sha256 = sha256()
        self._hashed_bytes = 0
        self._sealed_bytes = -1
        """How much masked text the last seal covers."""
        self._shift = 0
        """How much longer the masked text is than the API's, up to what is kept."""
        self._begun = 0
        """Where in the API's text the masker began: it ends, and another begins, with each signature."""

    def feed(self, text: bytes) -> bytes:
        masked = self._masker.feed(text)
        kept, given = self._kept, self._given
        kept += text
        if self._masker.findings:
            self._take()
        del kept[: len(masked)]
        given += masked
        if len(kept) + len(given) > _STEP_BYTES:
            self._tidy()
        return masked

    def finish(self) -> bytes:
        """Give what is held. The block may go on: the API's last signature then counts for all of it."""
        masked = self._masker.finish()
        self._take()
        del self._kept[: len(masked)]
        self._given += masked
        self._masker = self._masking.masker()
        self._begun = self._given_bytes() - self._shift
        return masked

    def seal(self, signature: bytes) -> bytes:
        """Give what stands behind this signature of all the text up to now: nothing where nothing was masked."""
        self.signature = signature
        if not self._spans and not looks_sealed(signature):
            return b""
        self._tidy()
        self._sealed_bytes = self._hashed_bytes
        return self._seals.seal(signature, self._sha256.digest(), self._spans)

    def is_owing(self) -> bool:
        """Tell whether something was masked that no seal carries yet."""
        return (bool(self._spans) or looks_sealed(self.signature)) and self._given_bytes() != self._sealed_bytes

    def _take(self) -> None:
        """Take the originals of what was found out of what is kept; their placeholders stand there from now on."""
        kept, given_bytes = self._kept, self._given_bytes()
        for found in self._masker.findings:
            start = self._begun + found.start + self._shift
            at, length = start - given_bytes, found.end - found.start
            placeholder, original = found.placeholder.encode(), bytes(kept[at : at + length])
            kept[at : at + length] = placeholder
            self._spans.append(Span(start, len(placeholder), original))
            self._spans_bytes += length
            self._shift += len(placeholder) - length
        self._list()
        self._bound(0)

    def _bound(self, kept_bytes: int) -> None:
        if len(self._spans) > MOST_SPANS or self._spans_bytes + kept_bytes > LIMIT_BYTES:
            raise TooLarge("A thinking block holds more secrets than can be sealed.")

    def _given_bytes(self) -> int:
        return self._hashed_bytes + len(self._given)

    def _tidy(self) -> None:
        """Keep memory bounded: hash what was given, and see that not too much waits."""
        self._bound(len(self._kept))
        self._sha256.update(self._given)
        self._hashed_bytes += len(self._given)
        self._given.clear()
