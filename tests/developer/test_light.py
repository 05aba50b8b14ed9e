"""The developer's side starts quickly: nothing of the gateway is imported for it."""

import subprocess
import sys

import pytest

HEAVY = (
    "aiohttp",
    "alembic",
    "cryptography",
    "hyperscan",
    "jwt",
    "keyring",
    "msgpack",
    "pydantic",
    "rich",
    "sqlalchemy",
)
OURS = ("access", "bodies", "config", "gateway", "masking", "recording", "signin", "store")
ASKED = f"""
import importlib, pkgutil, sys
import maskproxy.developer
for one in pkgutil.walk_packages(maskproxy.developer.__path__, "maskproxy.developer."):
    importlib.import_module(one.name)
from maskproxy.cli import asking, connect, doctor, env, login, main, whoami
heavy = {HEAVY!r} + tuple("maskproxy." + name for name in {OURS!r})
print([name for name in heavy if name in sys.modules])
"""


def python(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_of_it_imports_nothing_heavy() -> None:
    assert python(ASKED) == "[]\n"


@pytest.mark.parametrize("verb", ["token", "whoami"])
def test_what_runs_before_each_request_needs_no_loop(verb: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    code = (
        "import os, sys\n"
        f"os.environ['XDG_STATE_HOME'] = {str(tmp_path_factory.mktemp('state'))!r}\n"
        f"sys.argv = ['maskproxy', {verb!r}, '--gateway', 'https://gateway.example.com']\n"
        "from maskproxy.cli.main import outcome\n"
        "print(outcome(), sorted({'asyncio', 'webbrowser', 'aiohttp', 'pydantic', 'hyperscan'} & set(sys.modules)))"
    )
    assert python(code) == "77 []\n"
