import asyncio
import json
import os
import ssl
import stat
from pathlib import Path

import aiohttp
import pytest

from maskproxy.dev.setting import API_HOST, DevSetting, event_in, write_private
from maskproxy.errors import StartFailed


async def test_both_ways_lead_to_the_stand_in_and_all_is_gone_afterwards(tmp_path: Path) -> None:
    async with DevSetting(tmp_path / "state", os.environ) as setting:
        trust = ssl.create_default_context(cafile=str(setting.ca_path))
        version = {"anthropic-version": "2023-06-01"}
        own = {"Authorization": f"Bearer {setting.token}"}
        async with aiohttp.ClientSession(headers=version) as session:
            models = f"https://{API_HOST}/v1/models"
            async with session.get(models, proxy=setting.proxy_url, ssl=trust) as response:
                assert response.status == 200
            async with session.get(f"{setting.base_url}/v1/models", headers=own) as response:
                assert response.status == 200
            async with session.get(f"{setting.base_url}/v1/models") as response:
                assert response.status == 401
            async with session.get(f"http://{setting.admin}/readyz") as response:
                assert response.status == 200
        assert setting.api is not None
        assert [r.target for r in setting.api.received] == ["/v1/models", "/v1/models"]
        assert all(setting.token.encode() not in r.raw for r in setting.api.received)
        port = setting.port
    with pytest.raises(OSError):  # noqa: PT011 - refused, whatever the system calls it
        await asyncio.open_connection("127.0.0.1", port)
    assert {event_in(line).get("event") for line in setting.log_path.read_bytes().splitlines()} >= {"ready", "stopped"}


async def test_a_folder_is_used_again(tmp_path: Path) -> None:
    async with DevSetting(tmp_path, os.environ) as first:
        authority, key = first.ca_path.read_bytes(), (tmp_path / "masking.key").read_bytes()
    async with DevSetting(tmp_path, os.environ) as second:
        assert second.ca_path.read_bytes() == authority
        assert (tmp_path / "masking.key").read_bytes() == key
        assert second.token != first.token
    assert (tmp_path / ".gitignore").read_text() == "*\n"


async def test_a_daemon_that_cannot_start_says_why(tmp_path: Path) -> None:
    setting = DevSetting(tmp_path, os.environ)
    (tmp_path / "recordings").write_text("in the way")
    with pytest.raises(StartFailed, match=r"recording\.directory"):
        async with setting:
            pass


async def test_with_an_api_key_it_speaks_to_the_real_api_and_keeps_the_key_to_itself(tmp_path: Path) -> None:
    key = "made-up-" + "key-of-a-person"
    async with DevSetting(tmp_path, {**os.environ, "ANTHROPIC_API_KEY": key, "NO_PROXY": "*"}) as setting:
        assert setting.api is None
        environment = setting.client_environment()
        text = setting.config_path.read_text()
    assert f"upstream: https://{API_HOST}" in text
    assert all(key.encode() not in data for data in contents(tmp_path))
    assert key not in environment.values()
    assert "NO_PROXY" not in environment
    assert environment["HTTPS_PROXY"] == environment["https_proxy"] == setting.proxy_url


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def test_private_files_are_private_even_over_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)


def test_lines_that_are_no_events_are_passed_over() -> None:
    assert event_in(b"Traceback\n") == {}
    assert event_in(b"[1]") == {}
    assert event_in(json.dumps({"event": "ready"}).encode()) == {"event": "ready"}
