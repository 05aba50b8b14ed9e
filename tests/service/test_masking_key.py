import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from maskproxy.errors import StartFailed
from maskproxy.service.masking_key import masking_key


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "masking.key"
    with pytest.raises(StartFailed, match="does not exist yet"):
        masking_key(path, make=False)
    key = masking_key(path, make=True)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert masking_key(path, make=True) == masking_key(path, make=False) == key
    assert [p.name for p in tmp_path.iterdir()] == ["masking.key"]


def test_all_who_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: masking_key(tmp_path / "masking.key", make=True), range(16)))
    assert len(keys) == 1


def test_a_key_that_is_short_or_out_of_reach_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "masking.key"
    path.write_text("ab" * 31 + "\n")
    with pytest.raises(StartFailed, match="shorter than 32"):
        masking_key(path, make=True)
    path.write_text("x" * 64)
    with pytest.raises(StartFailed, match="hexadecimal"):
        masking_key(path, make=True)
    with pytest.raises(StartFailed, match="cannot be made"):
        masking_key(tmp_path / "gone" / "masking.key", make=True)
    with pytest.raises(StartFailed, match="cannot be read"):
        masking_key(tmp_path, make=True)
