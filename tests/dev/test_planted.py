import base64
import json
import zlib
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.dev.planted import BASE62, Planted, aws_key_pair, forms, github_token, leaks, private_key


def test_they_are_true_to_form() -> None:
    key_id, key = aws_key_pair()
    assert len(key_id.value) == 20
    assert len(key.value) == 40
    token = github_token().value
    number = 0
    for digit in token[34:]:
        number = number * 62 + BASE62.index(digit)
    assert number == zlib.crc32(token[4:34].encode())
    assert private_key().value.startswith("-----BEGIN PRIVATE KEY-----\n")


def test_no_two_are_the_same() -> None:
    assert len({github_token().value for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "hide",
    [
        lambda v: v,
        json.dumps,
        lambda v: quote(v, safe=""),
        lambda v: v.split("\n")[1],
        lambda v: "1\t" + "\n2\t".join(v.split("\n")),
    ],
)
def test_a_leak_is_seen_in_each_disguise(hide: object) -> None:
    pem = private_key()
    assert callable(hide)
    assert leaks([pem], {"there": b"before " + hide(pem.value).encode() + b" after", "elsewhere": b"clean"})


@settings(deadline=None)
@given(st.binary(max_size=7), st.binary(max_size=7))
def test_base64_hides_nothing_at_any_alignment(before: bytes, after: bytes) -> None:
    token = github_token()
    encoded = base64.b64encode(before + token.value.encode() + after)
    assert leaks([token], {"body": encoded})


def test_what_is_told_does_not_repeat_it() -> None:
    token = github_token()
    (told, *_) = leaks([token], {"body": token.value.encode()})
    assert told == "body holds the GitHub token (plain)"


def test_what_is_clean_is_clean() -> None:
    assert leaks([*aws_key_pair(), github_token(), private_key()], {"body": b"MASKED_X_" * 1000}) == []
    assert all(len(needle) >= 12 for needle in forms(Planted("x", "A" * 20).value).values())
