"""People on their way through an identity provider and back, to the page on which they confirm what they let in.

What must be kept until they are back is sealed in the store, so that they may come back to any node. An attempt is
answered once, belongs to the browser that began it, and ends with a decision: nobody is let in by an answer alone.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from maskproxy.errors import BadRequest, NotFound
from maskproxy.signin import kept_login
from maskproxy.signin.login import Login
from maskproxy.signin.provider import Begun, Provider
from maskproxy.signin.sessions import hashed, new_secret
from maskproxy.store import code_rows
from maskproxy.store.code_rows import AttemptRow, CodeBounds
from maskproxy.store.sealing import Envelope
from maskproxy.store.store import Store

CALL_S = 5.0
LASTS_S = 600

_PURPOSE = b"maskproxy signin 1: attempts"


@dataclass(frozen=True, slots=True)
class Goal:
    """What somebody signs in for: a device that waits for its code, or a client at a loopback address."""

    kind: Literal["device", "redirect"]
    surface: str
    peer: str
    asked_us: int
    user_code: str = ""
    code: str = ""
    """The device code's hash, in hexadecimal digits."""
    redirect_uri: str = ""
    state: str = ""
    challenge: str = ""

    @property
    def code_hash(self) -> bytes:
        return bytes.fromhex(self.code)


class ToConfirm(NamedTuple):
    goal: Goal
    login: Login


class Attempts:
    """Of all nodes that share a store."""

    def __init__(
        self, store: Store, masking_key: bytes, *, wall_ns: Callable[[], int], bounds: CodeBounds | None = None
    ) -> None:
        self._store = store
        self._envelope = Envelope(masking_key, _PURPOSE)
        self._wall_ns = wall_ns
        self._bounds = bounds or CodeBounds()

    async def begin(self, provider: Provider, callback_url: str, goal: Goal, browser: bytes) -> Begun:
        """Raises TooMany, Unavailable and StoreFailed."""
        begun = await provider.begin(callback_url, self._wall_ns() / 1e9)
        kept = {"kept": base64.b64encode(begun.kept).decode(), "goal": asdict(goal)}
        await self._add(_name(provider.name, begun.state), "asked", kept, browser)
        return begun

    async def answered(self, provider: Provider, callback_url: str, answer: Mapping[str, str]) -> str:
        """Read what a provider answered; gives the name under which its person confirms.

        Raises BadRequest for an answer that nobody waits for, and what the provider's `finish` raises.
        """
        state = answer.get("state") or answer.get("RelayState") or ""
        found = await self._one(_name(provider.name, state), "asked", take=True)
        if found is None:
            raise BadRequest("Nobody waits for this sign-in any more, or it was answered before. Start again.")
        row, kept = found
        login = await provider.finish(base64.b64decode(str(kept["kept"])), answer, callback_url, self._wall_ns() / 1e9)
        name = new_secret()
        told = {"goal": kept["goal"], "login": kept_login.written(login).decode()}
        await self._add(hashed(name), "confirm", told, row.browser)
        return name

    async def to_confirm(self, name: str, browser: bytes, *, take: bool) -> ToConfirm:
        """What this browser's person may confirm; with `take`, once. Raises NotFound."""
        found = await self._one(hashed(name), "confirm", take=False)
        if found is not None and found[0].browser == browser:
            # A stranger's browser takes nothing away.
            found = await self._one(hashed(name), "confirm", take=take)
        if found is None or found[0].browser != browser:
            raise NotFound("There is nothing to confirm here, or not in this browser. Start again.")
        goal, login = found[1]["goal"], found[1]["login"]
        assert isinstance(goal, dict)
        return ToConfirm(Goal(**goal), kept_login.read(str(login).encode()))

    async def _add(self, name: bytes, stage: str, kept: Mapping[str, object], browser: bytes) -> None:
        now_us = self._wall_ns() // 1000
        sealed = self._envelope.seal(name + stage.encode(), json.dumps(kept).encode())
        row = AttemptRow(name, browser, stage, sealed, now_us + LASTS_S * 1_000_000)
        await self._store.call(
            lambda connection: code_rows.add_attempt(connection, row, now_us, self._bounds),
            timeout_s=CALL_S,
            reads_first=True,
        )

    async def _one(self, name: bytes, stage: str, *, take: bool) -> tuple[AttemptRow, dict[str, object]] | None:
        now_us = self._wall_ns() // 1000

        def work(connection: Connection) -> AttemptRow | None:
            return code_rows.attempt(connection, name, stage, now_us, take=take)

        row = await self._store.call(work, timeout_s=CALL_S, reads_first=take)
        data = None if row is None else self._envelope.open(name + stage.encode(), row.sealed)
        return None if row is None or data is None else (row, json.loads(data))


def _name(provider: str, state: str) -> bytes:
    return hashed(f"{provider} {state}")
