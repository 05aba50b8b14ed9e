from __future__ import annotations

from urllib.parse import parse_qsl, quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.bodies.forms import FORM_LIMIT_BYTES, MOST_PAIRS, FormBody, mask_target
from maskproxy.errors import TooLarge, UnsupportedCoding
from maskproxy.masking import Masking
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


def test_a_plus_that_nobody_encoded_hides_nothing(masking: Masking) -> None:
    token = "glc_" + "eyJvIjoiMSIsIm4iOiJ" + "0b2tlbi1hIiw+iayI6Ik" + "xPTkcra2V5In0"
    for raw in (f"a=1&x={token}&b=c+d", f"a=1&x=see+{token}&b=c+d"):
        masked, found = mask_target(masking, f"/v1/x?{raw}")
        body = FormBody(masking)
        body.feed(raw.encode())
        assert body.finish().forward == masked.removeprefix(b"/v1/x?")
        assert masked.decode().removeprefix("/v1/x?").replace(token, "") != raw
        assert "eyJ" not in masked.decode()
        assert "Ik" not in masked.decode()
        assert masked.decode().endswith("&b=c+d")
        assert {finding.place for finding in found} == {"query.x"}


@pytest.mark.parametrize("raw", ["{}", "file content: {}\n", "a b={}&c"])
def test_what_is_no_form_is_read_as_the_text_it_is(masking: Masking, raw: str) -> None:
    url = f"mongodb+srv://u:{'p%40Pb'}RrZoAkxQ@c.example.net"
    body = FormBody(masking)
    body.feed(raw.format(url).encode())
    made = body.finish().forward.decode()
    assert "RrZoAkxQ" not in made
    assert made.startswith(raw.partition("{")[0])
    assert [finding.rule for finding in body.findings] == ["url-password"]


def test_where_two_readings_meet_the_most_urgent_rule_is_told(masking: Masking) -> None:
    urgent = Masking(masking.rules, masking.placeholders, [("caller-token", b"abcdef ghi")], {"caller-token": 2})
    body = FormBody(urgent)
    body.feed(b"x=glc_" + b"eyJvIjoiMSIsIm4iOiJ" + b"0b2tlbi1hIiwiabcdef+ghiayI6IkxP")
    assert body.finish().forward.startswith(b"x=MASKED_")
    assert [finding.rule for finding in body.findings] == ["caller-token"]
