from __future__ import annotations

import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.checks.evidence import (
    EVIDENCE,
    argument,
    bare,
    column,
    foretold,
    line,
    next_line,
    prose,
    quoted,
    sentence,
    sentence_argument,
    two_columns,
)
from maskproxy.masking.checks.places import CONTEXT_BYTES


@pytest.mark.parametrize(
    ("before", "value"),
    [
        (b'password = "', b"hunter2"),
        (b'"password": "', b"Summer2019!"),
        (b'const password: string = "', b"swordfish"),
        (b"os.environ.get('DB_PASSWORD', '", b"d3vpass"),
        (b'user.setPassword("', b"u5erpw"),
        (b'new Password("', b"s3cretv"),
        (b'contrase\xc3\xb1a: "', b"cl4ve99"),
        (b'client_secret: "', b"55ac9c5e-8c2c-4e6d-9c5c-4b4b1d2b2a44"),
        (b'api_key = "', b"d81jx0q2m4ka"),
        (b'password = "', b"copper-lantern-otter"),
        (b'"db_password": "', b"otter violin marble"),
        (b'password = "', b"Marble_1987"),
        (b'std::string dbPassword("', b"hunter2"),
        (b'strcpy(config->password, "', b"hunter2"),
        (b'buildConfigField("String", "DB_PASSWORD", "\\"', b"hunter2"),
        (b'env::var("DB_PASSWORD").unwrap_or_else(|_| "', b"hunter2"),
        (b'"name": "DB_PASSWORD", "value": "', b"hunter2"),
        (b"def db_password():\n    return '", b"hunter2"),
        (b'configure("DB_PASSWORD",\n    fallback="', b"hunter2"),
        (b'password =\n    "', b"hunter2"),
        (b'password = "', b"k7]Qz{mB2x"),
    ],
)
def test_quoted_secrets(before: bytes, value: bytes) -> None:
    assert quoted(value, before)


@pytest.mark.parametrize(
    ("before", "value"),
    [
        (b'password = "', b"password"),
        (b'password = "', b"secret"),
        (b'token = "', b"access_token"),
        (b'"password": "', b"string"),
        (b'password_field = "', b"hunter2"),
        (b'public_key = "', b"d81jx0q2m4kad81jx0q2"),
        (b'csrf_token_name = "', b"d81jx0q2m4ka"),
        (b'"user", "password", "', b"field2"),
        (b'errors["password"] = "', b"incorrect"),
        (b'get_password("', b"hunter2"),
        (b"pass `", b"datetime64"),
        (b'"password": {"', b"description"),
        (b'token = "', b"connectionToken"),
        (b'"password": "', b"Contrasenya"),
        (b'"password": "', b"enter your password"),
        (b"sign('', 'secret') => '", b"d81jx0q2m4kad81jx0q2"),
        (b"'password' => '", b"required|string|min:8"),
        (b'secret_key: "', b"@@DB_SECRET_KEY_1@@"),
        (b'api_key = "', b"env.DB_API_KEY"),
        (b'pw_shell = "', b"marble"),
        (b'password = get("PASSWORD")\nflavour = get("', b"hunter2"),
        (b"# doubled tokens are different:\n# sent = treebank.tokenized('", b"d81jx0q2m4ka"),
        (b'FTP_PASSWORD = "', b"guest"),
        (b'password: "', b"anonymous"),
    ],
)
def test_what_quotes_hold_beside_such_names_and_is_none(before: bytes, value: bytes) -> None:
    assert not quoted(value, before)


@pytest.mark.parametrize(
    ("before", "value", "secret"),
    [
        (b"password: ", b"hunter2", True),
        (b"\n  spring.datasource.password=", b"r00tme99", True),
        (b"export TOKEN=", b"d81jx0q2m4ka", True),
        (b"password=", b"!QAZ2wsx", True),
        (b"password = ", b"calv1n", True),
        (b"password = ", b"get_password()", False),
        (b"if x: password = ", b"pass1", False),
        (b"password = ", b"self.password", False),
        (b"arn:aws:x:secret:", b"MySecret1-a1b2c3", False),
        (b"password: ", b"str", False),
        (b"    password = ", b"content", False),
        (b"    passphrase = ", b"extra", False),
        (b"    password = ", b"marble", True),
        (b"password = ", b"theme", True),
        (b"password=", b"window", True),
    ],
)
def test_lines(before: bytes, value: bytes, secret: bool) -> None:
    assert line(value, before) is secret


