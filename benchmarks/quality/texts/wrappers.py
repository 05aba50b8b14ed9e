"""What people and tools put around a file before it reaches a model: line numbers, diffs, JSON strings, fences."""

from __future__ import annotations

import json
from collections.abc import Callable

from benchmarks.quality.values.draw import Draw


def numbered(text: str, draw: Draw) -> str:
    first = draw.pick((1, 1, draw.between(2, 1200)))
    return "\n".join(f"{at:6}\t{line}" for at, line in enumerate(text.rstrip("\n").split("\n"), first))


def with_arrows(text: str, _: Draw) -> str:
    return "\n".join(f"{at:5}→{line}" for at, line in enumerate(text.rstrip("\n").split("\n"), 1))


def found_by_grep(text: str, draw: Draw) -> str:
    path = f"src/{draw.word()}/{draw.word()}"
    return "\n".join(f"{path}:{at}:{line}" for at, line in enumerate(text.rstrip("\n").split("\n"), 1))


def diff(text: str, draw: Draw) -> str:
    path, lines = f"src/{draw.word()}", text.rstrip("\n").split("\n")
    head = f"diff --git a/{path} b/{path}\nindex {draw.of('hex', 7)}..{draw.of('hex', 7)} 100644\n--- a/{path}\n+++ b/{path}\n"
    return f"{head}@@ -0,0 +1,{len(lines)} @@\n" + "\n".join(draw.pick("++- ") + line for line in lines)


def json_string(text: str, draw: Draw) -> str:
    """A tool's result as JSON holds it: the file is one string, with escapes."""
    return json.dumps(
        {"type": "tool_result", "path": f"{draw.word()}/{draw.word()}", "content": text}, ensure_ascii=False
    )


def notebook(text: str, draw: Draw) -> str:
    cell = {"cell_type": "code", "execution_count": draw.between(1, 40), "source": text.splitlines(keepends=True)}
    return json.dumps({"cells": [cell], "nbformat": 4}, indent=1, ensure_ascii=False)


def fenced(text: str, draw: Draw) -> str:
    return f"Here is the {draw.word()} as it stands:\n\n```\n{text}```\n\nWhy does the {draw.word()} fail?\n"


def indented(text: str, _: Draw) -> str:
    return "\n".join(" " * 4 + line for line in text.split("\n"))


_NONE: Callable[[str, Draw], str] = lambda text, _: text  # noqa: E731 - a wrapper that wraps nothing
_WRAPPERS: tuple[tuple[float, tuple[str, Callable[[str, Draw], str]]], ...] = (
    (56, ("", _NONE)),
    (10, ("numbered", numbered)),
    (4, ("arrows", with_arrows)),
    (4, ("grep", found_by_grep)),
    (9, ("diff", diff)),
    (7, ("json", json_string)),
    (2, ("notebook", notebook)),
    (5, ("fence", fenced)),
    (3, ("indent", indented)),
)


def wrapped(text: str, draw: Draw) -> tuple[str, str]:
    """The text with or without something around it, and the name of that."""
    name, wrap = draw.weighted(_WRAPPERS)
    return wrap(text, draw), name
