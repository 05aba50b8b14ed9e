from __future__ import annotations

from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.bodies.forms import FORM_LIMIT_BYTES, MOST_PAIRS, FormBody, mask_target
from maskproxy.errors import TooLarge, UnsupportedCoding
from tests.bodies.fake_masking import fake_masking

KEY = "KEY" + "01234567"
MASKED_KEY = "MASKED_KEY_" + b"01234567".hex()
MASKED_PWD = "MASKED_PWD_" + b"hunterpw".hex()

words = st.lists(st.sampled_from([KEY, "é", "pwd", ": ", "hunterpw", "a b", "&", "=", "+", "%", "😀"]), max_size=4).map(
    "".join
)


def mask(raw: str) -> tuple[str, list[str]]:
    body = FormBody(fake_masking())
    for character in raw:
        assert body.feed(character.encode()).forward == b""
    return body.finish().forward.decode(), [finding.place for finding in body.findings]


@given(pairs=st.lists(st.tuples(st.sampled_from(["pwd", "x", KEY, "é&"]), words), max_size=4), everything=st.booleans())
def test_names_and_values_are_masked_in_whatever_spelling(pairs: list[tuple[str, str]], everything: bool) -> None:
    def spell(text: str) -> str:
        return "".join(f"%{byte:02x}" for byte in text.encode()) if everything else quote_plus(text)

    raw = "&".join(f"{spell(name)}={spell(value)}" for name, value in pairs)
    masked, _ = mask(raw)
    expected = []
    for name, value in pairs:
        start, whole = (bytes(fake_masking().text(t.encode())[0]).decode() for t in (f"{name}: ", f"{name}: {value}"))
        expected.append((start.removesuffix(": "), whole.removeprefix(start)))
    assert parse_qsl(masked, keep_blank_values=True) == expected


def test_untouched_bytes_stay_untouched() -> None:
    raw = f"a=1&&=x&b&c=%zz%4&d=%c3%A9+%20&k={quote(KEY)}+%2f&e=é"
    assert mask(raw) == (raw.replace(KEY, MASKED_KEY), ["form.k"])


def test_a_value_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(UnsupportedCoding):
        mask("a=%ff")


def test_a_target_s_path_and_query_are_masked() -> None:
    masked, findings = mask_target(fake_masking(), f"/v1/%4BEY01234567/x?pwd=hunterpw&beta=true&k={KEY}")
    assert masked.decode() == f"/v1/{MASKED_KEY}/x?pwd={MASKED_PWD}&beta=true&k={MASKED_KEY}"
    assert [finding.place for finding in findings] == ["path", "query.pwd", "query.k"]
    assert mask_target(fake_masking(), "/v1/messages?beta=true") == (b"/v1/messages?beta=true", [])


def test_a_form_of_too_many_fields_or_bytes_is_refused() -> None:
    many = FormBody(fake_masking())
    many.feed(b"&" * (MOST_PAIRS + 1))
    with pytest.raises(TooLarge):
        many.finish()
    long = FormBody(fake_masking())
    long.feed(b"a" * FORM_LIMIT_BYTES)
    with pytest.raises(TooLarge):
        long.feed(b"a")
