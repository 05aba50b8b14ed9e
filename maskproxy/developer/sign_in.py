"""A sign-in as this machine keeps it, and what its token says. Pure.

What a token says is read without proof: it is shown to the person whose it is, and decides nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

AHEAD_S = 300.0
"""A token that ends sooner than this is refreshed; one of a short life in the last third of it."""


@dataclass(frozen=True)
class SignIn:
    """Times are seconds since the epoch, by this machine's clock."""

    gateway: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    """No text where there is none."""
    issued_at: float
    ends_at: float
    token_path: str
    revocation_path: str
    """No text where the gateway has none."""

    def is_fresh(self, now: float) -> bool:
        """False too after the clock was set back before the token's time."""
        ahead_s = min(AHEAD_S, (self.ends_at - self.issued_at) / 3)
        return self.issued_at - AHEAD_S <= now < self.ends_at - ahead_s

    def is_valid(self, now: float) -> bool:
        return now < self.ends_at

    @property
    def claims(self) -> Mapping[str, object]:
        """What the access token says, or nothing where it is no JWT."""
        payload = self.access_token.split(".")[1:2]
        try:
            told = json.loads(base64.urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4)))
        except (IndexError, ValueError, binascii.Error, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}

    def written(self) -> str:
        return json.dumps(asdict(self))


def read(text: str | bytes) -> SignIn | None:
    """What was written, or None where it is something else."""
    try:
        told = json.loads(text)
        sign_in = SignIn(**told)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (sign_in.gateway, sign_in.access_token, sign_in.refresh_token, sign_in.token_path, sign_in.revocation_path)
    numbers = (sign_in.issued_at, sign_in.ends_at)
    fits = all(isinstance(one, str) for one in texts) and all(isinstance(one, int | float) for one in numbers)
    return sign_in if fits else None
