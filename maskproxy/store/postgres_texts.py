"""Texts as PostgreSQL takes them: it knows no NUL, which SQLite keeps. Needs the driver."""

from __future__ import annotations

from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown


class TextDumper(StrDumperUnknown):
    """A NUL becomes U+FFFD, in what is written and in what is asked for: nobody's odd name keeps others' rows out."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))
