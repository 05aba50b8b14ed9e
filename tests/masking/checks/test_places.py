from __future__ import annotations

import pytest

from maskproxy.masking.checks.names import Promise
from maskproxy.masking.checks.places import Place, place


def found(before: str) -> Place:
    here = place(before.encode())
    assert here is not None
    return here


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ('password = "', "password"),
        ('os.environ.get("DB_PASSWORD", "', "DB_PASSWORD"),
        ("const password: string = '", "password"),
        ('password = Secret("', "password"),
        ("user: x, db.password=", "db.password"),
        ("my api key: ", "my api key"),
        ('"Pässwort": 1, "kennwort": "', "kennwort"),
    ],
)
def test_the_name_that_leads_to_a_value(before: str, name: str) -> None:
    assert found(before).name.decode() == name


@pytest.mark.parametrize(
    "before",
    ["", 'username = "', 'password_field = "', 'public_key = "', "next page token: ", "x: MASKED_API_KEY_k3j4h5: "],
)
def test_no_name_of_a_secret_leads_to_it(before: str) -> None:
    assert place(before.encode()) is None


def test_how_a_name_and_a_value_are_tied() -> None:
    assert found('password = "').is_plainly_tied
    assert found('password: str = "').is_plainly_tied
    assert not found('password == "').is_plainly_tied
    assert found('std::string password("').calls is False
    assert found("cluster.setPassword('").name == b"setPassword"
    assert found('password (prod): "').gap == b': "'
    assert found("the api key is ").name == b"api key"
    assert found('"a=1\\npassword=').name == b"password"
    assert found("# password: ").is_comment
    assert not found("# password: ").begins_line
    assert found("src/main/app.py:12:password: ").begins_line
    assert found("url=<password>\n").is_placeholder
    assert not found("  <password>").is_placeholder
    assert found('user.setPassword("').calls
    assert found('user.setPassword("').sets
    assert not found('user.getPassword("').sets if place(b'user.getPassword("') else True
    assert found('pass the "').is_verb
    assert found('getenv("PASSWORD", "').is_gotten_by_name
    assert found('{"password", "').is_paired
    assert not found('"user", "password", "').is_paired
    assert found("PGPASSWORD=").is_parameter
    assert found("jdbc:x?user=a&password=").is_parameter
    assert not found("connect(password=").is_parameter
    assert found("- name: DB_PASSWORD\n  value: ").is_value_of
    assert found("x = 1\n  export PASSWORD=").begins_line
    assert not found("if x: password=").begins_line


def test_the_greater_promise_counts() -> None:
    assert found('password = Token("').promise is Promise.PASSWORD
