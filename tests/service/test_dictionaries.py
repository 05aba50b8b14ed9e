"""Dictionaries as a configuration names them: what is refused, and how that is told."""

import sys
from pathlib import Path
from typing import Any

import pytest

from maskproxy.config import load
from maskproxy.errors import ConfigurationFault, RuleRefused
from maskproxy.service.dictionaries import configured_dictionaries
from tests.config.sample import full
from tests.service.material import write_real

VALUE = "Bluebird-" + "Omega"


def config(directory: Path, mode: int = 0o600, **dictionary: Any) -> Any:
    document = full()
    document["masking"]["dictionaries"] = [{"name": "names", **dictionary}]
    path = write_real(directory, document)
    (directory / "names.txt").write_text(VALUE)
    (directory / "names.txt").chmod(mode)
    return load(path, {}).masking


async def test_what_was_read_is_told_in_numbers(tmp_path: Path) -> None:
    told: list[tuple[str, dict[str, object]]] = []
    made = await configured_dictionaries(
        config(tmp_path, file="names.txt"), lambda event, **fields: told.append((event, fields))
    )
    assert made.forward is made.record
    assert told == [("dictionary", {"rule": "dictionary-names", "values": 1, "left_out": 0})]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("raise SystemExit(3)", "cannot be read: the command ended with status 3"),
        ("print('x' * (9 << 20))", "prints too much"),
        ("print('abc')", "holds no value of 4 to 1024 bytes"),
        ("print('\\n'.join(f'{n:08}' for n in range(20001)), flush=True)", "at most 20000"),
    ],
)
async def test_what_cannot_be_used_is_refused_with_the_reason(command: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(RuleRefused, match=reason):
        await configured_dictionaries(config(tmp_path, command=[sys.executable, "-c", command]))


@pytest.mark.parametrize(
    ("mode", "dictionary", "place"),
    [
        (0o640, {"file": "names.txt"}, "masking.dictionaries[0].file"),
        (0o600, {"file": "none.txt"}, "masking.dictionaries[0].file"),
        (0o600, {"command": ["/no/such"]}, "masking.dictionaries[0].command[0]"),
        (0o600, {}, "masking.dictionaries[0]"),
        (0o600, {"file": "names.txt", "command": ["true"]}, "masking.dictionaries[0]"),
    ],
)
def test_faults_are_told_at_their_places(mode: int, dictionary: dict[str, Any], place: str, tmp_path: Path) -> None:
    config(tmp_path, file="names.txt")
    with pytest.raises(ConfigurationFault) as caught:
        config(tmp_path, mode, **dictionary) if mode == 0o600 else again(tmp_path, mode)
    assert [path for path, _ in caught.value.faults] == [place]


def again(directory: Path, mode: int) -> Any:
    (directory / "names.txt").chmod(mode)
    return load(directory / "maskproxy.yaml", {})
