"""A masker that lists what it finds: for one text of a stream, at one place of the body."""

from __future__ import annotations

from maskproxy.bodies.output import BodyFinding
from maskproxy.masking import Masking


class TextMasker:
    __slots__ = ("_findings", "_masker", "_place")

    def __init__(self, masking: Masking, findings: list[BodyFinding], *, place: str) -> None:
        self._masker = masking.masker()
        self._findings = findings
        self._place = place

    def feed(self, text: bytes) -> bytes:
        masked = self._masker.feed(text)
        if self._masker.findings:
            self._list()
        return masked

    def finish(self) -> bytes:
        masked = self._masker.finish()
        self._list()
        return masked

    def _list(self) -> None:
        for found in self._masker.findings:
            self._findings.append(BodyFinding(found.rule, self._place, found.placeholder))
        self._masker.findings.clear()
