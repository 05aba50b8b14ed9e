"""What is shipped for operators: the example configuration and the systemd unit."""

import re
import shutil
import subprocess
from pathlib import Path

import trustme

from maskproxy.config import load
from maskproxy.gateway.interception.certificates import make_ca
from maskproxy.service.checks import deeper_faults, notes

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "etc" / "maskproxy.yaml"
UNIT = ROOT / "systemd" / "maskproxy.service"


def test_the_example_is_free_of_faults_once_its_files_are_there(tmp_path: Path) -> None:
    server = trustme.CA().issue_cert("maskproxy.corp.example")
    server.private_key_and_cert_chain_pem.write_to_path(tmp_path / "tls.pem")
    (tmp_path / "tls.key").write_bytes(server.private_key_pem.bytes())
    (tmp_path / "anthropic.key").write_text("made-up\n")
    for name in ("tls.key", "anthropic.key"):
        (tmp_path / name).chmod(0o600)
    make_ca(tmp_path / "ca", ["api.anthropic.com"])
    path = tmp_path / "maskproxy.yaml"
    path.write_text(EXAMPLE.read_text().replace("/var/lib/maskproxy", str(tmp_path)))
    config = load(path, {})
    assert deeper_faults(config) == []
    assert notes(config) == []


def test_what_is_commented_out_is_right_too() -> None:
    """Each commented key of the example is one that the model knows."""
    from maskproxy.config import model

    names = set(re.findall(r"^ *# *(?:- )?(?:from: )?\{? *([a-z_]+): ?[\[{\"\w]", EXAMPLE.read_text(), re.MULTILINE))
    parts = [part for part in vars(model).values() if isinstance(part, type) and issubclass(part, model.Part)]
    known = {field.alias or name for part in parts for name, field in part.model_fields.items()}
    assert {"client_ca", "trust", "systemd", "command", "token_url", "algorithms", "leeway_s", "target"} <= names
    assert names <= known


def test_the_example_shows_the_defaults_that_it_names(tmp_path: Path) -> None:
    from maskproxy.config.model import Limits

    limits = re.search(r"^limits:\n(.*?)^log:", EXAMPLE.read_text(), re.MULTILINE | re.DOTALL)
    assert limits is not None
    import yaml

    assert Limits.model_validate(yaml.safe_load("limits:\n" + limits[1])["limits"]) == Limits()


def test_the_unit_starts_what_there_is_and_locks_it_in() -> None:
    lines = UNIT.read_text().splitlines()
    for line in (
        "Type=notify",
        "ExecStart=/usr/local/bin/maskproxy run -c /etc/maskproxy/maskproxy.yaml",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "WatchdogSec=30",
        "LimitCORE=0",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "StateDirectory=maskproxy",
    ):
        assert line in lines
    assert any(line.startswith("#LoadCredential=") for line in lines)
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        command = [analyze, "security", "--offline=true", "--threshold=15", str(UNIT)]
        assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
