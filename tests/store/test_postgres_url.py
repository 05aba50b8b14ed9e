"""What the store's URL may say, and that nothing of it is told."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.store.postgres_url import parse_postgres

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(TEXTS, TEXTS, st.sampled_from(["db.example", "127.0.0.1", "[::1]", "localhost"]), st.integers(1, 65535))
def test_what_is_percent_encoded_comes_out_as_it_was(user: str, password: str, host: str, port: int) -> None:
    url = parse_postgres(f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/state")
    assert (url.user, url.password, url.database) == (user, password, "state")
    assert url.hosts == ((host.strip("[]"), port),)


@given(st.text(max_size=40))
def test_anything_else_is_refused_in_words(text: str) -> None:
    assert refusal(f"postgresql:{text}").endswith(".")


def refusal(text: str) -> str:
    try:
        parse_postgres(text)
    except ValueError as error:
        return str(error)
    return "None."


def test_the_password_is_in_no_repr() -> None:
    url = parse_postgres("postgresql://me:s3cret-of-mine@db.example/x")
    assert "s3cret" not in repr(url) + str(url)
    assert url.password == "s3cret-of-mine"


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("postgresql://db.example/x", "verify-full"),
        ("postgresql://10.0.0.7/x", "verify-full"),
        ("postgresql://db.example/x?sslmode=require", "require"),
        ("postgresql://127.0.0.1,db.example/x", "verify-full"),
        ("postgresql://127.0.0.1/x", None),
        ("postgresql://localhost/x?sslmode=verify-full", "verify-full"),
        ("postgresql:///x?host=/run/postgresql", None),
        ("postgresql://%2Frun%2Fpostgresql/x", None),
    ],
)
def test_whoever_is_elsewhere_proves_who_they_are(text: str, mode: str | None) -> None:
    options = dict(parse_postgres(text).options)
    assert options.get("sslmode") == mode
    assert options.get("sslrootcert") == ("system" if mode == "verify-full" else None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("postgresql://db.example/x?sslmode=prefer", "To another machine"),
        ("postgresql://db.example/x?sslmode=disable", "To another machine"),
        ("postgresql://127.0.0.1,db.example/x?sslmode=disable", "To another machine"),
        ("postgresql://db.example/x?sslmode=verify-ca", "needs sslrootcert"),
        ("postgresql://db.example/x?sslmode=full", "sslmode is one of"),
        ("postgresql://db.example/x?sslmode=require&sslmode=disable", "once each"),
        ("postgresql://db.example/x?options=-c%20search_path=y", "Behind the question mark"),
        ("postgresql://db.example", "Name the database"),
        ("postgresql://me:pw/of-mine@db.example/x", "percent-encode"),
        ("postgresql:///x", "Name one host"),
        ("postgresql://db.example/x?host=/run/postgresql", "Name one host"),
        ("postgresql:x", "Write postgresql://"),
        ("postgresql://db.example:0/x", "Write postgresql://"),
        ("postgresql://db.example:65536/x", "Write postgresql://"),
        ("postgresql://me:pw#of-mine@db.example/x", "Write postgresql://"),
        ("postgresql://db%00/x", "Write postgresql://"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as raised:
        parse_postgres(text)
    assert "of-mine" not in str(raised.value)


def test_files_are_beside_the_configuration() -> None:
    text = "postgresql://db.example/x?sslrootcert=ca.pem&sslkey=/etc/db.key&sslcert=db.pem"
    files = parse_postgres(text).under(Path("/etc/mp")).files
    assert files == {"sslrootcert": "/etc/mp/ca.pem", "sslkey": "/etc/db.key", "sslcert": "/etc/mp/db.pem"}
    assert parse_postgres("postgresql://db.example/x").under(Path("/etc")).files == {}
