"""Places in a JSON document and what a string there is: a small tree of tables, walked beside the document.

Without a table everything is text. Exemptions hold only at their place, only under their conditions, and only for a
value of the expected form: an `id` or `data` anywhere else is ordinary text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """What a string is, and so what happens to it."""

    TEXT = "masked"
    ID = "an identifier: left alone"
    OPAQUE = "base64 that only the API reads: left alone"
    MEDIA = "base64 of an image or a PDF: left alone or refused, and counted"
    SIGNED = "text that must go back exactly as it came: forwarded, masked in the recording"
    STREAM = "a piece of a text that goes on in other events: whoever knows the others masks it"
    CREDENTIAL = "must reach the API: forwarded, blotted out in the recording"


MCP_RULE = "mcp-authorization-token"
"""The rule under which a `CREDENTIAL` is found. It is for grants to allow."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """A string member of some kind, provided that the members in `when` are strings of the given forms, decoded."""

    kind: Kind
    when: Mapping[bytes, re.Pattern[bytes]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Place:
    """A place: what its members and elements are.

    `fields` leads to the places of members that hold objects or arrays, `exempt` names string members that are not
    text, `items` is the place of an array's elements. What is not named is free text all the way down.
    `default` is for string members that `exempt` does not name.
    `keys_once` refuses an object here that names a key twice, since readers differ about which one counts.
    """

    fields: dict[bytes, Place] = field(default_factory=dict)
    exempt: dict[bytes, Exemption] = field(default_factory=dict)
    default: Exemption | None = None
    items: Place | None = None
    items_kind: Kind = Kind.TEXT
    keys_once: bool = False
    calls: bool = False
    """An object here may be a call of a tool: a `type` of `tool_use`, a `name`, an `input`."""
    told: frozenset[bytes] = frozenset()
    """Members whose values conditions look at."""

    def __post_init__(self) -> None:
        self.told = frozenset(key for exemption in self.exempt.values() for key in exemption.when)
        if self.calls:
            self.told |= {b"type", b"name"}


FREE = Place()

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
_ID = re.compile(rb"[A-Za-z0-9_.:-]{1,256}")


def fits(kind: Kind, literal: bytes) -> bool:
    """Tell whether a raw string literal has the form that its exemption expects; else it is text after all."""
    match kind:
        case Kind.ID:
            return _ID.fullmatch(literal) is not None
        case Kind.OPAQUE | Kind.MEDIA:
            return not literal.replace(rb"\/", b"/").translate(None, _BASE64)
        case _:
            return True
