"""What is looked for on behalf of a caller, made once and kept: rules, the caller's token, the service's credential.

A caller's token reaches the model when a tool prints its environment, plain or inside a proxy URL's Basic credentials,
so every form of it is a literal to be masked.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache

from maskproxy.masking import (
    NO_DICTIONARIES,
    Dictionaries,
    Dictionary,
    Masking,
    PlaceholderKey,
    RuleSet,
    SealKey,
    Seals,
    Sought,
    Treatment,
    dictionary,
    urgent,
)
from maskproxy.masking.dictionary import ExactValues
from maskproxy.masking.literals import Literals

_KEPT = 1024
OWN_RULES = frozenset({"caller-token", "service-credential"})
"""What the gateway itself knows is never kept on its disk."""
_SHORTEST_FORM = 16
_SHORTEST_SECRET = 6
"""Shorter ones would be found all over ordinary text. No API gives out such a key."""


class Maskings:
    """What is sought, by treatment, scope, token and credential; what is used least is forgotten. For one thread."""

    def __init__(self, key: PlaceholderKey, seal_key: SealKey, dictionaries: Dictionaries = NO_DICTIONARIES) -> None:
        self._key = key
        self._dictionaries = dictionaries
        self._made_seals = lru_cache(maxsize=_KEPT)(seal_key.of)
        self._made = lru_cache(maxsize=_KEPT)(self._make)
        self._made_guards = lru_cache(maxsize=_KEPT)(self._make_guard)

    def of(self, treatment: Treatment, scope: str, token: str, credentials: tuple[bytes, ...]) -> Sought:
        """`scope` is whose placeholders they are: a person's, or a session's."""
        return self._made(treatment, scope, token, credentials)

    def observing(self, treatment: Treatment, scope: str, token: str, credentials: tuple[bytes, ...]) -> Sought:
        """Under a grant that only observes, what goes on hides the service's credential and nothing else."""
        sought = self.of(treatment, scope, token, credentials)
        return replace(sought, forward=self._made_guards(scope, credentials), observes=True)

    def nothing(self, scope: str) -> Masking:
        """What finds nothing, for bodies that are read and not masked."""
        return self._made_guards(scope, ())

    def seals(self, person: str) -> Seals:
        """What seals a person's thinking: in any session, since a conversation may be resumed in another one."""
        return self._made_seals(person)

    def _make_guard(self, scope: str, credentials: tuple[bytes, ...]) -> Masking:
        return Masking(_no_rules(), self._key.scoped(scope), _credential_literals(credentials))

    def _make(self, treatment: Treatment, scope: str, token: str, credentials: tuple[bytes, ...]) -> Sought:
        literals = [("caller-token", form) for form in forms_of(token)]
        own = Literals([*literals, *_credential_literals(credentials)])
        dictionaries = self._dictionaries
        actions = {**treatment.actions, **dictionaries.actions}
        placeholders = self._key.scoped(scope)

        def make(rules: RuleSet, dictionary: Dictionary) -> Masking:
            known = ExactValues(own, dictionary) if dictionary else own
            return Masking(rules, placeholders, known, urgent(actions))

        forward = make(treatment.forward, dictionaries.forward)
        if treatment.record is treatment.forward and dictionaries.record is dictionaries.forward:
            return Sought(forward, forward, actions)
        return Sought(forward, make(treatment.record, dictionaries.record), actions)


def _credential_literals(credentials: tuple[bytes, ...]) -> list[tuple[str, bytes]]:
    forms = [form for secret in credentials for form in (secret, *forms_of(secret.decode("latin-1")))]
    return [("service-credential", form) for form in forms if len(form) >= _SHORTEST_SECRET]


def forms_of(token: str) -> list[bytes]:
    """A token as it may turn up in a text: plain, percent-encoded, and inside base64 at any alignment."""
    forms = dictionary.forms_of(token.encode("latin-1", "replace"))
    return sorted(form for form in forms if len(form) >= _SHORTEST_FORM)


@cache
def _no_rules() -> RuleSet:
    """Compiled once for all configurations of a process."""
    return RuleSet(())
