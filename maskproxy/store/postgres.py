"""PostgreSQL under the store: one connection, bounded waits, and one writer at a time among nodes where that matters.

Whoever writes what it has read holds one lock of the database until it commits, as SQLite has it by itself. So events
become visible in the order of their numbers, and the highest of them tells whether anything changed. A node that hangs
with the lock loses it: the server ends sessions that are idle in a transaction.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from sqlalchemy import Connection, Engine, String, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import TypeCompiler

from maskproxy.errors import StartFailed
from maskproxy.store.postgres_url import SYSTEM_ROOTS, PostgresUrl

ALONE = "maskproxy_alone"
"""The execution option of transactions that write what they have read."""

_LOCK = 0x6D61_736B_7072_6F78
_MIGRATE_MS = 50_000
_SETTINGS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "5s",
    "default_transaction_isolation": "read committed",
    "timezone": "UTC",
}
_LIBPQ = {
    "connect_timeout": 3,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "client_encoding": "utf8",
}
_ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
_RACES = {"40001", "40P01"}
"""Serialization failure, deadlock: the other one went first."""

_REACH = "PostgreSQL cannot be reached where the store's URL says, or not in time. Is it running, and is the port open?"
_WHY = {
    "password authentication failed": "PostgreSQL refuses the store's user or password.",
    "no password supplied": "PostgreSQL asks for a password, and the store's URL has none.",
    "no pg_hba.conf entry": "PostgreSQL does not let this user in from here; see its pg_hba.conf.",
    "authentication failed": "PostgreSQL refuses the store's user.",
    "certificate": "The TLS of the store's server cannot be trusted: see sslmode and sslrootcert in the store's URL.",
    "ssl": "The store's server does not speak TLS as the URL asks for it: see sslmode.",
    "does not exist": "The store's database or user does not exist in PostgreSQL. Create it first.",
    "too many": "PostgreSQL has no connection left for the store.",
}


@compiles(String, "postgresql")
def _without_length(_type: String, _compiler: TypeCompiler, **_: object) -> str:
    """PostgreSQL would refuse what is longer than a column says; SQLite keeps it. The bounds are whoever writes."""
    return "TEXT"


def postgres_engine(url: PostgresUrl) -> Engine:
    """Connects to nothing yet. Raises StartFailed without the driver."""
    hosts = {
        "host": ",".join(host for host, _ in url.hosts),
        "port": ",".join(str(port) for _, port in url.hosts),
    }
    attributes = {"target_session_attrs": "read-write"} if len(url.hosts) > 1 else {}
    login = {name: value for name, value in (("user", url.user), ("password", url.password)) if value}
    arguments = {"application_name": "maskproxy", "dbname": url.database, "prepare_threshold": None}
    try:
        engine = create_engine(
            URL.create("postgresql+psycopg"),
            connect_args={**_LIBPQ, **attributes, **arguments, **login, **hosts, **_options(url)},
            pool_size=1,
            max_overflow=0,
            pool_timeout=1,
            hide_parameters=True,
        )
    except ImportError as error:
        raise StartFailed("A store in PostgreSQL needs its driver: pip install 'maskproxy[postgres]'.") from error
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def take_lock_to_migrate(connection: Connection) -> None:
    """Wait until no other node migrates or writes. What is read from then on is what they left."""
    for name in ("lock_timeout", "statement_timeout"):
        connection.execute(_SET, {"name": name, "value": f"{_MIGRATE_MS}ms"})
    _take_lock(connection)


def was_lost_in_a_race(error: BaseException) -> bool:
    """Tell whether the same transaction can succeed when it is tried again at once."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _RACES


def why_not_opened(error: SQLAlchemyError) -> str:
    """A sentence for whoever set it up. Repeats nothing of what the server said."""
    original = getattr(error, "orig", None)
    if getattr(original, "sqlstate", None) == "42501":
        return "The store's user may not make tables in the database: let it own the database, or grant it CREATE."
    said = str(original).lower()
    return next((sentence for words, sentence in _WHY.items() if words in said), _REACH)


def _options(url: PostgresUrl) -> dict[str, str]:
    """As the URL has them. The driver may bring an OpenSSL that does not know where this system's roots are."""
    options = dict(url.options)
    if options.get("sslrootcert") == SYSTEM_ROOTS:
        known = (ssl.get_default_verify_paths().cafile, *_ROOTS)
        options["sslrootcert"] = next((file for file in known if file and Path(file).exists()), SYSTEM_ROOTS)
    return options


_SET = text("SELECT set_config(:name, :value, true)")


def _on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Imported late: the driver is there only where somebody wants PostgreSQL.
    from maskproxy.store.postgres_texts import TextDumper

    connection.adapters.register_dumper(str, TextDumper)
    # Not libpq's `options`: poolers refuse it.
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(";".join(f"SET {name} = '{value}'" for name, value in _SETTINGS.items()))
    cursor.close()
    connection.autocommit = False


def _on_begin(connection: Connection) -> None:
    if connection.get_execution_options().get(ALONE):
        _take_lock(connection)


def _take_lock(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
