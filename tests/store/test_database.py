import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from maskproxy.errors import StartFailed
from maskproxy.store.database import open_database, open_existing
from maskproxy.store.schema import metadata


def test_the_migrations_lead_from_nothing_to_the_schema(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "state.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_database_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    for number in range(2):
        engine = open_database(path)
        with engine.begin() as connection:
            values = f"x'0{number}', 'P', 'r', x'00', x'00', 1, 1, 1, 1"
            connection.execute(text(f"INSERT INTO vault VALUES ({values})"))
            assert connection.execute(text("SELECT count(*) FROM vault")).scalar() == number + 1
        engine.dispose()


def test_how_it_is_opened(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "state.db")
    with engine.connect() as connection:
        answers = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "secure_delete", "foreign_keys")
        }
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert answers == {
        "journal_mode": "wal",
        "synchronous": 1,
        "busy_timeout": 1000,
        "secure_delete": 1,
        "foreign_keys": 1,
    }
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    open_database(path).dispose()
    with sqlite3.connect(path) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.close()
    with pytest.raises(StartFailed, match="newer version of maskproxy"):
        open_database(path)
    with sqlite3.connect(path) as again:
        assert again.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    again.close()


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE notes (text)")
    other.close()
    path.chmod(0o600)
    with pytest.raises(StartFailed, match="another program"):
        open_database(path)


def test_a_damaged_database_is_told_without_its_contents(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    open_database(path).dispose()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    with pytest.raises(StartFailed, match="cannot be opened") as raised:
        open_database(path)
    assert raised.value.detail.startswith("DatabaseError")


def test_a_migration_that_breaks_leaves_nothing_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    def fail(*_: object) -> None:
        raise RuntimeError

    path = tmp_path / "state.db"
    with monkeypatch.context() as broken:
        broken.setattr(op, "create_index", fail)
        with pytest.raises(RuntimeError):
            open_database(path)
    with sqlite3.connect(path) as left:
        assert left.execute("SELECT name FROM sqlite_master").fetchall() == []
    left.close()
    open_database(path).dispose()


def test_one_that_a_gateway_uses_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with pytest.raises(StartFailed, match="does not exist yet"):
        open_existing(path)
    engine = open_database(path)
    beside = open_existing(path)
    with beside.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM allowances")).scalar() == 0
    beside.dispose()
    engine.dispose()
    with sqlite3.connect(path) as older:
        older.execute("UPDATE alembic_version SET version_num = '0001'")
    older.close()
    with pytest.raises(StartFailed, match="another version"):
        open_existing(path)
    path.chmod(0o640)
    with pytest.raises(StartFailed, match="chmod"):
        open_existing(path)


def test_the_first_version_s_vault_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    engine = open_database(path)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO vault VALUES (x'00', 'P', 'r', x'00', x'00', 1, 1, 1, 1)"))
        for table in (
            "counters",
            "access_requests",
            "revocations",
            "access_events",
            "owners",
            "allowance_events",
            "allowances",
            "findings",
        ):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    engine = open_database(path)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM vault")).scalar() == 1
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
