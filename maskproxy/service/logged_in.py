"""Who runs a command on this machine."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

_NOBODY = 0xFFFFFFFF


def logged_in() -> str:
    """The name of whoever is logged in, by the system's own account of it; and as whom they act, if that is another."""
    acting = os.getuid()
    try:
        login = int(Path("/proc/self/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        login = _NOBODY
    return _name(acting) if login in {_NOBODY, acting} else f"{_name(login)} as {_name(acting)}"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
