"""YAML and TOML read under bounds, since a rule file may be hostile: what is too large or too deep is refused.

An alias counts as all that it stands for, so that a small file stays a small document. Keys that are there twice are
refused, too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Hashable
from typing import Any

import yaml

from maskproxy.errors import RuleRefused

FILE_LIMIT_BYTES = 4 << 20
_TOML_LIMIT_BYTES = 1 << 20
_NODES_LIMIT = 150_000
_DEPTH_LIMIT = 16
_SCALAR_LIMIT = 20_000
_NAMES = rb"(?:[\w\"'-]+[ \t]*\.[ \t]*){16}"
_LONG_NAME = re.compile(rb"^[ \t]*(?:\[\[?[ \t]*)?" + _NAMES + rb"|[{,][ \t]*" + _NAMES, re.MULTILINE)
_DEEP = re.compile(rb"(?:[\[{][\s]*){64}")
_YAML_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where there is one


class _Loader(_YAML_LOADER):  # type: ignore[misc,valid-type] # chosen above
    """A safe loader that takes no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(keys) != len(set(keys)):
            raise _Unfit(f"has a key twice in one mapping, on line {node.start_mark.line + 1}; keep one of them")
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


class _Unfit(Exception):
    """What is wrong, to stand behind the file's name."""


def read_yaml(content: bytes, name: str, *, bounded: bool = True) -> object:
    """Read YAML. Raises RuleRefused, naming the file and what to do. Our own files need no bounds."""
    try:
        if bounded:
            _check_events(content)
        return yaml.load(content, Loader=_Loader)  # noqa: S506 # a safe loader
    except _Unfit as unfit:
        raise RuleRefused(f"The rule file {name} {unfit}.") from unfit
    except yaml.YAMLError as error:
        raise RuleRefused(f"The rule file {name} is not YAML{_line(error)}.", detail=_problem(error)) from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise RuleRefused(f"The rule file {name} is not YAML.", detail=type(error).__name__) from error


def _check_events(content: bytes) -> None:
    nodes = 0
    sizes: dict[str, int] = {}
    """Of what each anchor names, with all that its aliases stand for."""
    opened: list[tuple[str | None, int]] = []
    for event in yaml.parse(content, Loader=_YAML_LOADER):
        nodes += 1
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise _Unfit(f"has an alias of what it stands in on line {_number(event)}; write the value out")
            nodes += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, nodes))
            if len(opened) > _DEPTH_LIMIT:
                raise _Unfit(f"is nested deeper than {_DEPTH_LIMIT}; a rule needs no such depth")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor is not None:
                sizes[anchor] = nodes - before
        elif isinstance(event, yaml.ScalarEvent):
            if len(event.value) > _SCALAR_LIMIT:
                raise _Unfit(f"holds a text of over {_SCALAR_LIMIT} characters; make several rules of it")
            if event.anchor is not None:
                sizes[event.anchor] = 1
        if nodes > _NODES_LIMIT:
            raise _Unfit(f"holds more than {_NODES_LIMIT} values; make several files of it")


def read_toml(content: bytes, name: str) -> dict[str, Any]:
    """Read TOML. Raises RuleRefused, naming the file and what to do."""
    if len(content) > _TOML_LIMIT_BYTES:
        raise RuleRefused(f"The rule file {name} is over {_TOML_LIMIT_BYTES >> 20} MiB; make several files of it.")
    if _LONG_NAME.search(content) or _DEEP.search(content):
        raise RuleRefused(f"The rule file {name} is nested too deep; a rule needs no such depth.")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        sentence = str(error) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
        place = re.search(r"\(at line (\d+), column \d+\)", sentence)
        where = f" (line {place[1]})" if place else ""
        raise RuleRefused(f"The rule file {name} is not TOML{where}.", detail=sentence[:200]) from error


def _number(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1})" if mark is not None else ""


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or type(error).__name__)[:200]
