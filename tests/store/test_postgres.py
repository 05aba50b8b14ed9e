"""What is PostgreSQL's alone: several nodes at once, a server that goes away, and what is told of neither."""

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from maskproxy.errors import StartFailed, StoreFailed
from maskproxy.store import access_events
from maskproxy.store import postgres as under_test
from maskproxy.store.access_events import Event
from maskproxy.store.database import open_database, open_existing
from maskproxy.store.postgres_url import PostgresUrl, parse_postgres
from maskproxy.store.schema import metadata
from tests.postgres import Server
from tests.signin.surfing import free_port
from tests.store.place import Shelf


@pytest.fixture
async def two(postgres: Server) -> AsyncIterator[tuple[Shelf, Shelf]]:
    where = postgres.database()
    shelves = Shelf(where), Shelf(where)
    for shelf in shelves:
        await shelf.open()
    yield shelves
    for shelf in shelves:
        await shelf.store.close()
    postgres.give_back(where)


def event(subject: str) -> Event:
    return Event(subject, "asked", "request", "t", "g", "p", "n", "by", "why", 1, 2)


def test_nodes_that_start_at_once_make_the_tables_once(postgres: Server) -> None:
    where = postgres.empty()
    with pytest.raises(StartFailed, match="is empty"):
        open_existing(where)
    with ThreadPoolExecutor(4) as threads:
        engines = list(threads.map(open_database, [where] * 4))
    for engine in [*engines, open_existing(where)]:
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        engine.dispose()


def test_what_another_version_or_program_made_is_left_alone(postgres: Server) -> None:
    where = postgres.database()
    for version, says in (("9999", "newer version of maskproxy"), (None, "another program's database")):
        with postgres.connect(where.database) as other:
            other.execute("UPDATE alembic_version SET version_num = %s", [version]) if version else other.execute(
                "DELETE FROM alembic_version"
            )
        with pytest.raises(StartFailed, match=says):
            open_database(where)
    with pytest.raises(StartFailed):
        open_existing(where)


def test_a_migration_that_breaks_leaves_nothing_half_done(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    def fail(*_: object) -> None:
        raise RuntimeError

    where = postgres.empty()
    with monkeypatch.context() as broken:
        broken.setattr(op, "create_index", fail)
        with pytest.raises(RuntimeError):
            open_database(where)
    with postgres.connect(where.database) as left:
        assert left.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == []
    open_database(where).dispose()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("password", "refuses the store's user or password"),
        ("database", "does not exist"),
        ("port", "cannot be reached"),
        ("authority", "cannot be trusted"),
        ("name", "cannot be trusted"),
        ("rights", "may not make tables"),
    ],
)
def test_why_it_does_not_open_is_told_without_the_password(
    postgres: Server, tmp_path: Path, fault: str, says: str
) -> None:
    password = "wrong-horse-battery" if fault == "password" else postgres.password
    database = "nowhere" if fault == "database" else postgres.empty().database
    written = postgres.text(database, password=password)
    if fault == "port":
        written = written.replace(str(postgres.port), str(free_port()))
    if fault in {"authority", "name"}:
        roots = tmp_path / "roots.pem"
        (trustme.CA() if fault == "authority" else postgres.authority).cert_pem.write_to_path(str(roots))
        written += f"?sslmode=verify-full&sslrootcert={roots}"
    if fault == "name":
        written = written.replace("127.0.0.1", "localhost")
    if fault == "rights":
        with postgres.connect(database) as other:
            other.execute("DROP ROLE IF EXISTS guest")
            other.execute("CREATE ROLE guest LOGIN")
            other.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        place = postgres.at(database)
        where = PostgresUrl(place.hosts, "guest", password, database, ())
    else:
        where = parse_postgres(written)
    with pytest.raises(StartFailed, match=says) as raised:
        open_database(where)
    told = "".join(traceback.format_exception(raised.value)) + raised.value.detail
    assert password not in told + repr(where)
    assert database not in str(raised.value)


@pytest.mark.parametrize("mode", ["verify-full", "verify-ca", "require"])
def test_a_server_that_proves_who_it_is(postgres: Server, tmp_path: Path, mode: str) -> None:
    postgres.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    written = postgres.text(postgres.database().database) + f"?sslmode={mode}&sslrootcert=ca.pem"
    engine = open_existing(parse_postgres(written).under(tmp_path))
    with engine.connect() as connection:
        asked = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert connection.execute(asked).scalar() is True
    engine.dispose()


