from __future__ import annotations

import pytest

from maskproxy.masking.checks.program_text import is_expression, is_identifier, is_program_text, is_technical


@pytest.mark.parametrize(
    "value",
    [
        "%(password)s", "%s", "${TOKEN}", "{{ token }}", "{0}", "<password>", "/run/secrets/db", "./key.pem",
        "https://x.org",         "C:\\keys", "me@example.com", "id_rsa.pem", "vault:secret/db", "application/json",
        "en-US", "2024-01-31",
        "v1.2.3",         "12px", "SOME_OTHER_TOKEN", "std::string", "eyJ2IjoiMSIs...", "your-key",
        "sha256", "utf8mb4", "#f8f8f2",
        "^[a-z]+$",         "xxxx", "src/main/java", "foo.pem:certKey=foo.pem",
        "A128CBC-HS256", "A256GCMKW", "ECDH-ES+A128KW", "PBES2-HS256+A128KW", "RSA-OAEP-256",
    ],
)  # fmt: skip
def test_pieces_of_programs_and_texts(value: str) -> None:
    assert is_program_text(value)


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        "P@ssw0rd!",
        "x9/kQ2+zR8/vT1",
        "wJ7rXUtnF/K7MDqG/bPx9fiCY",
        "12345",
        "tiger",
        "A129GCM",
        "foo.pem:hunter22",
    ],
)
def test_what_might_be_a_secret_is_none(value: str) -> None:
    assert not is_program_text(value)


@pytest.mark.parametrize(
    "value", ["self.password", "get_password()", "a->b", "os.environ['X']", "!valid", "=other", "A|B", "a.b,c"]
)
def test_expressions(value: str) -> None:
    assert is_expression(value)
    assert not is_expression("hunter2")


@pytest.mark.parametrize(
    "value", ["new_password", "accessTokenValue", "Ed25519PrivateKey", "id_token_jwt", "X-Goog-Api-Key", "v3AuthPass"]
)
def test_identifiers(value: str) -> None:
    assert is_identifier(value)


@pytest.mark.parametrize("value", ["b0bsled", "kX9qZ2vW7", "x9k2-m4qq", "hunter"])
def test_what_is_no_identifier(value: str) -> None:
    assert not is_identifier(value)
    assert not is_technical(value)
