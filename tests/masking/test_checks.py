from __future__ import annotations

import pytest

from maskproxy.errors import RuleRefused
from maskproxy.masking import checks


def test_entropy_is_in_bits_a_byte() -> None:
    assert checks.entropy(b"aaaa") == 0
    assert checks.entropy(b"abcd") == 2
    assert checks.entropy(b"") == 0


@pytest.mark.parametrize("text", [b"AKIAIOSFODNN7EXAMPLE", b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"])
def test_documented_examples_are_let_through_and_nothing_like_them(text: bytes) -> None:
    assert not checks.Checks().pass_(text)
    assert checks.Checks().pass_(text[:-1] + b"x")


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
    assert checks.is_stand_in(text)


@pytest.mark.parametrize("text", [b"hunter2", b"S3cr3t!pw", b"Myp4ssw0rd", b"correcthorse", b"x9k2m4xx"])
def test_real_looking_values_are_no_stand_ins(text: bytes) -> None:
    assert not checks.is_stand_in(text)
    assert not checks.is_reference(text)


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
    assert checks.is_reference(text)


def test_names_in_programs() -> None:
    assert all(
        checks.is_identifier(name) for name in (b"password", b"get_token2", b"accessToken", b"MY_TOKEN", b"api-key")
    )
    assert not any(checks.is_identifier(name) for name in (b"hunter2pw", b"aB3xQz", b"qXzPkLmW"))


def test_settings_are_read() -> None:
    read = checks.read({"entropy": 2.0, "clear": ["hex"], "allow": ["tolerated1"], "holds": ["[0-9]"]})
    assert read.pass_(b"a1b2c3xyz")
    assert not read.pass_(b"a1a1a1a1")
    assert not read.pass_(b"0123456789abcdef")
    assert not read.pass_(b"tolerated1")
    assert not read.pass_(b"abcdefghij")


def test_what_stands_before_may_clear_a_candidate() -> None:
    read = checks.read({"unless_after": ["csrf_", "public.{0,3}"]})
    assert read.pass_(b"a1b2c3xyz", b"public: no; ")
    assert not read.pass_(b"a1b2c3xyz", b"public: ")
    assert not read.pass_(b"a1b2c3xyz", b"a csrf_")


@pytest.mark.parametrize(
    "settings",
    [
        {"entropy": 9},
        {"entropy": "x"},
        {"clear": ["nothing"]},
        {"clear": "hex"},
        {"holds": ["("]},
        {"unless_after": ["("]},
        {"luck": 1},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(RuleRefused):
        checks.read(settings)


@pytest.mark.parametrize("name", ["stand-in", "reference", "identifier", "hex", "code", "constant"])
def test_a_check_reads_the_longest_candidate_in_no_time(name: str) -> None:
    # A check that tries every way of splitting a text would not come back from these.
    check = checks.read({"clear": [name]})
    for unit in (b"a", b"a1", b"aB", b"a_", b"a.", b"your", b"my-", b"A_", b"<", b"x=", b"${"):
        text = (unit * 4096)[:4095] + b"!"
        assert check.pass_(text) or name in {"reference", "code"}
