"""A masking of two rules in plain `re`, exact at every cut: for tests of what stands around the real one."""

from __future__ import annotations

import re
from typing import cast

from maskproxy.masking import Finding, Masked, Masking, SealKey, Work

SEALS = SealKey(b"k" * 32).of("ada")

_SECRET = re.compile(rb"KEY[0-9A-F]{8}|(?<=pwd: )[a-z]{8}")
_ALIVE = re.compile(rb"(?:K|KE|KEY[0-9A-F]{0,7}|p|pw|pwd|pwd:|pwd: [a-z]{0,7}|[\xc0-\xff][\x80-\xbf]{0,2})\Z")
_SPOKEN = re.compile(rb"KEY|pwd|\\u00")


def _finding(match: re.Match[bytes], base: int = 0) -> Finding:
    rule = "key" if match[0].startswith(b"KEY") else "pwd"
    tag = match[0][-8:].hex()
    return Finding(rule, base + match.start(), base + match.end(), f"MASKED_{rule.upper()}_{tag}")


class FakeMasker:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._buffer = b""
        self._base = 0

    @property
    def held(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> Masked:
        self._buffer += data
        alive = _ALIVE.search(self._buffer)
        end = alive.start() if alive and not _whole_character(alive[0]) else len(self._buffer)
        for match in _SECRET.finditer(self._buffer):
            if match.start() < end < match.end():
                end = match.end()
        return self._release(end)

    def finish(self) -> Masked:
        return self._release(len(self._buffer))

    def _release(self, end: int) -> Masked:
        made, at = b"", 0
        for match in _SECRET.finditer(self._buffer, 0, end):
            finding = _finding(match, self._base)
            self.findings.append(finding)
            made += self._buffer[at : match.start()] + finding.placeholder.encode()
            at = match.end()
        made += self._buffer[at:end]
        self._base += end
        self._buffer = self._buffer[end:]
        return Masked(made)


def _whole_character(tail: bytes) -> bool:
    try:
        return len(tail.decode()) == 1 and not tail.isascii()
    except UnicodeDecodeError:
        return False


class FakeMasking:
    """Counts its calls, so that a test can tell what was spared."""

    def __init__(self) -> None:
        self.finds = 0
        self.urgent: dict[str, int] = {}
        self.lifts = False

    def bounded(self, _work: Work) -> FakeMasking:
        return self

    def as_recorded(self) -> FakeMasking:
        return self

    def find(self, data: bytes) -> list[Finding]:
        self.finds += 1
        return [_finding(match) for match in _SECRET.finditer(data)]

    def text(self, data: bytes) -> tuple[Masked, list[Finding]]:
        masker = FakeMasker()
        return Masked(masker.feed(data) + masker.finish()), masker.findings

    def masker(self) -> FakeMasker:
        return FakeMasker()

    def may_hold(self, data: bytes) -> bool:
        return _SPOKEN.search(data) is not None

    def may_hold_own(self, data: bytes) -> bool:
        return False

    def holds_own(self, text: bytes) -> bool:
        return False


def fake_masking() -> Masking:
    return cast("Masking", FakeMasking())
