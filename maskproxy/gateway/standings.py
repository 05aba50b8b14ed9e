"""Who stands how at this moment: approvals and revocations for new work, and an end to what runs when they change.

Whatever runs on somebody's behalf is watched: as soon as this node sees that its person, token, session, grant or
approval was revoked, or has not seen for too long whether it was, it is told to end. An end by time never does that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from maskproxy.access.grants import NOTHING_DECIDED, Grant, Standing
from maskproxy.access.tokens import Person
from maskproxy.errors import Denied, MaskproxyError, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from maskproxy.store.access import Access

_SECURITY = "Ask your security team if you think that this is wrong."


class Subject(NamedTuple):
    """On whose behalf something runs, and what it stands on. Empty where it has no such thing."""

    person: str
    name: str
    """The person without their issuer."""
    token: str
    session: str = ""
    grant: str = ""
    request: str = ""
    sign_in: str = ""
    """Of a token of our own: the sign-in that it belongs to."""


class SignIns(Protocol):
    """Which sign-ins were ended before their time."""

    @property
    def none_ended(self) -> bool:
        """It is known that there is none."""
        ...

    def is_over(self, session: str) -> bool:
        """Raises Unavailable when that cannot be known."""
        ...


def subject_of(person: Person, *, session: str = "", grant: str = "", request: str = "") -> Subject:
    token = person.claims.get("jti")
    name = token if isinstance(token, str) else ""
    return Subject(person.key, person.subject, name, session, grant, request, person.session or "")


class _Watched(NamedTuple):
    subjects: tuple[Subject, ...]
    end: Callable[[MaskproxyError], None]


class Standings:
    """For the loop's thread. Kept while configurations change; without a store nothing is ever decided."""

    def __init__(self, access: Access | None) -> None:
        self._access = access
        self.sign_ins: SignIns | None = None
        """Set where people sign in here."""
        self._watched: dict[object, _Watched] = {}
        if access is not None:
            access.on_look = self.look

    def of(self, person: Person, grants: Sequence[Grant]) -> Standing:
        """What was decided about a person's grants."""
        access = self._access
        if access is None:
            return NOTHING_DECIDED
        revoked = {
            grant.name
            for grant in grants
            if access.is_revoked("grant", grant.name) or access.is_revoked("grant", grant.name, person.key)
        }
        approved = {name: one.request for name, one in access.approved(person.key).items()}
        return Standing(approved, access.waiting(person.key), frozenset(revoked))

    def admit(self, subject: Subject) -> None:
        """Raise what keeps it from new work: Unavailable, Denied, or Unauthenticated."""
        error = self._refusal(subject)
        if error is not None:
            raise error

    def is_revoked(self, key: str, subject: str) -> bool:
        """Tell whether a person's access was revoked, as far as is known here."""
        access = self._access
        return access is not None and (access.is_revoked("person", key) or access.is_revoked("person", subject))

    def watch(self, subjects: Sequence[Subject], end: Callable[[MaskproxyError], None]) -> Callable[[], None]:
        """Have `end` called once none of the subjects may go on. Gives what ends the watch."""
        place = object()
        self._watched[place] = _Watched(tuple(subjects), end)
        return lambda: self._unwatch(place)

    def look(self) -> None:
        """The store was looked at, or could not be: end what may not go on."""
        if self._access is None:
            return
        if self._access.refuses_nobody and (self.sign_ins is None or self.sign_ins.none_ended):
            return
        for place, watched in list(self._watched.items()):
            errors = [self._refusal(subject) for subject in watched.subjects]
            if errors and all(errors) and (error := errors[0]) is not None:
                self._unwatch(place)
                watched.end(error)

    def _unwatch(self, place: object) -> None:
        self._watched.pop(place, None)

    def _refusal(self, subject: Subject) -> MaskproxyError | None:
        access = self._access
        if access is None:
            return None
        if access.is_stale:
            return Unavailable(
                "The gateway cannot see at the moment what was revoked, so nothing is passed on. Try again soon.",
                retry=True,
            )
        if self.is_revoked(subject.person, subject.name):
            return Denied(f"Your access was revoked. {_SECURITY}")
        if subject.token and access.is_revoked("token", subject.token):
            return Unauthenticated("This token was revoked. Sign in again.")
        if subject.session and access.is_revoked("session", subject.session):
            return Denied(f"This session was revoked. Start a new one. {_SECURITY}")
        if subject.sign_in and self.sign_ins is not None:
            try:
                if self.sign_ins.is_over(subject.sign_in):
                    return Unauthenticated("This sign-in was ended. Sign in again.")
            except Unavailable as unknown:
                return unknown
        grant = subject.grant
        if grant and (access.is_revoked("grant", grant) or access.is_revoked("grant", grant, subject.person)):
            return Denied(f"The grant {grant} was revoked. {_SECURITY}")
        if subject.request and access.is_revoked("request", subject.request):
            return Denied(f"The approval of your grant {grant} was revoked. {_SECURITY}")
        return None
