import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from maskproxy.cli.main import cli
from maskproxy.gateway.interception.certificates import CertificateAuthority
from tests.config.sample import full
from tests.service.material import write_real


def ca(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["ca", *arguments])


def test_init_makes_a_constrained_ca_once(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "ca"
    result = ca("init", str(directory), "--domain", "API.example.com", "--domain", "other.example.org")
    assert result.exit_code == 0
    assert result.stdout == f"{directory / 'ca.pem'}\n"
    assert stat.S_IMODE((directory / "ca.key").stat().st_mode) == 0o600
    authority = CertificateAuthority.load(directory / "ca.pem", directory / "ca.key")
    assert [authority.permits(h) for h in ("api.example.com", "other.example.org", "example.com")] == [
        True,
        True,
        False,
    ]
    before = (directory / "ca.key").read_bytes()
    again = ca("init", str(directory))
    assert "already" in str(again.exception)
    assert (directory / "ca.key").read_bytes() == before


def test_the_default_is_the_apis_host(tmp_path: Path) -> None:
    ca("init", str(tmp_path))
    assert CertificateAuthority.load(tmp_path / "ca.pem", tmp_path / "ca.key").permits("api.anthropic.com")


def test_what_is_no_domain_is_wrong_usage(tmp_path: Path) -> None:
    result = ca("init", str(tmp_path / "ca"), "--domain", "https://example.com")
    assert result.exit_code == 2
    assert not (tmp_path / "ca").exists()


def test_show_prints_the_certificate_and_says_what_it_is(tmp_path: Path) -> None:
    ca("init", str(tmp_path), "--domain", "api.example.com")
    result = ca("show", str(tmp_path))
    assert result.stdout_bytes == (tmp_path / "ca.pem").read_bytes()
    assert x509.load_pem_x509_certificate(result.stdout_bytes).version == x509.Version.v3
    assert "signs for    api.example.com" in result.stderr
    assert "SHA-256" in result.stderr


def test_show_takes_a_configuration_too(tmp_path: Path) -> None:
    path = write_real(tmp_path, full())
    assert ca("show", "-c", str(path)).stdout_bytes == (tmp_path / "ca.pem").read_bytes()
    document = full()
    del document["interception"], document["routes"][1]
    path = write_real(tmp_path, document)
    assert type(ca("show", "-c", str(path)).exception).__name__ == "ConfigurationFault"


@pytest.mark.parametrize("arguments", [[], ["x", "-c", "y"]])
def test_show_wants_one_place(arguments: list[str]) -> None:
    assert ca("show", *arguments).exit_code == 2


def test_show_of_nothing(tmp_path: Path) -> None:
    assert "cannot be read" in str(ca("show", str(tmp_path)).exception)
    (tmp_path / "ca.pem").write_text("no PEM")
    assert "no certificate" in str(ca("show", str(tmp_path)).exception)
