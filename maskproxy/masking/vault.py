"""What one exchange's placeholders stand for: found in the request that carries the conversation, kept in memory only.

Nobody but the sender of that request can get anything out of it, since it holds what they sent themselves. It is
bounded: of more secrets than it holds, the ones found first are forgotten first.
"""

from __future__ import annotations

from typing import NamedTuple

from maskproxy.masking.gutters import without_gutters
from maskproxy.masking.literals import SHORTEST, plain_part

MOST_SECRETS = 256
LIMIT_BYTES = 4 << 20


class _Kept(NamedTuple):
    rule: str
    secret: bytes
    plain_part: bytes


class Vault:
    """Placeholder to secret. Its text form says how many it holds and nothing else."""

    __slots__ = ("_bytes", "_kept", "_unclear")

    def __init__(self) -> None:
        self._kept: dict[bytes, _Kept] = {}
        self._unclear: set[bytes] = set()
        self._bytes = 0

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
        if len(secret) < SHORTEST or placeholder in self._unclear:
            return
        self._kept[placeholder] = known or _Kept(rule, secret, plain_part(secret))
        self._bytes += len(secret)
        while len(self._kept) > MOST_SECRETS or self._bytes > LIMIT_BYTES:
            self._bytes -= len(self._kept.pop(next(iter(self._kept))).secret)

    def secret(self, placeholder: bytes) -> bytes | None:
        kept = self._kept.get(placeholder)
        return None if kept is None else kept.secret

    def named(self, placeholder: bytes) -> tuple[str, bytes] | None:
        """Give the rule and the secret."""
        kept = self._kept.get(placeholder)
        return None if kept is None else (kept.rule, kept.secret)

    def may_stand_in(self, raw: bytes) -> list[tuple[str, bytes]]:
        """Give rule and secret of all that may stand in raw JSON, escaped or not."""
        return [(kept.rule, kept.secret) for kept in self._kept.values() if kept.plain_part in raw]
