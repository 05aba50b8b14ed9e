from __future__ import annotations

import pytest

from maskproxy.masking.checks.references import is_identifier, is_reference


@pytest.mark.parametrize(
    "text",
    [
        b"${TOKEN}",
        b"$TOKEN",
        b"{{ token }}",
        b"%(token)s",
        b"%TOKEN%",
        b"self.token",
        b"os.environ",
        b"/run/secrets/x",
        b"vault:secret/data/x",
        b"a->b",
        b"#{token}",
    ],
)
def test_references(text: bytes) -> None:
    assert is_reference(text)


def test_names_in_programs() -> None:
    assert all(is_identifier(name) for name in (b"password", b"get_token2", b"accessToken", b"MY_TOKEN", b"api-key"))
    assert not any(is_identifier(name) for name in (b"hunter2pw", b"aB3xQz", b"qXzPkLmW"))
