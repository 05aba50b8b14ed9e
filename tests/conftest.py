"""One manner for every property: no deadline for an example, since machines are noisy and nothing tests timing."""

import os
import shutil

import pytest
from hypothesis import settings

from tests.compiled import CACHE_HOME, built_in

settings.register_profile("maskproxy", deadline=None, print_blob=True)
settings.load_profile("maskproxy")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the built-in rules before anybody needs them, and but once for several workers."""
    os.environ["XDG_CACHE_HOME"] = str(CACHE_HOME)
    os.environ.pop("CACHE_DIRECTORY", None)
    if hasattr(config, "workerinput"):
        built_in()
        return
    for old in CACHE_HOME.parent.glob("*"):
        if old != CACHE_HOME:
            shutil.rmtree(old, ignore_errors=True)
    built_in()
