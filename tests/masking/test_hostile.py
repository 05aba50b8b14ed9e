"""Hostile texts, those whose cost `benchmarks.worst` shows: masked alike however they are cut, and however long."""

from __future__ import annotations

import pytest

from benchmarks.worst import TEXTS
from maskproxy.masking import masker
from tests.masking.builtin import MASKING

SIZE = 6000


@pytest.mark.parametrize("name", TEXTS)
def test_no_cut_shows_in_a_hostile_text(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXTS[name](SIZE).encode()
    masked, findings = MASKING.text(text)
    for step in (3, 50, 4500):
        stream = MASKING.masker()
        made = b"".join(stream.feed(text[at : at + step]) for at in range(0, len(text), step))
        assert made + stream.finish() == masked
        assert stream.findings == findings
    monkeypatch.setattr(masker, "_PIECE_BYTES", 1000)
    for most in (0, 20, SIZE):  # by the piece, and at once
        monkeypatch.setattr(masker, "_MOST_AT_ONCE", most)
        assert MASKING.text(text) == (masked, findings)
        assert MASKING.find(text) == findings