@pytest.mark.parametrize(
    ("before", "value", "secret"),
    [
        (b"PGPASSWORD=", b"pgpw123", True),
        (b"?user=a&password=", b"jdbcpw7", True),
        (b"${DB_PASSWORD:-", b"d3fpass", True),
        (b"<password>", b"b4ngb4ng", True),
        (b"- name: DB_PASSWORD\n  value: ", b"k8spw77", True),
        (b"connecting with password=", b"l0gpw99", True),
        (b"connect(password=", b"pass1", False),
        (b'<label for="password">', b"Passwort", False),
    ],
)
def test_values_within_a_line(before: bytes, value: bytes, secret: bool) -> None:
    assert bare(value, before) is secret


def test_prose() -> None:
    assert prose(b"hunter22", b"the password is ")
    assert prose(b"sup3rs3cr3t", b"ENV DB_PASSWORD ")
    assert not prose(b"sha256", b"the password ")
    assert not prose(b"hashing", b"the password ")


def test_arguments() -> None:
    assert argument(b"b0bsled", b'login("bob", "')
    assert not argument(b"realm", b'login("bob", "')


@pytest.mark.parametrize("name", EVIDENCE)
@given(value=st.binary(min_size=1, max_size=40), before=st.binary(max_size=60))
def test_anything_is_judged(name: str, value: bytes, before: bytes) -> None:
    assert EVIDENCE[name](value, before) in (True, False)


@pytest.mark.parametrize("name", EVIDENCE)
def test_the_longest_candidate_is_judged_in_no_time(name: str) -> None:
    # What tries every way of splitting a text would not come back from these.
    draw = random.Random(1)
    begun = time.process_time()
    for unit in ("a", "a1", "aB", "a_", "a.", "(", "a(", "[", "x=", "a/", "-", "a|", "{", "%", string.printable):
        value = (unit * 4096)[:4095] + "!"
        for tie in (b"password=", b'password = "', b"password: ", b"<password>"):
            EVIDENCE[name](value.encode(), bytes(draw.choices(b"ab. _-\"'", k=CONTEXT_BYTES)) + tie)
            EVIDENCE[name](value.encode(), (b"a." * CONTEXT_BYTES + tie)[-CONTEXT_BYTES:])
    assert time.process_time() - begun < 3


def test_passphrases_are_told_from_labels() -> None:
    field = EVIDENCE["field"]
    assert field(b"correct horse", b"password: ")
    assert not field(b"Current password", b"password: ")
    assert not field(b"type it here, please.", b"password: ")


@pytest.mark.parametrize(
    ("before", "value", "secret"),
    [
        (b"The password for the database is ", b"hunter22", True),
        (b"The api key is ", b"d81jx0q2m4kad81jx0q2", True),
        (b"The password of the user is ", b"required", False),
        (b"the token is ", b"sha256", False),
        (b"const password = ", b"password$1", False),
    ],
)
def test_sentences(before: bytes, value: bytes, secret: bool) -> None:
    assert sentence(value, before) is secret


@pytest.mark.parametrize(
    ("before", "value", "secret"),
    [
        (b"insert into users (id, name, password) values (12, 'bob', '", b"hunter22", True),
        (b"insert into users (id, password, name) values (12, 'hunter22', '", b"bob77", False),
        (b"name,api_key,created\nbob,", b"d81jx0q2m4ka", True),
        (b"name,api_key,created\nbob,d81jx0q2m4ka,", b"2024-05-11", False),
        (b"password\n", b"hunter22", False),
    ],
)
def test_columns(before: bytes, value: bytes, secret: bool) -> None:
    assert column(value, before) is secret


def test_other_places() -> None:
    assert two_columns(b"hunter22", b"key,value\ndb_password,")
    assert not two_columns(b"password2", b"password,")
    assert not two_columns(b"hunter22", b"f(user, password,")
    assert next_line(b"hunter22", b"db_password: |\n  ")
    assert not next_line(b"hunter22", b"password_file: |\n  ")
    assert foretold(b"hunter22", b'use "')
    assert not foretold(b"password1", b'assertEqual("')
    assert sentence_argument(b"hunter22", b"creds: admin / ")
    assert not sentence_argument(b"password", b"login with user / ")
    assert line(b"hunter22", b"# password: ")
    assert not line(b"required", b"# password: ")
    assert line(b"hK3+kd92Ha7/Qm1xP0s=", b"SECRET=")
    assert not bare(b"MAX_SIZE=42", b"PASSWORD=<password>\n")
