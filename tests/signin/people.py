"""Somebody who signed in, for tests."""

from __future__ import annotations

from dataclasses import replace

from maskproxy.signin.login import Login

NOW = 1_800_000_000.0
UPSTREAM_REFRESH = "upstream" + "-refresh-token-1"


def login(**changes: object) -> Login:
    ada = Login(
        provider="company",
        issuer="https://idp.example.com",
        subject="u-1",
        name="Ada Lovelace",
        email="ada@example.com",
        groups=frozenset({"engineering"}),
        claims={"sub": "u-1", "department": "research", "shoe_size": 38},
        signed_in_at=NOW - 5,
        refresh_token=UPSTREAM_REFRESH,
    )
    return replace(ada, **changes)  # type: ignore[arg-type] # a test names what it changes
