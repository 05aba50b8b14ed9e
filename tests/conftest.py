"""One manner for every property: no deadline for an example, since machines are noisy and nothing tests timing."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from maskproxy.store.postgres_url import StorePlace
from tests import postgres as servers
from tests.compiled import CACHE_HOME, built_in

settings.register_profile("maskproxy", deadline=None, print_blob=True)
settings.load_profile("maskproxy")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the built-in rules before anybody needs them, and but once for several workers."""
    os.environ["XDG_CACHE_HOME"] = str(CACHE_HOME)
    os.environ.pop("CACHE_DIRECTORY", None)
    if hasattr(config, "workerinput"):
        built_in()
        return
    for old in CACHE_HOME.parent.glob("*"):
        if old != CACHE_HOME:
            shutil.rmtree(old, ignore_errors=True)
    built_in()


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Server]:
    with servers.server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    """A database of the test's own: a file of SQLite's that is not there yet, and one in PostgreSQL."""
    if request.param == "sqlite":
        yield tmp_path / "state.db"
        return
    server: servers.Server = request.getfixturevalue("postgres")
    database = server.database()
    yield database
    server.give_back(database)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a server, what needs one is left out, and the summary says so."""
    if servers.REQUIRED or servers.programs() is not None:
        return
    left_out = [item for item in items if needs_postgres(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def needs_postgres(item: pytest.Item) -> bool:
    chosen = getattr(getattr(item, "callspec", None), "params", {}).get("where")
    return chosen == "postgresql" or "postgres" in getattr(item, "fixturenames", ())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not servers.REQUIRED and servers.programs() is None:
        sentence = (
            "NOT TESTED: the store in PostgreSQL, since no server is installed (MASKPROXY_POSTGRES=required fails then)"
        )
        terminalreporter.section(sentence, red=True, bold=True)
