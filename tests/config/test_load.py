import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.config import load
from maskproxy.errors import ConfigurationFault
from tests.config.sample import full, write


def faults(path: Path, **environ: str) -> dict[str, str]:
    with pytest.raises(ConfigurationFault) as caught:
        load(path, environ)
    return dict(caught.value.faults)


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, full())
    monkeypatch.chdir(tmp_path.parent)
    config = load(Path(tmp_path.name) / "maskproxy.yaml", {})
    assert config.listeners[0].tls is not None
    assert config.listeners[0].tls.key == tmp_path / "tls.key"
    assert config.masking.rules == ("builtin:default", tmp_path / "own.yaml")
    assert config.recording is not None
    assert config.recording.directory == tmp_path / "recordings"
    assert config.masking.key.file == tmp_path / "masking.key"
    assert config.store == tmp_path / "state.db"


def test_a_program_named_with_a_slash_is_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "key.sh").write_text("#!/bin/sh\n")
    (tmp_path / "key.sh").chmod(0o700)
    document = full()
    for named, found in (("./key.sh", str(tmp_path / "key.sh")), ("sh", "sh")):
        document["routes"][0]["credential"]["from"] = {"command": [named, "./argument"]}
        credential = load(write(tmp_path, document), {"PATH": "/bin:/usr/bin"}).routes[0].credential
        assert credential is not None
        assert credential.source.command == (found, "./argument")


def test_the_environment_is_taken(tmp_path: Path) -> None:
    document = full()
    document["listeners"][1]["address"] = "127.0.0.1:${PORT}"
    document["limits"]["head_s"] = "${HEAD_S}"
    config = load(write(tmp_path, document), {"PORT": "8181", "HEAD_S": "7"})
    assert config.listeners[1].address.port == 8181
    assert config.limits.head_s == 7


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    document = full()
    document["surprise"] = 1
    document["listeners"][0].pop("tls")
    document["routes"][0]["upstream"] = "http://api.anthropic.com"
    document["routes"][1]["hosts"] = []
    document["grants"][0] |= {"for": 8, "mode": "watch", "routes": ["nowhere"]}
    document["limits"]["head_s"] = "${UNSET}"
    path = write(tmp_path, document)
    (tmp_path / "ca.key").chmod(0o644)
    (tmp_path / "idp.pem").unlink()
    told = faults(path)
    assert set(told) == {
        "surprise",
        "listeners[0]",
        "routes[0].upstream",
        "routes[0].trust",
        "routes[1].hosts",
        "grants[0].for",
        "grants[0].mode",
        "grants[0].routes[0]",
        "limits.head_s",
        "interception.ca.key",
        "identity.issuers[0].trust",
    }
    assert told["surprise"] == "This key is not known here."
    assert told["limits.head_s"] == "The environment variable UNSET is not set."
    assert all(sentence.endswith(".") for sentence in told.values())


def test_a_tunnels_fault_names_the_tunnel(tmp_path: Path) -> None:
    document = full()
    document["tunnels"] = ["git.example.com"]
    assert list(faults(write(tmp_path, document))) == ["tunnels[0].target"]


def test_a_missing_or_empty_file(tmp_path: Path) -> None:
    assert faults(tmp_path / "gone.yaml") == {"": "The configuration file cannot be read: No such file or directory."}
    (tmp_path / "empty.yaml").write_text("{}")
    assert faults(tmp_path / "empty.yaml") == {"": "The configuration file is empty."}


def test_no_value_is_repeated(tmp_path: Path) -> None:
    secret = "s3cr3t-" + "w0rd"
    document = yaml.safe_load(yaml.safe_dump(full()).replace("claude", secret).replace("8443", secret))
    for sentence in faults(write(tmp_path, document)).values():
        assert secret not in sentence


LEAF = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "a", "\0", "x" * 300, "/", "~", "127.0.0.1:80", "a/b"])
)
KEYS = [
    "file",
    "env",
    "systemd",
    "command",
    "oauth2",
    "from",
    "credential",
    "certificate",
    "key",
    "tls",
    "ca",
    "directory",
]
JUNK = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(full())), JUNK, st.data())
def test_whatever_stands_in_a_section_there_is_an_answer(section: str, junk: object, data: st.DataObject) -> None:
    document = full()
    place = document[section]
    if isinstance(place, list) and place and isinstance(place[0], dict):
        place = place[0]
    if isinstance(place, dict) and data.draw(st.booleans()):
        place[data.draw(st.sampled_from(sorted(place)))] = junk
    else:
        document[section] = junk
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "maskproxy.yaml"
        path.write_text(yaml.safe_dump(document))
        with pytest.raises(ConfigurationFault) as caught:
            load(path, {})
    assert all(isinstance(part, str) for fault in caught.value.faults for part in fault)
