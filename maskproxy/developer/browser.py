"""The person's browser: whether this machine can show one, and opening a page in it."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Mapping

_TEXT_ONLY = ("w3m", "lynx", "links", "elinks", "www-browser")


def has_browser(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """False where it would be a text browser in this terminal, or would open on another machine than the person's.

    Who named a browser (BROWSER) knows that it works, also over SSH: editors do so to open pages at home. There the
    redirect cannot come back, and they forward its port.
    """
    if environ.get("BROWSER"):
        return True
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return False
    if platform != "darwin" and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        name = str(getattr(webbrowser.get(), "name", ""))
    except webbrowser.Error:
        return False
    return not name.endswith(_TEXT_ONLY)


def open_page(url: str) -> bool:
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
