"""Settings that the company gives Claude Code, by group (`/managed/settings`). Pure."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ENTITY_TAG = re.compile(r'(?:W/)?"([^"]*)"|([^",\s]+)')


@dataclass(frozen=True, slots=True)
class ManagedSettings:
    """One policy. Without groups it is everybody's."""

    name: str
    groups: frozenset[str]
    settings: Mapping[str, object]

    @property
    def checksum(self) -> str:
        """Of the JSON with sorted keys and no white space, as clients compute it of what they keep."""
        text = json.dumps(self.settings, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def document(self, issuer: str) -> bytes:
        named = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{issuer}/managed/settings#{self.name}"))
        return json.dumps({"uuid": named, "checksum": self.checksum, "settings": self.settings}).encode()


def settings_for(groups: frozenset[str], policies: Sequence[ManagedSettings]) -> ManagedSettings | None:
    """The first policy, in the order of the configuration, that is for one of the groups or for everybody."""
    return next((one for one in policies if not one.groups or one.groups & groups), None)


def is_known(if_none_match: str | None, checksum: str) -> bool:
    """Tell whether If-None-Match (RFC 9110, 13.1.2) names what there is; a tag without quotes is understood too.

    With `*` a client only asks whether there is something, and is answered as if it had sent no such field.
    """
    if if_none_match is None:
        return False
    tags = {quoted or bare for quoted, bare in _ENTITY_TAG.findall(if_none_match)}
    return checksum in tags
