"""Whose a file or a batch is, as rows: within one transaction of the caller's. Who is written down first has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from maskproxy.store.schema import owners

Kind = Literal["file", "batch"]

_AT_A_TIME = 500
_ROW = owners.c


def claim(connection: Connection, person: bytes, kind: Kind, ids: Sequence[str], now_us: int) -> None:
    """Write down whose these are, where that is not known. Writes what it has read."""
    known = _known(connection, kind, ids)
    new = [name for name in dict.fromkeys(ids) if name not in known]
    if new:
        row = {"kind": kind, "person": person, "made_us": now_us, "tokens": 0}
        connection.execute(insert(owners), [{**row, "id": name} for name in new])


def owned(connection: Connection, person: bytes, kind: Kind, ids: Sequence[str]) -> frozenset[str]:
    """Give those of these that are the person's."""
    return frozenset(name for name, owner in _known(connection, kind, ids).items() if owner == person)


def count(connection: Connection, kind: Kind, name: str, tokens: int) -> int:
    """Note how many tokens something took in all; gives how many of them are new. Writes what it has read."""
    here = (_ROW.kind == kind, _ROW.id == name)
    before = connection.execute(select(_ROW.tokens).where(*here).with_for_update()).scalar_one_or_none()
    if before is None or before >= tokens:
        return 0
    connection.execute(update(owners).where(*here).values(tokens=tokens))
    return int(tokens - before)


def forget(connection: Connection, kind: Kind, name: str) -> None:
    connection.execute(delete(owners).where(_ROW.kind == kind, _ROW.id == name))


def prune(connection: Connection, kind: Kind, before_us: int) -> None:
    """Forget what was made before."""
    connection.execute(delete(owners).where(_ROW.kind == kind, _ROW.made_us < before_us))


def _known(connection: Connection, kind: Kind, ids: Sequence[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for start in range(0, len(ids), _AT_A_TIME):
        some = _ROW.id.in_(ids[start : start + _AT_A_TIME])
        rows = connection.execute(select(_ROW.id, _ROW.person).where(_ROW.kind == kind, some))
        found.update((name, person) for name, person in rows)
    return found
