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

_HASHED_BYTES = 64 * 1024


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

    Kept are the originals of what was masked, and the text that the masker still holds; both are bounded.
    """

    __slots__ = (
        "_begun",
        "_given_bytes",
        "_kept",
        "_masked",
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
        self._shift = 0
        """How much longer the masked text is than the API's, up to what is kept."""
        self._begun = 0
        """Where in the API's text the masker began: it ends, and another begins, with each signature."""
        self._masked = bytearray()
        """Masked text that is not hashed yet."""
        self._sha256 = sha256()
        self._given_bytes = 0
        """How much masked text is hashed."""
        self._sealed_bytes = -1
        """How much masked text the last seal covers."""

    def feed(self, text: bytes) -> bytes:
        masked = self._masker.feed(text)
        if masked == text and not self._kept and not self._masker.findings:
            self._masked += masked
            if len(self._masked) > _HASHED_BYTES:
                self._hash()
        else:
            self._keep(text, masked)
        return masked

    def finish(self) -> bytes:
        """Give what is held. The block may go on: the API's last signature then counts for all of it."""
        masked = self._masker.finish()
        self._keep(b"", masked)
        self._masker = self._masking.masker()
        self._begun = self._given() - self._shift
        return masked

    def seal(self, signature: bytes) -> bytes:
        """Give what stands behind this signature of all the text up to now: nothing where nothing was masked."""
        self.signature = signature
        if not self._spans and not looks_sealed(signature):
            return b""
        self._hash()
        self._sealed_bytes = self._given_bytes
        return self._seals.seal(signature, self._sha256.digest(), self._spans)

    def is_owing(self) -> bool:
        """Tell whether something was masked that no seal carries yet."""
        return (bool(self._spans) or looks_sealed(self.signature)) and self._given() != self._sealed_bytes

    def _keep(self, text: bytes, masked: bytes) -> None:
        kept = self._kept
        kept += text
        given = self._given()
        kept_from = given - self._shift
        for found in self._masker.findings:
            start, end = self._begun + found.start, self._begun + found.end
            original = bytes(kept[start - kept_from : end - kept_from])
            self._spans.append(Span(start + self._shift, len(found.placeholder), original))
            self._spans_bytes += len(original)
            self._shift += len(found.placeholder) - len(original)
        self._list()
        self._masked += masked
        del kept[: given + len(masked) - self._shift - kept_from]
        if len(self._spans) > MOST_SPANS or self._spans_bytes + len(kept) > LIMIT_BYTES:
            raise TooLarge("A thinking block holds more secrets than can be sealed.")
        if len(self._masked) > _HASHED_BYTES:
            self._hash()

    def _given(self) -> int:
        return self._given_bytes + len(self._masked)

    def _hash(self) -> None:
        self._sha256.update(self._masked)
        self._given_bytes += len(self._masked)
        self._masked.clear()
