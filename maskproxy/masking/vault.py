"""What one exchange's placeholders stand for: found in the request that carries the conversation, or recalled.

Nobody but the sender of that request can get anything out of it, since it holds what they sent themselves, in it or
earlier. It is bounded: of more secrets than it holds, the ones found first are forgotten first.
"""

from __future__ import annotations

from typing import NamedTuple

from maskproxy.masking.gutters import without_gutters
from maskproxy.masking.literals import SHORTEST, plain_part

MOST_SECRETS = 256
LIMIT_BYTES = 4 << 20


class Known(NamedTuple):
    """A placeholder and what it stands for."""

    placeholder: bytes
    rule: str
    secret: bytes

    def __repr__(self) -> str:
        return f"<Known {self.rule}>"


class _Kept(NamedTuple):
    rule: str
    secret: bytes
    plain_part: bytes


class Vault:
    """Placeholder to secret. Its text form says how many it holds and nothing else."""

    __slots__ = ("_bytes", "_kept", "_recalled", "_recalled_bytes", "_unclear")

    def __init__(self) -> None:
        self._kept: dict[bytes, _Kept] = {}
        self._recalled: dict[bytes, _Kept] = {}
        self._unclear: set[bytes] = set()
        self._bytes = 0
        self._recalled_bytes = 0

    def __repr__(self) -> str:
        return f"<Vault of {len(self._kept)}>"

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, rule: str, placeholder: bytes, span: bytes) -> None:
        """Remember what `placeholder` was put in the place of; line numbers are taken out of it.

        One that stood for different texts stands for neither. A secret too short to be looked for again is not kept.
        """
        secret = without_gutters(span)
        known = self._kept.pop(placeholder, None)
        if known is not None:
            self._bytes -= len(known.secret)
            if known.secret != secret:
                self._unclear.add(placeholder)
                known = None
        if len(secret) < SHORTEST:
            self._unclear.add(placeholder)
        if placeholder in self._unclear:
            return
        self._kept[placeholder] = known or _Kept(rule, secret, plain_part(secret))
        self._bytes += len(secret)
        while len(self._kept) > MOST_SECRETS or self._bytes > LIMIT_BYTES:
            self._bytes -= len(self._kept.pop(next(iter(self._kept))).secret)

    def recall(self, known: Known) -> bool:
        """Take what a store remembers of an earlier request; False if there is no room, or the request knows better."""
        size = self._recalled_bytes + len(known.secret)
        is_full = len(self._recalled) >= MOST_SECRETS or size > LIMIT_BYTES
        if is_full or len(known.secret) < SHORTEST or self.has_heard_of(known.placeholder):
            return False
        self._recalled[known.placeholder] = _Kept(known.rule, known.secret, plain_part(known.secret))
        self._recalled_bytes = size
        return True

    def begin_again(self) -> None:
        """Forget what the request taught, for the same to be read once more; what was recalled stays."""
        self._kept.clear()
        self._unclear.clear()
        self._bytes = 0

    def taught(self) -> list[Known]:
        """Give what the request taught."""
        return [Known(placeholder, kept.rule, kept.secret) for placeholder, kept in self._kept.items()]

    def has_heard_of(self, placeholder: bytes) -> bool:
        """Tell whether the request or a store said what it stands for, be it clearly or not."""
        return placeholder in self._kept or placeholder in self._recalled or placeholder in self._unclear

    def secret(self, placeholder: bytes) -> bytes | None:
        kept = self._find(placeholder)
        return None if kept is None else kept.secret

    def named(self, placeholder: bytes) -> tuple[str, bytes] | None:
        """Give the rule and the secret."""
        kept = self._find(placeholder)
        return None if kept is None else (kept.rule, kept.secret)

    def may_stand_in(self, raw: bytes) -> list[tuple[str, bytes]]:
        """Give rule and secret of all that may stand in raw JSON, escaped or not."""
        held = (*self._kept.values(), *self._recalled.values())
        return [(kept.rule, kept.secret) for kept in held if kept.plain_part in raw]

    def recalled_may_stand_in(self, raw: bytes) -> bool:
        """Tell whether something recalled may stand in raw JSON, escaped or not."""
        return any(kept.plain_part in raw for kept in self._recalled.values())

    def _find(self, placeholder: bytes) -> _Kept | None:
        if placeholder in self._unclear:
            return None
        return self._kept.get(placeholder) or self._recalled.get(placeholder)
