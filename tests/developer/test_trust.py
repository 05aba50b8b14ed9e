"""Files of trust: what was trusted before stays so, and nothing is named that would trust less."""

from pathlib import Path

import pytest
import trustme

from maskproxy.developer import trust


def pem() -> str:
    return trustme.CA().cert_pem.bytes().decode()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "state" / "extra.pem", tmp_path / "state" / "roots.pem"


def test_what_was_trusted_before_stays_so(tmp_path: Path, files: tuple[Path, Path]) -> None:
    ours, nodes, pythons = pem(), pem(), pem()
    (tmp_path / "node.pem").write_text(f"a comment\n{nodes}")
    (tmp_path / "python.pem").write_text(pythons)
    before = {"NODE_EXTRA_CA_CERTS": str(tmp_path / "node.pem"), "REQUESTS_CA_BUNDLE": str(tmp_path / "python.pem")}
    said = trust.write_trust(ours, before, *files)
    added, whole = files
    assert said == {
        "NODE_EXTRA_CA_CERTS": str(added),
        "SSL_CERT_FILE": str(whole),
        "REQUESTS_CA_BUNDLE": str(whole),
    }
    assert trust.certificates(added.read_text()) == [nodes.strip(), ours.strip()]
    assert trust.certificates(whole.read_text()) == [pythons.strip(), ours.strip()]


def test_the_systems_roots_are_taken_along(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    ours, roots = pem(), pem()
    monkeypatch.setattr(trust, "system_roots", lambda: roots)
    trust.write_trust(ours, {}, *files)
    assert trust.certificates(files[1].read_text()) == [roots.strip(), ours.strip()]


def test_without_roots_python_is_left_alone(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "system_roots", str)
    for before in ({}, {"SSL_CERT_FILE": "/nowhere"}):
        assert trust.write_trust(pem(), before, *files) == {"NODE_EXTRA_CA_CERTS": str(files[0])}
    assert not files[1].exists()
