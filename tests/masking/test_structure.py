"""Whole files of every kind: what is secret in them is masked, what is not stays, as text and as a string in JSON."""

from __future__ import annotations

import json

import pytest

from maskproxy.masking import Masking
from maskproxy.masking.samples import cook
from tests.compiled import built_in
from tests.masking.builtin import MASKING
from tests.masking.rulesets import PLACEHOLDERS
from tests.masking.structure_files import CLEAN, FILES

FAMILIES = [
    "urls",
    "connection-strings",
    "headers",
    "calls",
    "command-lines",
    "key-material",
    "hashes",
    "one-time-passwords",
    "configuration-files",
    "containers",
    "provisioning-files",
]
STRUCTURE = Masking(built_in(*(f"builtin:{family}" for family in FAMILIES)), PLACEHOLDERS)


def parts(recipe: str) -> tuple[bytes, list[tuple[int, int]]]:
    """Take a recipe's marks out; give the text and the spans that were marked."""
    text, spans = b"", []
    for number, piece in enumerate(cook(recipe).replace("»", "«").split("«")):
        start, text = len(text), text + piece.encode()
        if number % 2:
            spans.append((start, len(text)))
    return text, spans


@pytest.mark.parametrize("kind", FILES)
def test_what_is_secret_in_a_file_is_masked(kind: str) -> None:
    text, spans = parts(FILES[kind])
    found = [(f.start, f.end) for f in MASKING.find(text)]
    assert [text[a:b] for a, b in spans if not any(start <= a and b <= end for start, end in found)] == []


@pytest.mark.parametrize("kind", FILES)
def test_what_stands_beside_a_secret_stays(kind: str) -> None:
    text, spans = parts(FILES[kind])
    found = [(f.start, f.end) for f in STRUCTURE.find(text)]
    assert [text[a:b] for a, b in found if not any(start <= a and b <= end for start, end in spans)] == []


@pytest.mark.parametrize("kind", FILES)
def test_a_file_in_json_is_never_called_clean(kind: str) -> None:
    text, spans = parts(FILES[kind])
    if spans:
        assert MASKING.may_hold(json.dumps({"content": text.decode()}).encode())


def test_what_only_looks_like_it_stays() -> None:
    for line in cook(CLEAN).splitlines():
        assert [line.encode()[f.start : f.end] for f in MASKING.find(line.encode())] == [], line
