from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.bodies.keyed import KeyedMasker, KeyNames, find_under_key, shown_key, view_prefix
from tests.bodies.fake_masking import FakeMasking, fake_masking

KEY = b"KEY" + b"01234567"

texts = st.lists(st.sampled_from([KEY, b"hunterpw", b"KEY", b"x", b"\xc3\xa9", b""]), max_size=5).map(b"".join)
keys = st.sampled_from([b"", b"pwd", b"K", KEY, b"KEY01", b"p", b"a pwd", b"\xc3\xa9" * 300 + b"pwd"])


@given(key=keys, text=texts, data=st.data())
def test_a_stream_under_its_key_equals_the_whole_text(key: bytes, text: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    masker = KeyedMasker(fake_masking(), key)
    made = (
        b"".join(masker.feed(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)) + masker.finish()
    )
    expected, at = b"", 0
    found = find_under_key(fake_masking(), key, text)
    for finding in found:
        expected += text[at : finding.start] + finding.placeholder.encode()
        at = finding.end
    assert made == expected + text[at:]
    assert [news.placeholder for news in masker.news()] == [finding.placeholder for finding in found]
    assert masker.news() == []


def test_a_long_key_is_cut_between_characters() -> None:
    assert view_prefix(b"x" + "é".encode() * 200) == "é".encode() * 128 + b": "
    assert view_prefix("é".encode() * 200 + b"x") == "é".encode() * 127 + b"x: "


def test_a_shown_key_is_short_and_holds_no_secret() -> None:
    shown = [shown_key(fake_masking(), key) for key in (b"name", KEY, b"\x1b[2J", b"x" * 65, b"\xff")]
    assert shown == ["name", "*", "*", "*", "\ufffd"]


def test_of_keys_it_is_remembered_whether_they_hold_a_secret() -> None:
    masking = FakeMasking()
    names = KeyNames(masking)  # type: ignore[arg-type]
    for _ in range(3):
        assert [names.is_clean(key) for key in (b"name", KEY)] == [True, False]
    assert masking.finds == 2
