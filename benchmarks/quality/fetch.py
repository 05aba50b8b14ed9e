"""Fetches what the measure reads and compares with: `python -m benchmarks.quality.fetch`. Into `.quality`, once a list.

What cannot be had is said and left out; the next run tries again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

CACHE = Path(".quality")
_HERE = Path(__file__).parent
_PIP = ("-m", "pip", "install", "-q", "--disable-pip-version-check")


def main() -> None:
    CACHE.mkdir(exist_ok=True)
    _once("yardsticks", "Other scanners", _scanners)
    _once("packages", "Python packages to read", _python)
    _once("npm", "npm packages to read", _npm)


def _once(name: str, what: str, fetch: Callable[[Path], None]) -> None:
    """Fetch by this list, unless that was done."""
    wanted, done = _HERE / f"{name}.txt", CACHE / f"{name}.done"
    if done.exists() and done.read_bytes() == wanted.read_bytes():
        return
    print(f"{what}: fetched into {CACHE} ...", flush=True)
    shutil.rmtree(CACHE / name, ignore_errors=True)
    try:
        fetch(wanted)
    except (subprocess.CalledProcessError, OSError, tarfile.TarError):
        shutil.rmtree(CACHE / name, ignore_errors=True)
        print(f"{what} are not to be had here, and are left out.", flush=True)
    else:
        done.write_bytes(wanted.read_bytes())


def _scanners(wanted: Path) -> None:
    """Into an environment of their own, so that what they need does not meet what we need."""
    environment = CACHE / "yardsticks"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    subprocess.run([str(environment / "bin" / "python"), *_PIP, "-r", str(wanted)], check=True)


def _python(wanted: Path) -> None:
    target = CACHE / "packages"
    subprocess.run(
        [sys.executable, *_PIP, "--no-deps", "--no-compile", "--target", str(target), "-r", str(wanted)], check=True
    )


def _npm(wanted: Path) -> None:
    """The packages alone: nothing they need, and no script of theirs is run."""
    target = (CACHE / "npm").absolute()
    target.mkdir()
    subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(target), *wanted.read_text().split()], check=True
    )
    for archive in sorted(target.glob("*.tgz")):
        with tarfile.open(archive) as packed:
            packed.extractall(target / archive.stem, filter="data")
        archive.unlink()


if __name__ == "__main__":
    main()
