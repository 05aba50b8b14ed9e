"""A database, opened and brought to this version's shape. Blocking: for the store's thread alone.

SQLite's commits survive the process; in a power loss the last ones may be gone, never the database (WAL,
`synchronous=NORMAL`): what is lost is sent again by the conversation that it came from, or was to expire anyway.
"""

from __future__ import annotations

import os
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from maskproxy.errors import Denied, StartFailed
from maskproxy.store.files import check_private, make_private
from maskproxy.store.postgres import ALONE, postgres_engine, take_lock_to_migrate, why_not_opened
from maskproxy.store.postgres_url import PostgresUrl, StorePlace

_BUSY_MS = 1000
_PRAGMAS = (
    f"busy_timeout={_BUSY_MS}",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "secure_delete=ON",  # what has expired is gone from the file too
    "temp_store=MEMORY",
    f"journal_size_limit={16 << 20}",
)


def open_database(place: StorePlace) -> Engine:
    """Make or open it and run the migrations that it lacks, all of them or none. Raises StartFailed."""
    if isinstance(place, Path):
        make_private(place)
    engine = _engine(place)
    try:
        with (engine if isinstance(place, PostgresUrl) else alone_in(engine)).begin() as connection:
            if isinstance(place, PostgresUrl):
                take_lock_to_migrate(connection)
            _migrate(connection)
    except SQLAlchemyError as error:
        engine.dispose()
        raise _not_opened(place, error) from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def open_existing(place: StorePlace) -> Engine:
    """Open a database that a gateway uses, and change nothing about its shape. Raises Denied and StartFailed."""
    if isinstance(place, Path):
        _check_existing(place)
    engine = _engine(place)
    try:
        with engine.connect() as connection:
            heads = MigrationContext.configure(connection).get_current_heads()
    except SQLAlchemyError as error:
        engine.dispose()
        raise _not_opened(place, error) from error
    if set(heads) != set(_scripts(_config()).get_heads()):
        engine.dispose()
        if not heads:
            raise StartFailed("The store's database is empty. Start the gateway with this configuration first.")
        raise StartFailed("The store is of another version of maskproxy. Use the version that the gateway runs.")
    return engine


def alone_in(engine: Engine) -> Engine:
    """Give the engine for transactions that write what they have read, with no other writer in between."""
    return engine.execution_options(**{ALONE: True})


def words(error: BaseException) -> str:
    """An error's kind for the log: no statement and no value of one."""
    original = getattr(error, "orig", None) or error
    name = getattr(original, "sqlite_errorname", "") or getattr(original, "sqlstate", "") or ""
    return f"{type(original).__name__} {name}".strip()


def _engine(place: StorePlace) -> Engine:
    if isinstance(place, PostgresUrl):
        return postgres_engine(place)
    engine = create_engine(URL.create("sqlite", database=str(place)), poolclass=StaticPool, hide_parameters=True)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver would begin transactions on its own terms, and not around changes of the schema.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(ALONE) else "BEGIN")


def _check_existing(path: Path) -> None:
    if not os.access(path, os.R_OK | os.W_OK):
        if os.access(path.parent, os.X_OK) and not path.exists():
            raise StartFailed("The store's file does not exist yet. Start the gateway with this configuration first.")
        raise Denied("Only the user that the gateway runs as may use its store.")
    check_private(path)


def _not_opened(place: StorePlace, error: SQLAlchemyError) -> StartFailed:
    sentence = "The store cannot be opened." if isinstance(place, Path) else why_not_opened(error)
    return StartFailed(sentence, detail=words(error))


def _migrate(connection: Connection) -> None:
    config = _config(connection)
    heads = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision for script in _scripts(config).walk_revisions()}
    if not known.issuperset(heads):
        raise StartFailed(
            "The store was written by a newer version of maskproxy. Run that version again, or move the store "
            "away and start with an empty one."
        )
    if not heads and inspect(connection).get_table_names():
        what = "file" if connection.dialect.name == "sqlite" else "database"
        raise StartFailed(f"The store's {what} is another program's database. Name another {what}.")
    command.upgrade(config, "head")


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _scripts(config: Config) -> ScriptDirectory:
    return ScriptDirectory.from_config(config)
