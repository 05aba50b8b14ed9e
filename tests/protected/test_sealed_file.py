"""The fingerprint file: read back as it was, told apart when it was not, and silent without its key."""

from pathlib import Path

import pytest

from maskproxy.errors import RuleRefused
from maskproxy.protected.prints import Printer, Prints
from maskproxy.protected.sealed_file import read, written
from tests.protected.source import function, module

KEY = b"k" * 32
PRINTS = Prints.of(Printer(KEY), [("src/pricing.py", module(6).encode())])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "pricing.prints"
    path.write_bytes(written(PRINTS, KEY))
    return path


def test_it_is_read_as_it_was_written(path: Path) -> None:
    found = read(path, KEY)
    assert (found.files, found.tables) == (PRINTS.files, PRINTS.tables)
    text = function(3, 1).encode()
    assert found.holdings(text) == PRINTS.holdings(text) != ()


def test_it_gives_away_neither_source_nor_names_nor_fingerprints(path: Path) -> None:
    data = path.read_bytes()
    assert b"pricing" not in data
    assert all(line.strip() not in data for line in module(6).encode().splitlines() if line.strip())
    assert all(value.to_bytes(8, order) not in data for value in PRINTS.tables[2][:200] for order in ("big", "little"))
    assert data != written(PRINTS, KEY)


def test_another_key_and_every_change_are_refused(path: Path) -> None:
    with pytest.raises(RuleRefused, match="under another masking key"):
        read(path, b"x" * 32)
    data = path.read_bytes()
    for at in range(22, len(data), 997):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(RuleRefused, match="was changed"):
            read(path, KEY)
    for cut in (0, 10, 22, 30, len(data) - 1):
        path.write_bytes(data[:cut])
        with pytest.raises(RuleRefused, match="rules protect"):
            read(path, KEY)


def test_what_is_no_such_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "other.prints"
    with pytest.raises(RuleRefused, match=r"other\.prints cannot be read"):
        read(path, KEY)
    path.write_bytes(b"something else")
    with pytest.raises(RuleRefused, match="no fingerprint file"):
        read(path, KEY)
