"""`INSERT ... ON CONFLICT DO UPDATE`, which both databases know and SQLAlchemy writes for each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter

from sqlalchemy import ColumnCollection, ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Excluded = ColumnCollection[str, ColumnElement[object]]


class Upsert:
    """Into one table. `kept` gives what stands in a row that was there already, from what was to be added."""

    def __init__(self, table: Table, kept: Callable[[Excluded], dict[str, object]]) -> None:
        keys = list(table.primary_key.columns)
        self._keys = [column.name for column in keys]
        lite, postgres = sqlite.insert(table), postgresql.insert(table)
        self._by_dialect = {
            "sqlite": lite.on_conflict_do_update(index_elements=keys, set_=kept(lite.excluded)),
            "postgresql": postgres.on_conflict_do_update(index_elements=keys, set_=kept(postgres.excluded)),
        }

    def run(self, connection: Connection, rows: Sequence[dict[str, object]]) -> None:
        """In the order of their keys, so that of two nodes with the same rows one waits, and neither for ever."""
        ordered = sorted(rows, key=itemgetter(*self._keys))
        connection.execute(self._by_dialect[connection.dialect.name], ordered)
