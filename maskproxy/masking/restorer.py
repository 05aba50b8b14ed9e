"""Placeholders back to secrets, in a text that comes in pieces cut anywhere: for the owner of the secrets alone.

Promises: what comes out is the same for every way of cutting; nothing but what may become a placeholder waits; a
placeholder of our key that the vault does not know is `Unrestorable`, unless it was made for this very answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from maskproxy.errors import Unrestorable
from maskproxy.masking.placeholders import MARK, RULE_ID_LIMIT, SHAPE, Placeholders
from maskproxy.masking.vault import Vault

# Looked for ahead, so that one that begins inside what only looks like another is seen.
_SHAPE = re.compile(b"(?=(" + SHAPE.encode() + b"))")
_NAME = rb"MASKED_[A-Z0-9_]{1,%d}" % RULE_ID_LIMIT
_BEGINNING = re.compile(
    rb"(?:%b|MASKED_[A-Z0-9_]{0,%d}|%b_[a-z2-7]{1,16}|%b_[a-z2-7]{16}_[a-z2-7]{0,7})\Z"
    % (b"|".join(MARK[:length] for length in range(1, len(MARK))), RULE_ID_LIMIT + 1, _NAME, _NAME)
)
_LONGEST = len(MARK) + RULE_ID_LIMIT + 1 + 16 + 1 + 8


class Restorer:
    """One text stream."""

    __slots__ = ("_held", "_is_new", "_placeholders", "_vault")

    def __init__(self, vault: Vault, placeholders: Placeholders, is_new: Callable[[bytes], bool]) -> None:
        """`is_new` tells of a placeholder whether masking this answer made it: then it stays."""
        self._vault = vault
        self._placeholders = placeholders
        self._is_new = is_new
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        text = self._held + data
        if b"M" not in text:
            return text
        made: list[bytes] = []
        at = 0
        for match in _SHAPE.finditer(text):
            if match.start() < at or not self._placeholders.verify(match[1]):
                continue
            made += [text[at : match.start()], self._restored(match[1])]
            at = match.end(1)
        beginning = _BEGINNING.search(text, max(at, len(text) - _LONGEST))
        end = beginning.start() if beginning else len(text)
        self._held = text[end:]
        return b"".join([*made, text[at:end]])

    def finish(self) -> bytes:
        """End the text; what is held never became a placeholder."""
        held, self._held = self._held, b""
        return held

    def _restored(self, placeholder: bytes) -> bytes:
        secret = self._vault.secret(placeholder)
        if secret is not None:
            return secret
        if self._is_new(placeholder):
            return placeholder
        raise Unrestorable(
            "Claude's edit holds a placeholder, and this conversation no longer holds the secret that it stands for. "
            "The answer was stopped, so that no file gets the placeholder. Read the file again or paste the value, "
            "then ask again."
        )
