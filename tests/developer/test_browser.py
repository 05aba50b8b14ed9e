import webbrowser

import pytest

from maskproxy.developer import browser

DESKTOP = {"DISPLAY": ":0"}


class Found:
    def __init__(self, name: str) -> None:
        self.name = name


@pytest.mark.parametrize(
    ("environ", "platform", "found", "has"),
    [
        (DESKTOP, "linux", "firefox", True),
        ({"WAYLAND_DISPLAY": "w"}, "linux", "xdg-open", True),
        (DESKTOP, "linux", "/usr/bin/w3m", False),
        (DESKTOP, "linux", "", True),
        ({}, "linux", "firefox", False),
        ({}, "darwin", "MacOSX", True),
        ({**DESKTOP, "SSH_CONNECTION": "a"}, "linux", "firefox", False),
        ({"SSH_CONNECTION": "a", "BROWSER": "code --open"}, "linux", "x", True),
    ],
)
def test_whether_a_page_can_be_shown_here(
    environ: dict[str, str], platform: str, found: str, has: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "get", lambda: Found(found))
    assert browser.has_browser(environ, platform) is has


def test_none_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", fail)
    monkeypatch.setattr(webbrowser, "open", fail)
    assert not browser.has_browser(DESKTOP, "linux")
    assert not browser.open_page("https://a")
