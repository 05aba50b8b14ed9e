"""Sessions and codes on a store with a clock that a test moves, and a provider that says what it is told to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from maskproxy.access.tokens import Person, verify
from maskproxy.signin.codes import Codes
from maskproxy.signin.endings import Endings
from maskproxy.signin.login import Login
from maskproxy.signin.provider import Begun
from maskproxy.signin.sessions import Sessions, SessionTimes
from maskproxy.signin.signing_keys import KeyRing
from maskproxy.signin.tokens import TokenRules
from maskproxy.store.code_rows import CodeBounds
from maskproxy.store.session_rows import SessionBounds
from maskproxy.store.store import Store
from tests.signin.people import login
from tests.store.place import KEY, Shelf

RULES = TokenRules("https://gateway.example.com", "maskproxy", 15 * 60)


@dataclass
class ScriptedProvider:
    """Lets in whom `who` says; `error` is raised instead."""

    name: str = "company"
    who: Login = field(default_factory=login)
    error: Exception | None = None
    form: Mapping[str, str] | None = None
    asked: list[tuple[str, Any]] = field(default_factory=list)
    states: int = 0

    async def begin(self, callback_url: str, now: float) -> Begun:
        self.states += 1
        state = f"{self.name}-state-{self.states}"
        self.asked.append(("begin", callback_url))
        return Begun(
            f"https://idp.example.com/authorize?state={state}&next=1", state, b"kept-" + state.encode(), self.form
        )

    async def finish(self, kept: bytes, answer: Mapping[str, str], callback_url: str, now: float) -> Login:
        self.asked.append(("finish", (kept, dict(answer), callback_url)))
        if self.error is not None:
            raise self.error
        return replace(self.who, provider=self.name, signed_in_at=now)

    async def again(self, login: Login, now: float) -> Login:
        self.asked.append(("again", login.refresh_token))
        if self.error is not None:
            raise self.error
        return replace(self.who, provider=self.name, signed_in_at=now)


class Desk:
    def __init__(self, shelf: Shelf, store: Store | None = None, key: bytes = KEY) -> None:
        self.shelf = shelf
        self.provider = ScriptedProvider()
        self.events: list[tuple[str, Mapping[str, object]]] = []
        clock = {"wall_ns": lambda: int(shelf.now_s * 1e9), "unforeseen": self._unforeseen}
        store = store or shelf.store
        self.keys = KeyRing(store, key, tampered=lambda _: None, **clock)  # type: ignore[arg-type] # two shared keywords
        self.endings = Endings(store, RULES.life_s, **clock)  # type: ignore[arg-type] # the same
        self.sessions = Sessions(
            store,
            key,
            self.keys,
            RULES,
            providers={"company": self.provider},
            wall_ns=lambda: int(shelf.now_s * 1e9),
            told=self._told,
            endings=self.endings,
            times=SessionTimes(refresh_s=10 * 86400),
            bounds=SessionBounds(person_rows=5, rows=8),
        )
        self.codes = Codes(
            store,
            key,
            self.sessions,
            self.endings,
            wall_ns=lambda: int(shelf.now_s * 1e9),
            bounds=CodeBounds(rows=6, peer_rows=4),
        )

    async def start(self) -> Desk:
        await self.keys.refresh()
        await self.endings.look()
        return self

    def person(self, token: str) -> Person:
        keys = self.keys.usable()
        assert keys is not None
        return verify(token, RULES.verified_by(), keys, self.shelf.now_s)

    async def _told(self, event: str, told: Mapping[str, object]) -> None:
        self.events.append((event, told))

    @staticmethod
    def _unforeseen(error: Exception) -> None:
        raise error
