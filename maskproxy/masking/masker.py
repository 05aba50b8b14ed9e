"""Masking of one text stream. First form: holds a fixed window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from maskproxy.masking.masked import Masked
from maskproxy.masking.placeholders import SHAPE, Placeholders
from maskproxy.masking.rules import RuleSet

_WINDOW = 4096
_PLACEHOLDER = re.compile(SHAPE.encode())


class Finding(NamedTuple):
    """One masked span: byte offsets in the text, or in the stream that was fed."""

    rule: str
    start: int
    end: int
    placeholder: str


class Masking:
    """The rules, the scope's placeholders and the exchange's own secrets, ready to mask."""

    def __init__(self, rules: RuleSet, placeholders: Placeholders, literals: Sequence[tuple[str, bytes]] = ()) -> None:
        self._patterns = [(i, re.compile(re.escape(x))) for i, x in literals] + list(rules.compiled)
        self._placeholders = placeholders

    def text(self, data: bytes) -> tuple[Masked, list[Finding]]:
        findings = self.find(data)
        out, at = [], 0
        for finding in findings:
            out += [data[at : finding.start], finding.placeholder.encode()]
            at = finding.end
        return Masked(b"".join([*out, data[at:]])), findings

    def find(self, data: bytes) -> list[Finding]:
        own = [m.span() for m in _PLACEHOLDER.finditer(data) if self._placeholders.verify(m[0])]
        spans: list[tuple[int, int, str]] = []
        for rule, pattern in self._patterns:
            for m in pattern.finditer(data):
                start, end = m.span("secret" if "secret" in pattern.groupindex else 0)
                if not any(start < e and s < end for s, e in own):
                    spans.append((start, end, rule))
        findings: list[Finding] = []
        for start, end, rule in sorted(spans):
            if not findings or start >= findings[-1].end:
                findings.append(Finding(rule, start, end, self._placeholders.make(rule, data[start:end]).decode()))
        return findings

    def masker(self) -> Masker:
        return Masker(self)

    def may_hold(self, data: bytes) -> bool:
        return bool(data)


class Masker:
    """One text stream."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._buffer = b""
        self._base = 0
        self.findings: list[Finding] = []

    @property
    def held(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> Masked:
        self._buffer += data
        return self._release(len(self._buffer) - _WINDOW)

    def finish(self) -> Masked:
        return self._release(len(self._buffer))

    def _release(self, cut: int) -> Masked:
        if cut <= 0:
            return Masked(b"")
        while cut < len(self._buffer) and self._buffer[cut] & 0xC0 == 0x80:
            cut += 1
        for finding in self._masking.find(self._buffer):
            if finding.start < cut < finding.end:
                cut = finding.start
        out, findings = self._masking.text(self._buffer[:cut])
        self.findings += [Finding(f.rule, f.start + self._base, f.end + self._base, f.placeholder) for f in findings]
        self._base += cut
        self._buffer = self._buffer[cut:]
        return out
