"""The file's text as plain Python values: YAML with its sharp edges off, and `${NAME}` filled in.

Only the safe tags, no duplicate or non-text keys, no merge keys. Size, depth and the number of values after aliases
are expanded are capped, so that no file is a bomb. Every fault is gathered with its path; none repeats a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

LIMIT_BYTES = 1 << 20
LIMIT_DEPTH = 32
LIMIT_VALUES = 20_000
STR_TAG = "tag:yaml.org,2002:str"
COLLECTION_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
VARIABLE = re.compile(r"\$(\$?)\{([^}]*)\}")

Faults = list[tuple[str, str]]


class TooDeep(yaml.YAMLError):
    """The document nests further than a configuration has reason to."""


class Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with a bound on its recursion."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.depth += 1
        if self.depth > LIMIT_DEPTH:
            raise TooDeep
        try:
            node: yaml.Node | None = super().compose_node(parent, index)
            return node
        finally:
            self.depth -= 1


def join(path: str, key: str | int) -> str:
    """`routes` and 0 give `routes[0]`; `routes[0]` and `name` give `routes[0].name`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def parse(text: bytes, environ: Mapping[str, str]) -> tuple[dict[str, object], Faults]:
    """Read one YAML mapping. With faults, the mapping holds what could be read, for further checks."""
    if len(text) > LIMIT_BYTES:
        return {}, [("", "The file is over 1 MiB.")]
    try:
        loader = Loader(text.decode("utf-8-sig"))
        try:
            node = loader.get_single_node()
            if not isinstance(node, yaml.MappingNode):
                return {}, [("", "The file holds no mapping of keys to values.")]
            walk = Walk(loader, environ)
            value = walk.mapping(node, "", 0)
        finally:
            loader.dispose()
    except UnicodeDecodeError:
        return {}, [("", "The file is not UTF-8 text.")]
    except TooDeep:
        return {}, [("", "The file nests too deeply or holds too many values.")]
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else ""
        return {}, [(line, "This is not valid YAML: " + (error.problem or "it cannot be read") + ".")]
    except yaml.YAMLError:
        return {}, [("", "This is not valid YAML: it holds a character that is not allowed.")]
    return value, walk.faults


class Walk:
    """Turns nodes into values as if aliases were copies, and counts what that makes."""

    def __init__(self, loader: Loader, environ: Mapping[str, str]) -> None:
        self.loader = loader
        self.environ = environ
        self.faults: Faults = []
        self.values = 0

    def value(self, node: yaml.Node, path: str, depth: int) -> object:
        self.values += 1
        if self.values > LIMIT_VALUES or depth > LIMIT_DEPTH:
            raise TooDeep
        if not isinstance(node, yaml.ScalarNode) and node.tag not in COLLECTION_TAGS:
            self.faults.append((path, "The value cannot be read."))
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, join(path, i), depth + 1) for i, item in enumerate(node.value)]
        return self.scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != STR_TAG:
                self.faults.append((path, f"The key in line {line} is not plain text; merge keys are not supported."))
                continue
            key = key_node.value
            if key in result:
                self.faults.append((join(path, key), f"The key is given twice; the second time in line {line}."))
            result[key] = self.value(value_node, join(path, key), depth + 1)
        return result

    def scalar(self, node: yaml.Node, path: str) -> object:
        if node.tag == STR_TAG:
            return self.expand(str(node.value), path)
        try:
            value: object = self.loader.construct_object(node)
            return value
        except (yaml.YAMLError, ValueError, OverflowError):
            self.faults.append((path, "The value cannot be read."))
            return None

    def expand(self, text: str, path: str) -> str:
        """Fill in `${NAME}`; `$${` stands for `${` itself."""

        def fill(match: re.Match[str]) -> str:
            escaped, name = match.groups()
            if escaped:
                return "${" + name + "}"
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                self.faults.append((path, "Write ${NAME} with the name of an environment variable, or $${ for ${."))
            elif name not in self.environ:
                self.faults.append((path, f"The environment variable {name} is not set."))
            return self.environ.get(name, "")

        return VARIABLE.sub(fill, text)
