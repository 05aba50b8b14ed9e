from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from maskproxy.config import load
from maskproxy.service.checks import deeper_faults, notes
from tests.config.sample import full, with_sign_in
from tests.service.material import write_real


def faults(directory: Path, change: Callable[[Path], object], document: dict[str, Any] | None = None) -> dict[str, str]:
    path = write_real(directory, full() if document is None else document)
    change(directory)
    return dict(deeper_faults(load(path, {})))


def test_the_sample_with_real_files_has_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, lambda d: None) == {}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (
            lambda d: trustme.CA().issue_cert("x.example").private_key_pem.write_to_path(d / "tls.key"),
            "listeners[0].tls.key",
        ),
        (lambda d: (d / "tls.pem").write_text("no PEM"), "listeners[0].tls"),
        (lambda d: (d / "tls.key").write_text("no PEM"), "listeners[0].tls"),
        (lambda d: (d / "ca.key").write_text("no PEM"), "interception.ca.key"),
        (lambda d: (d / "upstream-ca.pem").write_text("no PEM"), "routes[0].trust"),
        (lambda d: (d / "idp.pem").write_text(""), "identity.issuers[0].trust"),
        (lambda d: (d / "anthropic.key").write_text(" \n"), "routes[0].credential.from.file"),
        (lambda d: (d / "anthropic.key").write_text("two\nlines"), "routes[0].credential.from.file"),
        (lambda d: (d / "anthropic.key").write_bytes(b"\xff"), "routes[0].credential.from.file"),
    ],
)
def test_each_fault_is_told_at_its_place(change: Callable[[Path], object], path: str, tmp_path: Path) -> None:
    assert list(faults(tmp_path, change)) == [path]


def test_what_the_collector_s_trust_lacks_is_told(tmp_path: Path) -> None:
    broken = faults(tmp_path, lambda d: (d / "idp.pem").write_text("no PEM"), with_sign_in())
    assert list(broken) == ["claude_code.telemetry.trust", "identity.issuers[0].trust"]


def test_actions_for_rules_that_are_not_there_are_faults(tmp_path: Path) -> None:
    document = full()
    document["masking"]["actions"] = [
        {"rules": ["github-*", "githup-*"], "request": "block"},
        {"rules": ["aws-access-key-id"], "answer": "alert"},
        {"rules": ["nothing", "jwt", "JWT"], "answer": "allow"},
    ]
    places = ["masking.actions[0].rules[1]", "masking.actions[2].rules[0]", "masking.actions[2].rules[2]"]
    assert list(faults(tmp_path, lambda d: None, document)) == places


def test_faults_and_notes_of_a_grants_own_rules_are_told_there(tmp_path: Path) -> None:
    document = full()
    grant = document["grants"][0]
    document["masking"]["actions"] = [{"rules": ["jwt"], "request": "block"}]
    actions = [{"rules": ["github-*", "jwt"], "request": "alert"}]
    grant["masking"] = {"rules": ["builtin:github"], "actions": actions}
    assert list(faults(tmp_path, lambda d: None, document)) == ["grants[0].masking.actions[0].rules[1]"]
    assert [path for path, _ in notes(load(tmp_path / "maskproxy.yaml", {})) if path.startswith("grants")] == [
        "grants[0].masking.actions[0].request"
    ]
    grant["masking"] = {"rules": ["builtin:github", "builtin:nope"]}
    assert list(faults(tmp_path, lambda d: None, document)) == ["grants[0].masking.rules[1]"]
    grant["masking"] = {"rules": ["builtin:github"]}
    assert faults(tmp_path, lambda d: None, document) == {}, "masking's own actions may name rules that it has not"


def test_a_client_ca_and_a_masking_key_are_read(tmp_path: Path) -> None:
    document = full()
    document["listeners"][0]["tls"]["client_ca"] = "own.yaml"

    def short_key(directory: Path) -> None:
        (directory / "masking.key").write_text("ab")
        (directory / "masking.key").chmod(0o600)

    assert list(faults(tmp_path, short_key, document)) == ["listeners[0].tls.client_ca", "masking.key.file"]


def test_a_key_with_a_password_is_a_fault_and_no_question(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"locked")
    )
    assert list(faults(tmp_path, lambda d: (d / "tls.key").write_bytes(locked))) == ["listeners[0].tls"]