def test_without_a_file_the_system_s_roots_count(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = parse_postgres(postgres.text(postgres.database().database) + "?sslmode=verify-full")
    for authority, trusted in ((postgres.authority, True), (trustme.CA(), False)):
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        if trusted:
            open_existing(where).dispose()
            continue
        with pytest.raises(StartFailed, match="cannot be trusted"):
            open_existing(where)


async def test_waits_are_bounded(two: tuple[Shelf, Shelf]) -> None:
    def shown(connection: Connection) -> list[object]:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        return [connection.execute(text(f"SHOW {name}")).scalar() for name in names]

    assert await two[0].store.call(shown, timeout_s=60) == ["10s", "3s", "5s"]


async def test_events_are_seen_in_the_order_of_their_numbers(two: tuple[Shelf, Shelf]) -> None:
    one, other = two
    begun, gate = threading.Event(), threading.Event()

    def slowly(connection: Connection) -> None:
        access_events.note(connection, event("first"))
        begun.set()
        gate.wait(60)

    first = asyncio.create_task(one.store.call(slowly, timeout_s=60, reads_first=True))
    await asyncio.to_thread(begun.wait, 60)
    second = asyncio.create_task(
        other.store.call(lambda c: access_events.note(c, event("second")), timeout_s=60, reads_first=True)
    )
    await asyncio.sleep(0.2)
    assert not second.done(), "it would be seen before one with a lower number"
    gate.set()
    await asyncio.gather(first, second)
    assert list(await other.store.call(access_events.history, timeout_s=60)) == ["first", "second"]


async def test_of_two_that_wait_for_each_other_both_succeed(two: tuple[Shelf, Shelf]) -> None:
    rows = [event("a"), event("b")]
    for row in rows:
        await two[0].store.call(lambda connection, row=row: access_events.note(connection, row), timeout_s=60)  # type: ignore[misc]
    met = threading.Barrier(2, timeout=60)
    tries = []

    def crosswise(first: str, second: str, connection: Connection) -> None:
        tries.append(first)
        for subject in (first, second):
            change = text("UPDATE access_events SET at_us = at_us + 1 WHERE subject = :subject")
            connection.execute(change, {"subject": subject})
            if subject == first and len(tries) <= 2:
                met.wait()

    await asyncio.gather(
        two[0].store.call(lambda connection: crosswise("a", "b", connection), timeout_s=60),
        two[1].store.call(lambda connection: crosswise("b", "a", connection), timeout_s=60),
    )
    assert len(tries) > 2
    told = await two[0].store.call(access_events.history, timeout_s=60)
    assert [told[subject][0].at_us for subject in ("a", "b")] == [3, 3]
    assert two[0].told == two[1].told == []


async def test_a_connection_that_was_cut_is_made_anew_and_nothing_is_done_twice(
    two: tuple[Shelf, Shelf], postgres: Server
) -> None:
    store = two[0].store
    cuts = iter([True, False])

    def work(connection: Connection) -> None:
        access_events.note(connection, event("once"))
        if next(cuts):
            cut(postgres, two[0])
        connection.execute(text("SELECT 1"))

    cut(postgres, two[0])
    await store.call(work, timeout_s=60, reads_first=True)
    assert len((await store.call(access_events.history, timeout_s=60))["once"]) == 1
    assert two[0].told == []


async def test_whether_a_commit_that_was_cut_took_place_is_not_guessed(
    two: tuple[Shelf, Shelf], postgres: Server
) -> None:
    def work(connection: Connection) -> None:
        access_events.note(connection, event("once"))
        cut(postgres, two[0])

    with pytest.raises(StoreFailed):
        await two[0].store.call(work, timeout_s=60)
    assert [failed for failed, _ in two[0].told] == [True]
    assert await two[0].store.call(access_events.history, timeout_s=60) == {}


async def test_a_node_that_hangs_with_the_lock_loses_it(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(under_test._SETTINGS, "idle_in_transaction_session_timeout", "200ms")
    where = postgres.database()
    hanging, other = Shelf(where), Shelf(where)
    await hanging.open()
    await other.open()
    begun, gate, slept = threading.Event(), threading.Event(), []

    def hang(connection: Connection) -> None:
        begun.set()
        slept.append(gate.wait(60))
        access_events.note(connection, event("late"))

    late = asyncio.create_task(hanging.store.call(hang, timeout_s=60, reads_first=True))
    await asyncio.to_thread(begun.wait, 60)
    begun_s = time.monotonic()
    await other.store.call(lambda c: access_events.note(c, event("meanwhile")), timeout_s=60, reads_first=True)
    assert time.monotonic() - begun_s < 10
    gate.set()
    await late
    assert list(await other.store.call(access_events.history, timeout_s=60)) == ["meanwhile", "late"]
    assert len(slept) == 2, "it was done again from its beginning"
    await hanging.store.close()
    await other.store.close()


async def test_a_server_that_is_gone_is_told_and_works_again_by_itself(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(postgres.database())
    await shelf.open()
    with postgres.connect() as server:
        server.execute(f"ALTER DATABASE {database_of(shelf)} ALLOW_CONNECTIONS false")
        cut(postgres, shelf)
        with pytest.raises(StoreFailed):
            await shelf.store.call(access_events.history, timeout_s=60)
        server.execute(f"ALTER DATABASE {database_of(shelf)} ALLOW_CONNECTIONS true")
    assert await shelf.store.call(access_events.history, timeout_s=60) == {}
    assert [failed for failed, _ in shelf.told] == [True, False]
    await shelf.store.close()


@pytest.mark.parametrize(
    ("written", "read"), [("s" * 5000, "s" * 5000), ("a\0b", "a\ufffdb"), ("\U0001f512", "\U0001f512")]
)
async def test_a_text_is_kept_whatever_it_holds(two: tuple[Shelf, Shelf], written: str, read: str) -> None:
    await two[0].store.call(lambda connection: access_events.note(connection, event(written)), timeout_s=60)
    assert await two[1].store.call(access_events.history, timeout_s=60) == {read: [event(read)]}


def test_without_the_driver_it_says_what_to_install(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StartFailed, match="pip install"):
        open_database(postgres.empty())


def test_other_faults_are_not_tried_again() -> None:
    assert not under_test.was_lost_in_a_race(SQLAlchemyError())
    assert not under_test.was_lost_in_a_race(RuntimeError())


def database_of(shelf: Shelf) -> str:
    assert isinstance(shelf.where, PostgresUrl)
    return shelf.where.database


def cut(server: Server, shelf: Shelf) -> None:
    """End the sessions of whoever uses the database."""
    with server.connect() as connection:
        end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(end, [database_of(shelf)])
