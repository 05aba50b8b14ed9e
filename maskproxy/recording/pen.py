"""Writes content to a terminal or a pipe: styles and marks on the first, plain text on the second, nothing obeyed.

Everything that comes from a recording goes through `text`, which shows control sequences instead of passing them on.
Lines are never wrapped or cut here.
"""

from __future__ import annotations

from typing import Final, TextIO

from rich.color import ColorSystem
from rich.style import Style

from maskproxy.recording.visible import held_back, spans

STYLES: Final = {
    "plain": Style.null(),
    "user": Style.parse("bold cyan"),
    "assistant": Style.parse("bold green"),
    "system": Style.parse("bold magenta"),
    "tool": Style.parse("bold yellow"),
    "result": Style.parse("bold blue"),
    "code": Style.parse("yellow"),
    "dim": Style.parse("dim"),
    "thinking": Style.parse("dim italic"),
    "good": Style.parse("green"),
    "bad": Style.parse("bold red"),
    "masked": Style.parse("black on yellow"),
    "escape": Style.parse("bold red"),
    "rule": Style.parse("bright_black"),
}


class Pen:
    """Writes to `file`; in colours where `colors` is true. `margin` is put before every line of `block` text."""

    def __init__(self, file: TextIO, *, colors: bool) -> None:
        self._file = file
        self._colors = colors
        self._held = ""
        self._held_style = "plain"
        self._margin = ""
        self._at_line_start = True

    @property
    def colors(self) -> bool:
        return self._colors

    def text(self, text: str, style: str = "plain", *, margin: str = "") -> None:
        """Write a text or the next part of one; a placeholder cut over two parts is marked as a whole."""
        if style != self._held_style or margin != self._margin:
            self.flush()
        self._held_style, self._margin = style, margin
        whole = self._held + text
        keep = held_back(whole)
        self._held = whole[len(whole) - keep :]
        self._put(whole[: len(whole) - keep], style, margin)

    def line(self, text: str = "", style: str = "plain", *, margin: str = "") -> None:
        """Write a text that ends here, and its line."""
        self.text(text, style, margin=margin)
        self.end_line()

    def end_line(self) -> None:
        self.flush()
        self._raw("\n", "plain")
        self._at_line_start = True

    def close_line(self) -> None:
        """End the line unless it has only begun."""
        self.flush()
        if not self._at_line_start:
            self.end_line()

    def flush(self) -> None:
        """Write what is held back."""
        held, self._held = self._held, ""
        self._put(held, self._held_style, self._margin)

    def show(self) -> None:
        """Let what is written be seen now."""
        self._file.flush()

    def _put(self, text: str, style: str, margin: str) -> None:
        for span in spans(text):
            shown = style if span.sort == "plain" else span.sort
            for number, line in enumerate(span.text.split("\n")):
                if number:
                    self._raw("\n", "plain")
                    self._at_line_start = True
                if line:
                    if self._at_line_start:
                        self._raw(margin, "plain")
                        self._at_line_start = False
                    self._raw(line, shown)

    def _raw(self, text: str, style: str) -> None:
        if self._colors and text.strip():
            text = STYLES[style].render(text, color_system=ColorSystem.STANDARD)
        self._file.write(text)
