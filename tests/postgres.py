"""A PostgreSQL server of the tests' own: started once by whoever asks for it first, gone with the session.

It runs as a user without rights, on loopback and on a Unix socket in a folder of its own. A test gets a database that
nobody else has, empty or with the tables of this version.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import trustme
from psycopg import sql

from maskproxy.store.database import open_database
from maskproxy.store.postgres_url import PostgresUrl, parse_postgres
from maskproxy.store.schema import metadata
from tests.signin.surfing import free_port

REQUIRED = os.environ.get("MASKPROXY_POSTGRES") == "required"
USER = "maskproxy"
_READY_S = 60.0
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "listen_addresses": "127.0.0.1",
    "ssl": "on",
}


def programs() -> Path | None:
    """Where PostgreSQL's server is installed."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


class Server:
    def __init__(self, folder: Path, port: int, password: str, authority: trustme.CA) -> None:
        self.folder = folder
        self.authority = authority
        self.port = port
        self.password = password
        self._template = ""
        self._free: list[PostgresUrl] = []

    def empty(self) -> PostgresUrl:
        return self._made("template0")

    def database(self) -> PostgresUrl:
        """One with this version's tables, and nothing in them."""
        if self._free:
            return self._free.pop()
        if not self._template:
            self._template = self.empty().database
            open_database(self.at(self._template)).dispose()
        return self._made(self._template)

    def give_back(self, used: PostgresUrl) -> None:
        """For the next test, where it still has its tables: one takes megabytes."""
        names = sql.SQL(", ").join(sql.Identifier(name) for name in metadata.tables)
        with suppress(psycopg.Error), self.connect(used.database) as connection:
            connection.execute("SET lock_timeout = '1s'")
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
            self._free.append(used)

    def at(self, database: str) -> PostgresUrl:
        socket = quote(str(self.folder), safe="")
        return parse_postgres(f"postgresql://{USER}@{socket}:{self.port}/{database}")

    def text(self, database: str, *, password: str | None = None) -> str:
        """A URL that asks for the password."""
        return f"postgresql://{USER}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        place = str(self.folder)
        return psycopg.connect(host=place, port=self.port, user=USER, dbname=database, autocommit=True)

    def _made(self, template: str) -> PostgresUrl:
        name = f"test_{secrets.token_hex(6)}"
        with self.connect() as connection:
            make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        return self.at(name)


@contextmanager
def server() -> Iterator[Server]:
    folder = programs()
    if folder is None:
        raise AssertionError("MASKPROXY_POSTGRES=required, and no PostgreSQL server is installed")
    place = Path(tempfile.mkdtemp(prefix="maskproxy-pg-", dir="/tmp"))
    who = _unprivileged()
    if who is not None:
        os.chown(place, who.pw_uid, who.pw_gid)
    password = secrets.token_urlsafe(12)
    asks = Path(place / "password")
    asks.write_text(password)
    asks.chmod(0o644)
    data = str(place / "data")
    initdb = [folder / "initdb", "-D", data, "-U", USER, "--no-sync", "--encoding=UTF8", "--no-locale"]
    try:
        _run(place, who, [*initdb, "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={asks}"])
        made = Server(place, free_port(), password, trustme.CA())
        _certify(place / "data", who, made.authority)
        with _serving(place, who, folder, made):
            yield made
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _serving(place: Path, who: pwd.struct_passwd | None, folder: Path, made: Server) -> Iterator[None]:
    settings = _SETTINGS | {"port": str(made.port), "unix_socket_directories": str(place)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [folder / "postgres", "-D", place / "data", *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=place,
            **_as(who),
        )
    try:
        _wait_for(made, process)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # which ends sessions, too
        process.wait(_READY_S)


def _wait_for(made: Server, process: subprocess.Popen[bytes]) -> None:
    until_s = time.monotonic() + _READY_S
    while True:
        try:
            made.connect().close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until_s:
                raise AssertionError((made.folder / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return


def _certify(data: Path, who: pwd.struct_passwd | None, authority: trustme.CA) -> None:
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(data / "server.crt"))
    issued.private_key_pem.write_to_path(str(data / "server.key"))
    (data / "server.key").chmod(0o600)
    if who is not None:
        os.chown(data / "server.key", who.pw_uid, who.pw_gid)


def _run(place: Path, who: pwd.struct_passwd | None, command: list[object]) -> None:
    texts = [str(part) for part in command]
    subprocess.run(texts, cwd=place, stdout=subprocess.DEVNULL, timeout=_READY_S, check=True, **_as(who))


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to be instead of root, as whom PostgreSQL does not start."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _as(who: pwd.struct_passwd | None) -> dict[str, Any]:
    return {} if who is None else {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
