"""One text stream, masked as `key: text` where it has a key, so that a secret that only its key betrays is found."""

from __future__ import annotations

from maskproxy.bodies.json_text import view_prefix
from maskproxy.masking import Finding, Masking


class KeyedMasker:
    """A masker that was fed `key: ` first and takes that off its output again."""

    __slots__ = ("_masker", "_seen", "_skip")

    def __init__(self, masking: Masking, key: bytes = b"") -> None:
        self._masker = masking.masker()
        self._seen = 0
        self._skip = view_prefix(key) if key else b""
        if self._skip and masking.find(self._skip):
            self._skip = b""
        if self._skip:
            self._skip_from(self._masker.feed(self._skip))

    def feed(self, data: bytes) -> bytes:
        made = self._masker.feed(data)
        return self._skip_from(made) if self._skip else made

    def finish(self) -> bytes:
        made = self._masker.finish()
        return self._skip_from(made) if self._skip else made

    def news(self) -> list[Finding]:
        """What was found since the last call."""
        found = self._masker.findings
        if len(found) == self._seen:
            return []
        fresh = found[self._seen :]
        self._seen = len(found)
        return fresh

    def _skip_from(self, made: bytes) -> bytes:
        if made.startswith(self._skip):
            made, self._skip = made[len(self._skip) :], b""
            return made
        if self._skip.startswith(made):
            self._skip = self._skip[len(made) :]
            return b""
        # A span began in the key's part and reaches into the text: its placeholder stands for the text's part.
        shared = next(i for i, (a, b) in enumerate(zip(made, self._skip, strict=False)) if a != b)
        self._skip = b""
        return made[shared:]
