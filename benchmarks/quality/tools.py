"""Public scanners beside us: started by their command lines on a folder of files, they tell files and lines.

They live in an environment of their own, which `make quality` installs; where it could not, they are left out.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

_DEADLINE_S = 1800

Lines = dict[str, set[int]]
"""By a file's name, the lines told of it."""
Run = Callable[[Path], Lines]


def installed(environment: Path) -> dict[str, Run]:
    """Those that are there, by name."""
    runs = {"detect-secrets": _detect_secrets, "CredSweeper": _credsweeper}
    programs = {name: (environment / "bin" / name.lower()).absolute() for name in runs}
    return {name: partial(run, programs[name]) for name, run in runs.items() if programs[name].exists()}


def ask(others: Mapping[str, Run], folder: Path) -> dict[str, Lines]:
    """All of them at once on one folder."""
    with ThreadPoolExecutor() as threads:
        running = {name: threads.submit(run, folder) for name, run in others.items()}
        return {name: future.result() for name, future in running.items()}


def write(files: Sequence[tuple[str, str]], folder: Path) -> None:
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8")


def _detect_secrets(program: Path, folder: Path) -> Lines:
    command = [str(program), "scan", "--all-files", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=_DEADLINE_S)
    return {
        name.removeprefix("./"): {secret["line_number"] for secret in secrets}
        for name, secrets in json.loads(done.stdout)["results"].items()
    }


def _credsweeper(program: Path, folder: Path) -> Lines:
    lines: Lines = defaultdict(set)
    with tempfile.TemporaryDirectory() as place:
        result = Path(place) / "found.json"
        command = [str(program), "--path", str(folder), "--save-json", str(result), "--jobs", "1", "--log", "silence"]
        subprocess.run(command, cwd=place, capture_output=True, check=True, timeout=_DEADLINE_S)
        found = json.loads(result.read_text()) if result.exists() else []
    for one in found:
        for line in one["line_data_list"]:
            lines[Path(line["path"]).name].add(line["line_num"])
    return lines
