"""Text one layer down: what is found in base64 and percent-encoded spans, in any cut, against a slow reading."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking import Masking, finder, settling
from tests.compiled import built_in
from tests.masking import oracle_encoded
from tests.masking.oracle import OracleRule
from tests.masking.rulesets import PLACEHOLDERS, rule_set

KEY = OracleRule("key", "key_[a-z0-9]{8}")
WORD = OracleRule("password", "[a-z0-9!]{6,12}", before="password: ?", after="[;\n]")
MASKING = Masking(rule_set((KEY, WORD)), PLACEHOLDERS)
BUILTIN = Masking(built_in(), PLACEHOLDERS)
SECRET = "key_" + "abcd1234"
LINES = (
    f"# settings of the service\nname: one\npassword: {'hunter'}2!;\nkey: {SECRET} and more text behind it\n" * 2
).encode()


def plain_finds(text: bytes) -> list[tuple[str, int, int]]:
    return [(f.rule, f.start, f.end) for f in Masking(MASKING.rules, PLACEHOLDERS, depth=0).find(text)]


def finds(text: bytes, depth: int = 1) -> list[tuple[str, int, int]]:
    """Plain findings and encoded ones; where they overlap, the first, else the encoded one, names both."""
    encoded = oracle_encoded.spans(text, lambda inner: finds(inner, depth - 1)) if depth else []
    merged: list[tuple[str, int, int]] = []
    for rule, start, end in sorted([*encoded, *plain_finds(text)], key=lambda span: span[1]):
        if merged and start < merged[-1][2]:
            merged[-1] = (*merged[-1][:2], max(end, merged[-1][2]))
        else:
            merged.append((rule, start, end))
    return merged


def wrapped(text: bytes, width: int, before: str = "") -> bytes:
    letters = base64.b64encode(text).decode()
    lines = [letters[at : at + width] for at in range(0, len(letters), width)]
    if before == "number":
        return "\n".join(f"{number:6}\t{line}" for number, line in enumerate(lines, 1)).encode()
    return ("\n" + before).join(lines).encode()


PIECES = [
    base64.b64encode(LINES),
    base64.b64encode(b"x" + LINES),
    base64.urlsafe_b64encode(b"??>>" + LINES).rstrip(b"="),
    base64.b64encode(base64.b64encode(LINES)),
    base64.b64encode(b"\xff\xfe" + SECRET.encode() + b" and more of it"),
    base64.b64encode(b"\x80" + SECRET.encode() + b" and more of it"),
    base64.b64encode(b"nothing to be found in here, only text that goes on for a while"),
    wrapped(LINES, 76),
    wrapped(LINES, 64, "  "),
    wrapped(LINES, 60, "number"),
    wrapped(LINES, 70),
    wrapped(LINES, 76).replace(b"\n", b"\r\n"),
    quote(LINES.decode(), safe="").encode(),
    quote_plus(f"password: {'hunter'}2!;").encode(),
    b"password%3A%20" + b"hunter" + b"2%3B",
    b"/data/" + base64.b64encode(LINES[:60]),
    b"%22", b"=", b"\n", b" ", b"Some text, ", b"aGVsbG8gd29ybGQs", b"-", b"/", b"\xc3\xa9", SECRET.encode(),
    b"VeryLongIdentifierOfSomeProgramThatGoesOn",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=4).map(b"".join)
cuts = st.lists(st.integers(0, 900), max_size=12)


def fed(masking: Masking, text: bytes, places: Sequence[int]) -> bytes:
    stops = sorted({min(place, len(text)) for place in places})
    stream = masking.masker()
    pieces = [text[a:b] for a, b in zip([0, *stops], [*stops, len(text)], strict=True)]
    return b"".join([*(stream.feed(piece) for piece in pieces), stream.finish()])


@settings(max_examples=120, deadline=None)
@given(texts, cuts)
def test_what_is_found_is_what_a_slow_reading_finds_in_any_cut(text: bytes, places: list[int]) -> None:
    whole, findings = MASKING.text(text)
    assert [(f.rule, f.start, f.end) for f in findings] == finds(text)
    assert fed(MASKING, text, places) == whole
    assert fed(MASKING, text, range(len(text))) == whole


@settings(max_examples=60, deadline=None)
@given(texts, cuts)
def test_long_texts_are_looked_through_in_another_way_and_alike(text: bytes, places: list[int]) -> None:
    whole = MASKING.text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finder, "LONG_BYTES", 24)
        assert MASKING.text(text) == whole
        assert fed(MASKING, text, places) == whole[0]


@settings(max_examples=60, deadline=None)
@given(texts, cuts)
def test_long_spans_are_judged_in_pieces(text: bytes, places: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module, names in ((settling, ("ENCODED_LIMIT", "_ENCODED_OVERLAP")), (oracle_encoded, ("PIECE", "STEP"))):
            for name, value in zip(names, (120, 60), strict=True):
                patch.setattr(module, name, value)
        whole, findings = MASKING.text(text)
        assert [(f.rule, f.start, f.end) for f in findings] == finds(text)
        assert fed(MASKING, text, places) == whole
        assert fed(MASKING, text, range(len(text))) == whole


@pytest.mark.parametrize("offset", range(3))
@pytest.mark.parametrize("form", ["whole", "url-safe", "wrapped", "utf-16"])
def test_every_kind_of_secret_is_found_in_base64_wherever_it_stands(offset: int, form: str) -> None:
    draw = random.Random(offset)
    filler = "# what stands in this file is of no interest to anybody\n" * 300
    for secret in ("ghp_" + "".join(draw.choices("abcXYZ019", k=36)), "DB_PASSWORD=" + "cor" + "recthorse7"):
        text = (filler[: 900 + offset] + "\n" + secret + "\n" + filler[: draw.randrange(20, 90)]).encode()
        match form:
            case "whole":
                hidden = base64.b64encode(text)
            case "url-safe":
                hidden = base64.urlsafe_b64encode(text).rstrip(b"=")
            case "wrapped":
                hidden = base64.encodebytes(text).rstrip(b"\n")
            case _:
                hidden = base64.b64encode(text.decode().encode("utf-16-le"))
        for around in ("", filler):
            whole = f"{around}data: ".encode() + hidden + b"\nend"
            masked, findings = BUILTIN.text(whole)
            assert len(findings) == 1
            assert masked == f"{around}data: {findings[0].placeholder}\nend".encode()
            assert BUILTIN.may_hold(whole.replace(b"\n", b"\\n"))


@pytest.mark.parametrize("before", ["\ufeff", "\u201c", "\u00fc", "Schl\u00fcssel f\u00fcr alle T\u00fcren: "])
@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le", "latin-1"])
def test_what_is_no_ascii_hides_nothing_that_stands_behind_it(before: str, charset: str) -> None:
    secret = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    text = (before + secret).encode(charset, "replace") + "\n".encode(charset)
    for filler in (b"", b"so it goes on and on; " * 300):
        hidden = base64.b64encode(text)
        masked, findings = BUILTIN.text(filler + hidden)
        assert [finding.rule for finding in findings] == ["github-pat-classic"]
        shown = base64.b64decode(hidden[: findings[0].start - len(filler)])
        assert len(shown) <= len(before.encode(charset, "replace")) + 2
        assert fed(BUILTIN, filler + hidden, range(len(filler) + len(hidden))) == masked
        assert BUILTIN.may_hold(filler + hidden)


def test_a_secret_in_a_data_url_is_found() -> None:
    hidden = base64.b64encode(b"<config><password>" + b"s3cr8b41x" + b"</password></config>").decode()
    masked, findings = BUILTIN.text(f'<a href="data:text/xml;base64,{hidden}">'.encode())
    assert masked == f'<a href="data:text/xml;base64,{findings[0].placeholder}">'.encode()
    masked, findings = BUILTIN.text(b'<a href="data:text/plain,password%20%3D%20' + b'hunter2pw%0A">')
    assert masked == f'<a href="data:text/plain,password{findings[0].placeholder}">'.encode()


def test_an_encoded_key_is_found_behind_the_beginning_that_is_not_encoded() -> None:
    line = "".join(random.Random(1).choices("ABCDEFabcdef0123456789", k=64))
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{line}\n{line}\n-----END RSA PRIVATE KEY-----\n"
    for encoded in (quote(key, safe=""), quote_plus(key), quote(key)):
        for text in (encoded.encode(), b"key=" + encoded.encode() + b"&x=1"):
            masked = fed(BUILTIN, text, range(len(text)))
            assert line not in masked.decode()
            assert masked == BUILTIN.text(text)[0]


def test_what_decodes_to_nothing_secret_stays() -> None:
    draw = random.Random(5)
    for text in (
        base64.b64encode(b"It is a truth universally acknowledged, that a single man " * 900),
        base64.b64encode(draw.randbytes(200_000)),
        base64.encodebytes(draw.randbytes(20_000)),
        b"https://example.com/search?q=some%20words%20and%2For%20others&next=https%3A%2F%2Fexample.com%2Fhome",
        b"theQuickBrownFoxJumpsOverTheLazyDogAndRunsAwayFromAbsolutelyEverybody " * 200,
    ):
        assert BUILTIN.find(text) == []


@pytest.mark.parametrize("secret", ["é=èàöü", "пароль", "key_éèàöü"])
def test_a_rule_that_utf_16_spells_otherwise_is_looked_for_there_in_every_look(secret: str) -> None:
    masking = Masking(rule_set((OracleRule("beyond-ascii", secret),)), PLACEHOLDERS)
    text = f"what stands in this file, {secret} and more"
    for around in (b"", b" text" * 2000):
        assert bool(masking.find(base64.b64encode(text.encode("utf-16-le")) + around))
        assert masking.find(base64.b64encode(text.encode()) + around)


def test_one_layer_is_seen_through_and_not_two() -> None:
    once = base64.b64encode(LINES)
    assert MASKING.find(once)
    assert not MASKING.find(base64.b64encode(once))


def test_a_stream_of_base64_is_held_in_bounded_memory() -> None:
    stream = MASKING.masker()
    text = base64.b64encode(b"It is a truth universally acknowledged, " * 5000)
    released = 0
    for at in range(0, len(text), 5000):
        released += len(stream.feed(text[at : at + 5000]))
        assert stream.held <= settling.ENCODED_LIMIT + 5000
    assert released > len(text) - 2 * settling.ENCODED_LIMIT