def test_hosts_outside_the_ca_are_told_one_by_one(tmp_path: Path) -> None:
    document = full()
    document["routes"][1]["hosts"] = ["statsig.example.com", "a.example.org", "b.example.org"]
    assert list(faults(tmp_path, lambda d: None, document)) == ["routes[1].hosts[1]", "routes[1].hosts[2]"]


def test_rules_that_cannot_be_used(tmp_path: Path) -> None:
    path = write_real(tmp_path, document := full())
    document["masking"]["rules"] = ["builtin:nope"]
    import yaml

    path.write_text(yaml.safe_dump(document))
    assert list(dict(deeper_faults(load(path, {})))) == ["masking.rules[0]"]


def test_what_may_surprise_is_noted(tmp_path: Path) -> None:
    document = full()
    document["grants"][0]["mode"] = "observe"
    del document["recording"], document["store"]
    assert [path for path, _ in notes(load(write_real(tmp_path, document), {}))] == [
        "store",
        "recording",
        "grants[0].mode",
    ]
    document["masking"]["actions"] = [
        {"rules": ["jwt"], "request": "block"},
        {"rules": ["jwt"], "request": "alert", "answer": "allow"},
    ]
    noted = [path for path, _ in notes(load(write_real(tmp_path, document), {}))]
    assert noted[3:] == ["masking.actions[1].request", "masking.actions[1].answer"]
    document["grants"], document["masking"]["actions"] = [], []
    assert [path for path, _ in notes(load(write_real(tmp_path, document), {}))] == ["store", "recording", "grants"]


def test_what_may_surprise_about_grants_is_noted(tmp_path: Path) -> None:
    document = full()
    document["identity"]["issuers"].append({"issuer": "https://ci.example.com", "audience": "maskproxy"})
    grant = document["grants"][0]
    grant |= {"claims": {"repository": "corp/*"}, "limits": {"tokens_per_day": 5, "streams": 4}}

    def noted() -> list[str]:
        return [path for path, _ in notes(load(write_real(tmp_path, document), {})) if path.startswith("grants")]

    assert noted() == ["grants[0].claims", "grants[0].limits.tokens_per_day"]
    grant["claims"]["iss"] = "https://ci.example.com"
    grant["endpoints"] = ["messages"]
    assert noted() == []
    del document["store"]
    assert noted() == ["grants[0].limits"]


def test_a_store_that_nothing_uses_is_noted(tmp_path: Path) -> None:
    document = full()
    document["masking"]["restore"]["tools"] = []
    assert [path for path, _ in notes(load(write_real(tmp_path, document), {}))] == ["store"]


def test_a_store_that_cannot_be_used_is_a_fault(tmp_path: Path) -> None:
    def readable(directory: Path) -> None:
        (directory / "state.db").touch()
        (directory / "state.db").chmod(0o640)

    def no_database(directory: Path) -> None:
        (directory / "state.db").write_text("something else")
        (directory / "state.db").chmod(0o600)

    assert "chmod" in faults(tmp_path, readable)["store"]
    assert "not an SQLite database" in faults(tmp_path, no_database)["store"]


def test_what_the_audit_trail_s_files_lack_is_told(tmp_path: Path) -> None:
    hook = {"name": "rotate", "url": "https://h.example/x", "secret": {"file": "hook.secret"}, "trust": "roots.pem"}
    syslog = {"address": "tls://h.example:6514", "trust": "roots.pem"}
    for name in ("hook.secret", "roots.pem"):
        (tmp_path / name).touch(0o600)
    document = full() | {"audit": {"syslog": syslog, "webhooks": [hook]}}
    assert set(faults(tmp_path, lambda d: None, document)) == {
        "audit.syslog.trust",
        "audit.webhooks[0].trust",
        "audit.webhooks[0].secret.file",
    }


def test_syslog_without_tls_is_noted_unless_it_stays_on_the_machine(tmp_path: Path) -> None:
    for host, is_told in (("logs.example", True), ("127.0.0.1", False)):
        document = full() | {"audit": {"syslog": {"address": f"udp://{host}:514"}}}
        told = dict(notes(load(write_real(tmp_path, document), {})))
        assert ("audit.syslog.address" in told) == is_told
