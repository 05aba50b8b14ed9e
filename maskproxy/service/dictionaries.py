"""The dictionaries of a configuration: read at start and reload, from files or commands, and compiled in memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Protocol

from maskproxy.config import model
from maskproxy.errors import RuleRefused
from maskproxy.gateway.credentials.command import SourceFailed, printed_by
from maskproxy.gateway.private_files import NotPrivate, read_private
from maskproxy.masking import Dictionaries, Dictionary
from maskproxy.masking.dictionary import LONGEST_VALUE, MOST_VALUES, SHORTEST_VALUE
from maskproxy.masking.value_lists import Values, values

_LIMIT_BYTES = 8 << 20
_DEADLINE_S = 30.0


class EventLog(Protocol):
    def __call__(self, event: str, **fields: object) -> None: ...


def _untold(event: str, **fields: object) -> None:
    """For commands, which talk to a person."""


class Read(NamedTuple):
    """One dictionary as it was read."""

    rule: str
    action: model.DictionaryAction
    values: Values


async def configured_dictionaries(masking: model.Masking, told: EventLog = _untold) -> Dictionaries:
    """Read and compile them all; some seconds for `MOST_VALUES`. Raises RuleRefused, naming the dictionary.

    `told` gets how many values each has, and how many lines gave none.
    """
    read = [await _read(one) for one in masking.dictionaries]
    entries = [(one.rule, value, one.action) for one in read for value in one.values.taken]
    if len(entries) > MOST_VALUES:
        raise RuleRefused(f"The dictionaries hold {len(entries)} values; at most {MOST_VALUES} are taken.")
    forwarded = Dictionary((rule, value) for rule, value, action in entries if action != "alert")
    alerts = any(action == "alert" for _, _, action in entries)
    recorded = Dictionary((rule, value) for rule, value, _ in entries) if alerts else forwarded
    actions = {one.rule: one.action for one in read if one.action != "mask"}
    for one in read:
        told("dictionary", rule=one.rule, values=len(one.values.taken), left_out=one.values.left_out)
    return Dictionaries(forwarded, recorded, actions)


async def _read(one: model.DictionarySource) -> Read:
    try:
        text = _content(one.file) if one.file is not None else await _printed(one.command or ())
    except SourceFailed as error:
        raise RuleRefused(f"The dictionary {one.name} cannot be read: {error}.") from error
    found = values(text, one.format)
    if not found.taken:
        raise RuleRefused(
            f"The dictionary {one.name} holds no value of {SHORTEST_VALUE} to {LONGEST_VALUE} bytes that can be taken."
        )
    return Read(f"dictionary-{one.name}", one.action, found)


async def _printed(command: tuple[str, ...]) -> bytes:
    return await printed_by(command, _DEADLINE_S, _LIMIT_BYTES)


def _content(path: Path) -> bytes:
    try:
        return read_private(path, limit_bytes=_LIMIT_BYTES, environ=os.environ)
    except NotPrivate as fault:
        raise SourceFailed(str(fault)) from None
    except OSError as fault:
        raise SourceFailed(os.strerror(fault.errno or 0)) from None
