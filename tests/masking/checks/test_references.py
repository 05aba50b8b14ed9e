from __future__ import annotations

import pytest

from maskproxy.masking.checks.references import is_code, is_identifier, is_reference
from maskproxy.masking.samples import cook


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


@pytest.mark.parametrize(
    "text", [b"config.api.token", b"settings->secret", b"a::b", b"TimeBasedPasswordGenerator2.value"]
)
def test_a_member_is_a_reference(text: bytes) -> None:
    assert is_reference(text)


@pytest.mark.parametrize("recipe", ["{alnum:14}.atlasv1.{alnum:40}", "id.{alnum:32}"])
def test_a_token_of_several_parts_is_none(recipe: str) -> None:
    assert not is_reference(cook(recipe).encode())
    assert not is_code(cook(recipe).encode())
