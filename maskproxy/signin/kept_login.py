"""A login as it is kept, sealed, for as long as its session: what `Login` holds, as JSON. Pure."""

from __future__ import annotations

import json
from dataclasses import replace

from maskproxy.errors import Denied
from maskproxy.signin.login import Login
from maskproxy.store.session_rows import SessionRow

_LONGEST_TEXT = 512
_LONGEST_BYTES = 256 * 1024


def written(login: Login) -> bytes:
    """Raises Denied where there is too much of it, or what names the person cannot be shown and logged as it is."""
    for text in (login.issuer, login.subject):
        if not (0 < len(text) <= _LONGEST_TEXT and text.isprintable()):
            raise Denied("The identity provider names you in a way that cannot be used here. Ask its operators.")
    document = {
        "provider": login.provider,
        "issuer": login.issuer,
        "subject": login.subject,
        "name": _shown(login.name) or login.subject,
        "email": _shown(login.email),
        "groups": sorted(login.groups),
        "claims": dict(login.claims),
        "signed_in_at": login.signed_in_at,
        "ends_at": login.ends_at,
        "refresh_token": login.refresh_token,
    }
    data = json.dumps(document).encode()
    if len(data) > _LONGEST_BYTES:
        raise Denied("The identity provider says more of you than can be kept. Ask for fewer groups or claims.")
    return data


def read(data: bytes) -> Login:
    document = json.loads(data)
    return Login(**{**document, "groups": frozenset(document["groups"])})


def renewed(before: Login, now: Login) -> Login:
    """What a provider says now, of the same person, who proved who they are when they did."""
    return replace(now, signed_in_at=before.signed_in_at, refresh_token=now.refresh_token or before.refresh_token)


def same_person(row: SessionRow, login: Login) -> bool:
    return row.person_key == f"{login.issuer}#{login.subject}" and row.provider == login.provider


def _shown(text: str) -> str:
    """A text that can be shown and logged as it is."""
    return "".join(character for character in text if character.isprintable())[:_LONGEST_TEXT]
