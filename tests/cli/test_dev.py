import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import sys, urllib.request
request = urllib.request.Request("https://api.anthropic.com/v1/models", headers={"anthropic-version": "2023-06-01"})
sys.exit(7 if b"claude" in urllib.request.urlopen(request, timeout=20).read() else 1)
"""


def dev(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "maskproxy", "dev", "--folder", str(folder), *arguments]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}


def test_a_command_runs_in_the_setting_and_its_code_is_ours(tmp_path: Path) -> None:
    command = dev(tmp_path, "--", sys.executable, "-c", ASK)
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 7, done.stderr
    assert str(tmp_path) in done.stderr


@pytest.mark.parametrize(("command", "code"), [(["no-such-program-here"], 127), (["sh", "-c", "kill -9 $$"], 137)])
def test_a_command_that_cannot_be_run_or_is_killed(command: list[str], code: int, tmp_path: Path) -> None:
    done = subprocess.run(dev(tmp_path, "--", *command), env=environment(), capture_output=True, timeout=60)
    assert done.returncode == code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_left_running_it_prints_exports_and_ends_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(dev(tmp_path), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode() for _ in range(8)]
        process.send_signal(number)
        assert process.wait(30) == 0
    exports = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines[1:])
    assert set(exports) == {
        "HTTPS_PROXY",
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "ANTHROPIC_AUTH_TOKEN",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    }
    port = int(exports["HTTPS_PROXY"].rpartition(":")[2].strip("'"))
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_demo_from_the_command_line_ends_with_a_replay_and_0() -> None:
    command = [sys.executable, "-m", "maskproxy", "dev", "demo"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    before, _, after = done.stdout.partition("$ maskproxy replay ")
    assert "the recording holds" in before
    assert "assistant" in after
    assert after.count("✓") == 6
