"""Where compiled rules are kept between starts: systemd's CacheDirectory, else the user's own cache."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def rule_cache(environ: Mapping[str, str]) -> Path | None:
    """None where the environment names neither a cache nor a home."""
    named = environ.get("CACHE_DIRECTORY", "").partition(":")[0] or environ.get("XDG_CACHE_HOME", "")
    if named:
        return Path(named) / "maskproxy"
    home = environ.get("HOME")
    return Path(home) / ".cache" / "maskproxy" if home else None
