from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.recording.pen import STYLES, Pen
from maskproxy.recording.visible import visible
from tests.recording.scripted import PLACEHOLDER

SGR = re.compile(r"\x1b\[[0-9;]*m")
any_text = st.text(st.characters(), max_size=40)


@given(st.lists(any_text, max_size=5), st.sampled_from(sorted(STYLES)))
def test_a_pipe_gets_the_visible_text_and_nothing_else(parts: list[str], style: str) -> None:
    file = io.StringIO()
    pen = Pen(file, colors=False)
    for part in parts:
        pen.text(part, style)
    pen.flush()
    assert file.getvalue() == visible("".join(parts))


@given(st.lists(any_text, max_size=5), st.sampled_from(sorted(STYLES)))
def test_a_terminal_gets_the_same_text_and_only_colours(parts: list[str], style: str) -> None:
    file = io.StringIO()
    pen = Pen(file, colors=True)
    for part in parts:
        pen.text(part, style)
    pen.flush()
    assert SGR.sub("", file.getvalue()) == visible("".join(parts))


def test_a_placeholder_over_two_pieces_is_marked_once() -> None:
    file = io.StringIO()
    pen = Pen(file, colors=True)
    pen.text(f"key {PLACEHOLDER[:12]}", "thinking")
    pen.text(f"{PLACEHOLDER[12:]} end", "thinking")
    pen.end_line()
    assert f"\x1b[30;43m{PLACEHOLDER}\x1b[0m" in file.getvalue()


def test_a_margin_stands_before_every_line_that_has_text() -> None:
    file = io.StringIO()
    pen = Pen(file, colors=False)
    pen.text("one\n\ntw", margin="  ")
    pen.text("o\n", margin="  ")
    pen.close_line()
    pen.line("three")
    assert file.getvalue() == "  one\n\n  two\nthree\n"


def test_a_line_is_closed_once() -> None:
    file = io.StringIO()
    pen = Pen(file, colors=False)
    pen.text("M")
    pen.close_line()
    pen.close_line()
    assert file.getvalue() == "M\n"
