"""What is looked for on behalf of a caller, made once and kept: rules, the caller's token, the service's credential.

A caller's token reaches the model when a tool prints its environment, plain or inside a proxy URL's Basic credentials,
so every form of it is a literal to be masked.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from urllib.parse import quote

from maskproxy.masking import Masking, PlaceholderKey, RuleSet, SealKey, Seals

_KEPT = 1024
_SHORTEST_FORM = 16
_SHORTEST_SECRET = 6
"""Shorter ones would be found all over ordinary text. No API gives out such a key."""


class Maskings:
    """`Masking`s by scope, token and credential; those used least are forgotten. For one thread."""

    def __init__(self, rules: RuleSet, key: PlaceholderKey, seal_key: SealKey) -> None:
        self.rules = rules
        self._key = key
        self._made_seals = lru_cache(maxsize=_KEPT)(seal_key.of)
        self._made = lru_cache(maxsize=_KEPT)(self._make)
        self._no_rules = RuleSet(())
        self._made_guards = lru_cache(maxsize=_KEPT)(self._make_guard)

    def of(self, scope: str, token: str, credentials: tuple[bytes, ...]) -> Masking:
        """`scope` is whose placeholders they are: a person's, or a session's."""
        return self._made(scope, token, credentials)

    def guard(self, scope: str, credentials: tuple[bytes, ...]) -> Masking:
        """What hides the service's credential and nothing else: for answers under a grant that only observes."""
        return self._made_guards(scope, credentials)

    def seals(self, person: str) -> Seals:
        """What seals a person's thinking: in any session, since a conversation may be resumed in another one."""
        return self._made_seals(person)

    def _make_guard(self, scope: str, credentials: tuple[bytes, ...]) -> Masking:
        literals = [("service-credential", secret) for secret in credentials]
        return Masking(self._no_rules, self._key.scoped(scope), literals)

    def _make(self, scope: str, token: str, credentials: tuple[bytes, ...]) -> Masking:
        literals = [("caller-token", form) for form in forms_of(token)]
        literals += [("service-credential", secret) for secret in credentials if len(secret) >= _SHORTEST_SECRET]
        return Masking(self.rules, self._key.scoped(scope), literals)


def forms_of(token: str) -> list[bytes]:
    """The token as it may turn up in a text: plain, percent-encoded, and inside base64 at any alignment."""
    plain = token.encode("latin-1", "replace")
    forms = {plain, quote(token, safe="").encode()}
    for shift in range(3):
        # The part of the base64 that does not depend on what stands before or behind.
        encoded = base64.b64encode(b"\0" * shift + plain)
        forms.add(encoded[4 if shift else 0 : len(encoded) - 4])
    return sorted(form for form in forms if len(form) >= _SHORTEST_FORM)
