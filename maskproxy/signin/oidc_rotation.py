"""Refresh tokens that a provider replaced before anybody could be told the new one.

A provider that rotates takes each refresh token once. When userinfo fails after the token endpoint answered, the caller
still holds the spent one: trying it again would look like theft, and end the sign-in.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import NamedTuple

_KEPT_S = 600.0
_MOST_KEPT = 1024


class _Replaced(NamedTuple):
    new: str
    at: float


class Rotations:
    """Spent tokens are kept as digests, new ones for ten minutes."""

    def __init__(self) -> None:
        self._replaced: OrderedDict[bytes, _Replaced] = OrderedDict()

    def note(self, old: str, new: str, now: float) -> None:
        self._forget(now)
        self._replaced[_digest(old)] = _Replaced(new, now)
        self._replaced.move_to_end(_digest(old))
        if len(self._replaced) > _MOST_KEPT:
            self._replaced.popitem(last=False)

    def latest(self, token: str, now: float) -> str:
        """What has replaced `token`, or itself."""
        self._forget(now)
        replaced = self._replaced.get(_digest(token))
        return token if replaced is None else replaced.new

    def _forget(self, now: float) -> None:
        # A clock that was set back counts as over too: in doubt the person signs in again.
        while self._replaced and not 0 <= now - next(iter(self._replaced.values())).at < _KEPT_S:
            self._replaced.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
