from __future__ import annotations

import pytest

from maskproxy.masking.checks.references import is_reference
from maskproxy.masking.checks.stand_ins import is_example, is_stand_in


@pytest.mark.parametrize(
    "text",
    [
        b"xxxxxxxx",
        b"********",
        b"aaaaaaaa",
        b"<password>",
        b"[token]",
        b"your-api-key-here",
        b"YOUR_API_KEY",
        b"changeme",
        b"my-secret-token",
        b"insert_your_token_here",
        b"example",
        b"null",
        b"password-placeholder",
        b"REDACTED",
        b"a%20secret",
        b"password]",
        b"psw",
        b"deadbeef12346",
        b"CAFEBABE",
    ],
)
def test_stand_ins(text: bytes) -> None:
    assert is_stand_in(text)


@pytest.mark.parametrize(
    "text",
    [
        b"hunter2",
        b"S3cr3t!pw",
        b"Myp4ssw0rd",
        b"correcthorse",
        b"x9k2m4xx",
        b"p%40ss",
        b"marble%20hidden%20otter%20violin",
        b"ab1",
        b"deadbee1",
        b"deadbeefy",
    ],
)
def test_real_looking_values_are_no_stand_ins(text: bytes) -> None:
    assert not is_stand_in(text)
    assert not is_reference(text)


_DOCUMENTED = b"hh5s93j4" + b"hdidpola"
"""A token that RFC 5849 gives as an example."""


@pytest.mark.parametrize("rest", [b"", b"&", b"&token_type=bearer", b"&oauth_verifier=hfdp7dh3" + b"9dks9884&"])
def test_documented_examples(rest: bytes) -> None:
    assert is_example(_DOCUMENTED + rest)


@pytest.mark.parametrize(
    "text", [_DOCUMENTED + b"&password=x9k2m4xx", b"x9k2m4xx&token=" + _DOCUMENTED, _DOCUMENTED + b"1"]
)
def test_what_holds_more_than_examples_is_none(text: bytes) -> None:
    assert not is_example(text)
