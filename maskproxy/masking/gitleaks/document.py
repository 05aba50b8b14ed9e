"""A gitleaks file with those that it extends: rules, allowlists, and in words what has no meaning here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from maskproxy.errors import RuleRefused
from maskproxy.masking.rulefiles.documents import read_toml
from maskproxy.masking.rulefiles.sources import read_content

_EXTENDED_LIMIT = 4
_KNOWN = {"title", "description", "minVersion", "rules", "allowlist", "allowlists", "extend"}
_APPENDED = ("keywords", "tags", "allowlists", "required")
Table = dict[str, Any]


class Remark(NamedTuple):
    """What a stream cannot honour."""

    rule: str
    """The rule's id in the file; empty: it is about the file."""
    sentence: str
    left_out: bool = False
    """The rule is not looked for at all."""


class Document(NamedTuple):
    """What a file and those that it extends say together."""

    rules: list[Table]
    allowlists: list[Table]
    remarks: list[Remark]
    contents: list[bytes]
    """What was read."""


def read_document(path: Path, content: bytes, seen: tuple[Path, ...] = ()) -> Document:
    """Read a file and what it extends. Raises RuleRefused, naming the file."""
    document = read_toml(content, path.name)
    remarks = [Remark("", f"{key} is not known here and has no effect") for key in sorted(set(document) - _KNOWN)]
    own = _tables(document.get("rules", []), "rules", path)
    for rule in own:
        if not isinstance(rule.get("id"), str) or not rule["id"]:
            raise RuleRefused(f"A rule in {path.name} has no id.")
        rule["allowlists"] = _lists(rule, path)
        rule.pop("allowlist", None)
    result = Document(own, _lists(document, path), remarks, [content])
    extend = document.get("extend", {})
    if not isinstance(extend, dict):
        raise RuleRefused(f"In {path.name} extend is not a table.")
    return _extended(result, extend, path, (*seen, path.resolve()))


def _extended(document: Document, extend: Table, path: Path, seen: tuple[Path, ...]) -> Document:
    remarks = list(document.remarks)
    if extend.get("useDefault"):
        remarks.append(
            Remark("", "extend.useDefault: gitleaks' own rules are not here; name builtin:default in masking.rules")
        )
    if extend.get("url"):
        remarks.append(Remark("", "extend.url: nothing is fetched; keep a copy beside this file and name it in path"))
    disabled = extend.get("disabledRules", [])
    if not isinstance(disabled, list):
        raise RuleRefused(f"In {path.name} extend.disabledRules is not a list.")
    named = extend.get("path")
    if not named:
        if disabled and not extend.get("useDefault"):
            remarks.append(Remark("", "extend.disabledRules has no effect without extend.path"))
        return document._replace(remarks=remarks)
    base_path = path.parent / str(named)
    if base_path.resolve() in seen or len(seen) > _EXTENDED_LIMIT:
        raise RuleRefused(f"The rule file {path.name} extends itself, or more than {_EXTENDED_LIMIT} files in a row.")
    base = read_document(base_path, read_content(base_path), seen)
    unknown = sorted({str(name) for name in disabled} - {rule["id"] for rule in base.rules})
    remarks += [Remark("", f"extend.disabledRules: {name} is not in the file that is extended") for name in unknown]
    return Document(
        _merged([rule for rule in base.rules if rule["id"] not in disabled], document.rules),
        [*base.allowlists, *document.allowlists],
        [*base.remarks, *remarks],
        [*document.contents, *base.contents],
    )


def _merged(base: list[Table], own: list[Table]) -> list[Table]:
    """Let a rule change one of the base that has its id: what it says replaces, its lists are added."""
    changes = {rule["id"]: rule for rule in own}
    result = []
    for rule in base:
        change = changes.pop(rule["id"], {})
        joined = {
            name: [*rule.get(name, []), *change.get(name, [])] for name in _APPENDED if _are_lists(rule, change, name)
        }
        result.append({**rule, **change, **joined})
    return [*result, *(rule for rule in own if rule["id"] in changes)]


def _are_lists(rule: Mapping[str, Any], change: Mapping[str, Any], name: str) -> bool:
    return (name in rule or name in change) and all(isinstance(one.get(name, []), list) for one in (rule, change))


def _lists(table: Table, path: Path) -> list[Table]:
    """Give the allowlists of a table, in the old form and the new one."""
    old = [table["allowlist"]] if isinstance(table.get("allowlist"), dict) else table.get("allowlist", [])
    return [*_tables(old, "allowlist", path), *_tables(table.get("allowlists", []), "allowlists", path)]


def _tables(value: object, name: str, path: Path) -> list[Table]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise RuleRefused(f"In {path.name} {name} is not a list of tables.")
    return value
