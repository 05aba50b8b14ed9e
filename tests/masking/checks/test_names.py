from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.checks.names import Promise, is_about_a_secret, is_just_a_password, promise, words


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("password", Promise.PASSWORD),
        ("DB_PROD_PASSWORD", Promise.PASSWORD),
        ("dbPassword2", Promise.PASSWORD),
        ("spring.datasource.password", Promise.PASSWORD),
        ("db-pass-word", Promise.PASSWORD),
        ("PGPASSWORD", Promise.PASSWORD),
        ("mysqlpass", Promise.PASSWORD),
        ("passwords", Promise.PASSWORD),
        ("passwordForUser", Promise.PASSWORD),
        ("Kennwort", Promise.PASSWORD),
        ("contraseña", Promise.PASSWORD),
        ("motDePasse", Promise.PASSWORD),
        ("hasło", Promise.PASSWORD),
        ("пароль", Promise.PASSWORD),
        ("パスワード", Promise.PASSWORD),
        ("密码", Promise.PASSWORD),
        ("client_secret", Promise.SECRET),
        ("jwtSecret", Promise.SECRET),
        ("SECRET_KEY", Promise.SECRET),
        ("encryptionKey", Promise.SECRET),
        ("connectionString", Promise.SECRET),
        ("access_token", Promise.KEY),
        ("apiKey", Promise.KEY),
        ("X-Api-Key", Promise.KEY),
        ("aioKey", Promise.SOME_KEY),
        ("username", None),
        ("public_key", None),
        ("gpg_key", None),
        ("max_tokens", None),
        ("next_page_token", None),
        ("password_field", None),
        ("passwordHash", None),
        ("token_url", None),
        ("isPassword", None),
        ("passenger", None),
        ("author", None),
        ("tokenizer", None),
        ("compass", None),
        ("monkey", None),
    ],
)
def test_what_names_promise(name: str, expected: Promise | None) -> None:
    assert promise(name.encode()) is expected


def test_a_name_may_be_about_a_secret() -> None:
    assert is_about_a_secret(b"password_field")
    assert not is_about_a_secret(b"username")


def test_names_are_split_in_every_spelling() -> None:
    for name in (b"dbUserPass", b"DB_USER_PASS", b"db-user-pass", b"db.user.pass", b"DbUserPass"):
        assert words(name) == ("db", "user", "pass")


@given(st.binary(max_size=60))
def test_any_bytes_are_read(name: bytes) -> None:
    promise(name)


@pytest.mark.parametrize(
    "name",
    ["password", "DB_PASSWORD", "dbPasswd2", "redis_pass_prod", "passPhrase", "mot_de_passe", "X-Kafka-Passwort"],
)
def test_just_a_password(name: str) -> None:
    assert is_just_a_password(name.encode())


@pytest.mark.parametrize("name", ["client_secret", "token", "password_for_users", "pw_shell", "host", "max_password"])
def test_more_or_less_than_a_password(name: str) -> None:
    assert not is_just_a_password(name.encode())
