"""The schema and the reader say the same: what one refuses for its form, the other does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import yaml

from maskproxy.masking.rulefiles.schema import schema, schema_text
from maskproxy.masking.rulefiles.sources import BUILTIN
from maskproxy.masking.rulefiles.survey import survey

VALIDATE = fastjsonschema.compile(schema())
SHIPPED = BUILTIN.with_name("rules.schema.json")
GOOD: dict[str, Any] = {
    "id": "our-token",
    "name": "Ours",
    "severity": "low",
    "tags": ["a"],
    "pattern": "our_[a-z]{8}",
    "keywords": [],
    "checks": {"entropy": 1.5, "clear": ["stand-in"], "allow": ["x"], "holds": ["[a-z]"]},
    "except": [{"secret": ["^our_aaa"], "words": ["test"], "all": True}, {"words": ["b"]}],
    "samples": ["our_{lower:8}"],
    "near_misses": ["our"],
    "action": {"request": "block", "answer": "mask"},
}


def taken(tmp_path: Path, document: object) -> tuple[bool, bool]:
    """Whether the schema and the reader take a document."""
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(document))
    try:
        VALIDATE(document)
        fits = True
    except fastjsonschema.JsonSchemaValueException:
        fits = False
    return fits, not survey([path]).faults


def test_the_schema_in_the_package_is_the_one_that_is_made() -> None:
    assert SHIPPED.read_text() == schema_text(), "maskproxy rules schema > maskproxy/masking/rules.schema.json"


@pytest.mark.parametrize("path", sorted(BUILTIN.rglob("*.yaml")), ids=lambda path: path.name)
def test_each_builtin_file_fits_and_names_the_schema_where_it_is(path: Path) -> None:
    text = path.read_text()
    VALIDATE(yaml.safe_load(text))
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    if named != text.splitlines()[0]:
        assert (path.parent / named).resolve() == SHIPPED.resolve()


def test_what_fits_is_taken(tmp_path: Path) -> None:
    assert taken(tmp_path, {"family": "ours", "rules": [GOOD]}) == (True, True)
    assert taken(tmp_path, {"rules": [{"id": "a1", "pattern": "abcd[0-9]", "action": "alert"}]}) == (True, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "Our_Token"),
        ("id", "a" * 65),
        ("id", 7),
        ("id", "-a"),
        ("name", 7),
        ("severity", "dreadful"),
        ("severity", ["low"]),
        ("tags", "a"),
        ("pattern", 7),
        ("pattern", None),
        ("keywords", "word"),
        ("keywords", [1]),
        ("checks", []),
        ("checks", {"entropy": 9}),
        ("checks", {"entropy": "3"}),
        ("checks", {"clear": ["nothing"]}),
        ("checks", {"clear": "stand-in"}),
        ("checks", {"allow": [1]}),
        ("checks", {"unheard": 1}),
        ("except", {"words": ["a"]}),
        ("except", [{}]),
        ("except", [{"words": []}]),
        ("except", [{"words": [""]}]),
        ("except", [{"secret": "a"}]),
        ("except", [{"secret": ["abc"], "all": "yes"}]),
        ("except", [{"secret": ["abc"], "paths": ["x"]}]),
        ("samples", "x"),
        ("near_misses", [None]),
        ("action", "explode"),
        ("action", {"request": "explode"}),
        ("action", {"upstream": "mask"}),
        ("nickname", "x"),
    ],
)
def test_what_one_refuses_the_other_does(tmp_path: Path, field: str, value: object) -> None:
    assert taken(tmp_path, {"rules": [GOOD | {field: value}]}) == (False, False)


@pytest.mark.parametrize("missing", ["id", "pattern"])
def test_what_must_be_there(tmp_path: Path, missing: str) -> None:
    entry = {name: value for name, value in GOOD.items() if name != missing}
    assert taken(tmp_path, {"rules": [entry]}) == (False, False)


@pytest.mark.parametrize(
    "document", [{}, [], {"rules": {}}, {"rules": [], "more": 1}, {"rules": [7]}, {"rules": [GOOD], "family": 7}]
)
def test_documents_of_another_form(tmp_path: Path, document: object) -> None:
    assert taken(tmp_path, document) == (False, False)
