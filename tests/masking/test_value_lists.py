"""Which values of a list are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.value_lists import values


def test_lines_are_taken_as_they_are_without_blanks_around() -> None:
    found = values(b"# names\n\nBluebird\n  two words \r\nBluebird\nabc\n#\n#9-real\n" + b"x" * 2000, "lines")
    assert found == ([b"Bluebird", b"two words", b"#9-real"], 2)


ENV = b"""# comment
NODE_ENV=production
PORT=8080
DEBUG=true
HOST=db.internal.example
LOG_DIR=/var/log/app
TIMEOUT=30s
REGION=eu-central-1
IMAGE=registry/app:1.2
API_URL=https://api.example.com/v1
export DB_PASSWORD=correcthorse   # the old one
DATABASE_URL="postgres://app:p%40ss-w0rd@db:5432/app"
STRIPE='live0123456789abcdefXYZ'
CERT_KEY="line one\\nline two"
EMPTY=
SECRET_NAME=${OTHER}
API_TOKEN=your-token-here
MULTI_SECRET="first
second"
SESSION_SECRET=a=b#c d
"""


def test_an_env_file_gives_its_secrets_and_no_everyday_words() -> None:
    assert values(ENV, "env").taken == [
        b"correcthorse",
        b"postgres://app:p%40ss-w0rd@db:5432/app",
        b"p%40ss-w0rd",
        b"p@ss-w0rd",
        b"live0123456789abcdefXYZ",
        b"line one\nline two",
        b"first\nsecond",
        b"a=b#c d",
    ]


@pytest.mark.parametrize("form", ["lines", "env"])
@given(st.binary(max_size=300))
def test_anything_is_read(form: str, text: bytes) -> None:
    found = values(text, form)  # type: ignore[arg-type]
    assert all(4 <= len(value) <= 1024 for value in found.taken)
    assert len(set(found.taken)) == len(found.taken)
