import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maskproxy.config.files import file_faults
from tests.config.sample import full, with_sign_in, write

Change = Callable[[dict[str, Any], Path], object]


def faults(document: dict[str, Any], directory: Path, **environ: str) -> dict[str, str]:
    write(directory, document)
    return dict(file_faults(document, directory, {"PATH": os.environ["PATH"], **environ}))


def test_the_sample_has_all_its_files(tmp_path: Path) -> None:
    assert faults(full(), tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("tls.pem", "listeners[0].tls.certificate"),
        ("tls.key", "listeners[0].tls.key"),
        ("ca.key", "interception.ca.key"),
        ("upstream-ca.pem", "routes[0].trust"),
        ("anthropic.key", "routes[0].credential.from.file"),
        ("idp.pem", "identity.issuers[0].trust"),
        ("idp.pem", "claude_code.telemetry.trust"),
        ("own.yaml", "masking.rules[1]"),
    ],
)
def test_a_missing_file_is_told_at_its_place(name: str, path: str, tmp_path: Path) -> None:
    write(tmp_path, with_sign_in())
    (tmp_path / name).unlink()
    assert dict(file_faults(with_sign_in(), tmp_path, {}))[path] == "The file does not exist."


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_a_fault(mode: int, tmp_path: Path) -> None:
    write(tmp_path, full())
    (tmp_path / "ca.key").chmod(mode)
    assert list(dict(file_faults(full(), tmp_path, {}))) == ["interception.ca.key"]


def test_systemds_credentials_directory_is_exempt(tmp_path: Path) -> None:
    document = full()
    write(tmp_path, document)
    (tmp_path / "ca.key").chmod(0o440)
    assert file_faults(document, tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == []
    other = tmp_path / "other"
    assert file_faults(document, tmp_path, {"CREDENTIALS_DIRECTORY": str(other)}) != []


def test_the_masking_key_may_be_made_later_but_not_anywhere(tmp_path: Path) -> None:
    document = full()
    document["masking"]["key"]["file"] = "state/masking.key"
    assert faults(document, tmp_path) == {"masking.key.file": "The file's directory does not exist."}
    (tmp_path / "state").mkdir()
    assert faults(document, tmp_path) == {}
    (tmp_path / "state" / "masking.key").write_text("x")
    (tmp_path / "state" / "masking.key").chmod(0o644)
    assert list(faults(document, tmp_path)) == ["masking.key.file"]


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ({"env": "UNSET"}, "env"),
        ({"env": "EMPTY"}, "env"),
        ({"systemd": "anthropic"}, "systemd"),
        ({"command": ["no-such-program-here"]}, "command[0]"),
        ({"command": ["./no-such-program-here"]}, "command[0]"),
        ({"oauth2": {"client_secret": {"file": "gone"}}}, "oauth2.client_secret.file"),
        ({"oauth2": {"client_secret": {"env": "SET"}, "trust": "gone"}}, "oauth2.trust"),
    ],
)
def test_a_source_that_cannot_be_read(source: dict[str, Any], field: str, tmp_path: Path) -> None:
    document = full()
    document["routes"][0]["credential"]["from"] = source
    assert list(faults(document, tmp_path, EMPTY="", SET="x")) == [f"routes[0].credential.from.{field}"]


def test_sources_that_can_be_read(tmp_path: Path) -> None:
    document = full()
    for source in ({"env": "SET"}, {"systemd": "anthropic.key"}, {"command": ["cat", "x"]}):
        document["routes"][0]["credential"]["from"] = source
        assert faults(document, tmp_path, SET="x", CREDENTIALS_DIRECTORY=str(tmp_path)) == {}


def test_pipes_and_directories_are_no_keys(tmp_path: Path) -> None:
    document = full()
    os.mkfifo(tmp_path / "pipe", 0o600)
    document["interception"]["ca"] = {"certificate": "pipe", "key": "."}
    told = faults(document, tmp_path)
    assert told == {
        "interception.ca.certificate": "This is not a regular file.",
        "interception.ca.key": "This is not a regular file.",
    }


def test_directories_that_cannot_be(tmp_path: Path) -> None:
    document = full()
    document["recording"]["directory"] = "tls.pem/recordings"
    document["admin"]["address"] = "gone/admin.sock"
    assert list(faults(document, tmp_path)) == ["recording.directory", "admin.address"]


def test_the_store_needs_a_directory_for_its_files(tmp_path: Path) -> None:
    document = full()
    document["store"] = "sqlite:///state/state.db"
    assert faults(document, tmp_path) == {"store": "The file's directory does not exist."}
    (tmp_path / "state").mkdir()
    assert faults(document, tmp_path) == {}


def test_postgresql_needs_the_files_that_its_url_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = full()
    document["store"] = "postgresql://me:pw@db.example/x?sslrootcert=db-ca.pem&sslkey=db.key"
    assert faults(document, tmp_path) == {"store": "The file does not exist."}
    for name in ("db-ca.pem", "db.key"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    assert "chmod it to 600" in faults(document, tmp_path)["store"]
    (tmp_path / "db.key").chmod(0o600)
    assert faults(document, tmp_path) == {}
    monkeypatch.setattr("maskproxy.config.files.find_spec", lambda _: None)
    assert "pip install 'maskproxy[postgres]'" in faults(document, tmp_path)["store"]


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 3000 + "b", "\0", "", "~"])
def test_no_name_is_too_odd(name: str, tmp_path: Path) -> None:
    document = full()
    document["recording"]["directory"] = document["masking"]["key"]["file"] = name
    document["admin"]["address"] = name + "/admin.sock"
    document["routes"][0] |= {"trust": name, "credential": {"header": "x", "from": {"command": [name]}}}
    assert {"routes[0].trust", "routes[0].credential.from.command[0]"} <= set(faults(document, tmp_path))


def test_a_grants_own_rule_file_is_looked_for(tmp_path: Path) -> None:
    document = full()
    document["grants"][0]["masking"] = {"rules": ["builtin:aws", "nowhere.yaml"]}
    assert faults(document, tmp_path) == {"grants[0].masking.rules[1]": "The file does not exist."}


def test_what_the_audit_trail_needs_is_looked_for(tmp_path: Path) -> None:
    hook = {"name": "rotate", "url": "https://h.example/x", "secret": {"file": "hook.secret"}, "trust": "roots.pem"}
    syslog = {"address": "tls://h.example:6514", "trust": "logs.pem"}
    document = full() | {"audit": {"file": "gone/audit.jsonl", "syslog": syslog, "webhooks": [hook]}}
    assert set(faults(document, tmp_path)) == {
        "audit.file",
        "audit.syslog.trust",
        "audit.webhooks[0].secret.file",
        "audit.webhooks[0].trust",
    }
    for name in ("hook.secret", "roots.pem", "logs.pem", "audit.jsonl"):
        (tmp_path / name).touch(0o600)
    document["audit"]["file"] = "audit.jsonl"
    assert faults(document, tmp_path) == {}
    (tmp_path / "audit.jsonl").chmod(0o640)
    assert list(faults(document, tmp_path)) == ["audit.file"]
