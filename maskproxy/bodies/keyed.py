"""The `key: text` view of a text, whole or streamed, so that a secret that only its key betrays is found."""

from __future__ import annotations

from maskproxy.masking import Finding, Masking

_VIEW_KEY_BYTES = 256
_MOST_NAMES = 1000


class KeyedMasker:
    """A masker that was fed `key: ` first and takes that off its output again."""

    __slots__ = ("_masker", "_skip")

    def __init__(self, masking: Masking, key: bytes = b"") -> None:
        self._masker = masking.masker()
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
        if not found:
            return []
        fresh = found[:]
        found.clear()
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


def find_under_key(masking: Masking, key: bytes, text: bytes) -> list[Finding]:
    """Find secrets in a text seen as `key: text`, so that one that only its key betrays is found too."""
    if not key:
        return masking.find(text)
    view = view_prefix(key)
    skip = len(view)
    return [
        Finding(found.rule, max(found.start - skip, 0), found.end - skip, found.placeholder)
        for found in masking.find(view + text)
        if found.end > skip
    ]


def view_prefix(key: bytes) -> bytes:
    """What stands before the value in the `key: value` view; of a long key only the end, cut between characters."""
    if len(key) > _VIEW_KEY_BYTES:
        key = key[-_VIEW_KEY_BYTES:].decode(errors="ignore").encode()
    return key + b": "


def shown_key(masking: Masking, key: bytes) -> str:
    """Show one key as places show it."""
    return KeyNames(masking).shown(key)


class KeyNames:
    """Remembers of a document's keys, few of which differ, whether they hold a secret, lifted or not."""

    __slots__ = ("_known", "_masking")

    def __init__(self, masking: Masking) -> None:
        self._masking = masking.as_recorded()
        self._known: dict[bytes, bool] = {}

    def is_clean(self, key: bytes) -> bool:
        known = self._known.get(key)
        if known is None:
            known = not self._masking.find(key)
            if len(self._known) < _MOST_NAMES and len(key) <= _VIEW_KEY_BYTES:
                self._known[key] = known
        return known

    def shown(self, key: bytes) -> str:
        """A key as places show it: never a secret, never long, never able to steer a terminal."""
        name = key.decode(errors="replace")
        return name if len(name) <= 64 and name.isprintable() and self.is_clean(key) else "*"
