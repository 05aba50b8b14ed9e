from __future__ import annotations

import pytest

from maskproxy.masking.checks.references import is_reference
from maskproxy.masking.checks.stand_ins import is_stand_in


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
    ],
)
def test_stand_ins(text: bytes) -> None:
    assert is_stand_in(text)


@pytest.mark.parametrize("text", [b"hunter2", b"S3cr3t!pw", b"Myp4ssw0rd", b"correcthorse", b"x9k2m4xx"])
def test_real_looking_values_are_no_stand_ins(text: bytes) -> None:
    assert not is_stand_in(text)
    assert not is_reference(text)
