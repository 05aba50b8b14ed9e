from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.cli.places import Places
from tests.masking.builtin import MASKING

SECRET = "AKIA" + "QYLPMN5HFIQR7XYA"
PEM = "-----BEGIN " + "PRIVATE KEY-----\n" + "MIIE\n" * 2000 + "-----END " + "PRIVATE KEY-----"
_TEXTS = st.lists(st.sampled_from(["é", "a\n", "\r\n", f" {SECRET} ", "x" * 70, PEM, "😀", "\n"]), max_size=12).map(
    "".join
)


@given(_TEXTS, st.lists(st.integers(1, 3000), min_size=1, max_size=6))
def test_places_are_right_however_the_text_is_cut(text: str, cuts: list[int]) -> None:
    data = text.encode()
    masker = MASKING.masker()
    places = Places(masker)
    told, at, number = [], 0, 0
    while at < len(data):
        piece = data[at : at + cuts[number % len(cuts)]]
        at, number = at + len(piece), number + 1
        places.feed(piece)
        masker.feed(piece)
        told += places.found()
    masker.finish()
    told += places.found()
    found = MASKING.find(data)
    assert [finding for finding, _, _ in told] == found
    for finding, line, column in told:
        before = data[: finding.start].decode()
        assert line == before.count("\n") + 1
        assert column == len(before) - (before.rfind("\n") + 1) + 1
