import json

import pytest

from maskproxy.signin.managed import ManagedSettings, is_known, settings_for


def policy(name: str, *groups: str, **settings: object) -> ManagedSettings:
    return ManagedSettings(name, frozenset(groups), settings)


def test_the_checksum_is_of_what_the_settings_say_and_not_of_how_it_is_written() -> None:
    one = policy("a", b=1, a={"d": [1, 2], "c": "ü"})
    assert one.checksum == policy("other", "x", a={"c": "ü", "d": [1, 2]}, b=1).checksum
    assert one.checksum != policy("a", b=1, a={"d": [2, 1], "c": "ü"}).checksum
    known = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert policy("empty").checksum == known, "of two braces"


def test_a_policy_keeps_its_uuid_whatever_it_says() -> None:
    def uuid_of(one: ManagedSettings, issuer: str = "https://a.example") -> str:
        return str(json.loads(one.document(issuer))["uuid"])

    assert uuid_of(policy("a", b=1)) == uuid_of(policy("a", b=2))
    assert len({uuid_of(policy("a")), uuid_of(policy("b")), uuid_of(policy("a"), "https://b.example")}) == 3


def test_the_first_that_fits_is_a_person_s() -> None:
    policies = [policy("admins", "admins"), policy("engineers", "engineering", "research"), policy("everybody")]
    for groups, name in (({"research", "admins"}, "admins"), ({"research"}, "engineers"), (set(), "everybody")):
        found = settings_for(frozenset(groups), policies)
        assert found is not None
        assert found.name == name
    assert settings_for(frozenset({"sales"}), policies[:2]) is None


@pytest.mark.parametrize(
    ("field", "known"),
    [
        (None, False),
        ("", False),
        ('"sha256:a"', True),
        ("sha256:a", True),
        ('W/"sha256:a"', True),
        ('"x", "sha256:a"', True),
        ("*", False),
        ('"sha256:ab"', False),
        ('"*"', False),
    ],
)
def test_what_a_client_has_already(field: str | None, known: bool) -> None:
    assert is_known(field, "sha256:a") is known
