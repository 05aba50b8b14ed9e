from __future__ import annotations

import random

import pytest

from maskproxy.masking.checks.references import is_code, is_identifier, is_reference
from maskproxy.masking.samples import ALPHABETS, cook


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
    "name",
    [
        b"CanvasRenderingContext2DSettings",
        b"WebGL2RenderingContext",
        b"RCTRedBox2Controller",
        b"V2CoreAccountIncludingConfigurationRecipientCapabilityStatusUpdatedEvent",
        b"0001_initial",
        b"0002_auto_20160226_1747",
        b"x-amz-content-sha256",
    ],
)
def test_names_with_numbers_in_them(name: bytes) -> None:
    assert is_identifier(name)


@pytest.mark.parametrize(
    "text",
    [
        b"Xk2RenderingQzPwVbTr",
        b"Summer2024Party",
        b"NadelGUTGKOLIZ",
        b"MarbleViolinOtter42",
        b"Context12Settings34Canvas",
        b"0002_xkqzvwrtpl",
        b"2024_08_a1b2c3",
        b"correct-horse-hunter22",
        b"x-amz-9f3k2q",
    ],
)
def test_what_only_has_the_shape_of_one_is_none(text: bytes) -> None:
    assert not is_identifier(text)


@pytest.mark.parametrize(
    ("alphabet", "length"), [("alnum", 18), ("alnum", 40), ("alnum", 84), ("b64", 40), ("base36", 40)]
)
def test_random_characters_are_no_name(alphabet: str, length: int) -> None:
    draw = random.Random(length)
    texts = ("".join(draw.choices(ALPHABETS[alphabet], k=length)) for _ in range(500))
    assert not any(is_identifier(text.encode()) for text in texts)


@pytest.mark.parametrize("text", [b"await", b"lambda", b"typeof"])
def test_words_of_languages_are_code(text: bytes) -> None:
    assert is_code(text)
    assert not is_code(text + b"2")


@pytest.mark.parametrize(
    "text", [b"config.api.token", b"settings->secret", b"a::b", b"TimeBasedPasswordGenerator2.value"]
)
def test_a_member_is_a_reference(text: bytes) -> None:
    assert is_reference(text)


@pytest.mark.parametrize("recipe", ["{alnum:14}.atlasv1.{alnum:40}", "id.{alnum:32}"])
def test_a_token_of_several_parts_is_none(recipe: str) -> None:
    assert not is_reference(cook(recipe).encode())
    assert not is_code(cook(recipe).encode())
