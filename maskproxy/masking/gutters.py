"""Line numbers that a tool puts in front of each line of a file: `    12<tab>` or `    12→`.

A multi-line secret shown so is the same secret: its placeholder is made from the text without the gutters, however
the text is cut.
"""

from __future__ import annotations

import re

_GUTTER = re.compile(rb"\n[ \t]{0,8}[0-9]{1,6}(?:\t|\xe2\x86\x92)")
_UNFINISHED = re.compile(rb"\n(?:[ \t]{0,8}|[ \t]{0,8}[0-9]{1,6}(?:\xe2\x86?)?)\Z")
_LONGEST = 1 + 8 + 6 + 2


class Gutters:
    """Takes gutters out of a text that comes in pieces."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        text = self._held + data if self._held else data
        unfinished = _UNFINISHED.search(text, max(0, len(text) - _LONGEST))
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return _without(text[:cut])

    def finish(self) -> bytes:
        held, self._held = self._held, b""
        return _without(held)


def without_gutters(text: bytes) -> bytes:
    """Take them out of a text that is here whole."""
    gutters = Gutters()
    return gutters.feed(text) + gutters.finish()


def _without(text: bytes) -> bytes:
    return _GUTTER.sub(b"\n", text) if b"\n" in text else text
