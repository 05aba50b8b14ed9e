"""Tokens of ours as `access.tokens` reads them: the same person as the company's own token shows."""

from __future__ import annotations

from typing import Any

import pytest

from maskproxy.access.keyset import KeySet
from maskproxy.access.tokens import LONGEST_TOKEN_BYTES, IssuerRules, Person, verify
from maskproxy.errors import Denied, Unauthenticated
from maskproxy.signin.tokens import TokenRules, claims_of, signed
from tests import fakes_tokens
from tests.signin.people import NOW, login

RULES = TokenRules("https://gateway.example.com", "maskproxy", 900, frozenset({"department", "absent"}))
KEY = fakes_tokens.ec_key("own-1")
KEYS = KeySet.from_dict({"keys": [KEY.jwk()]})


def minted(ends_at: float = NOW + 86400, **changes: object) -> dict[str, Any]:
    return claims_of(login(**changes), "s1", RULES, NOW, ends_at)


def read(claims: dict[str, Any]) -> Person:
    return verify(fakes_tokens.token(KEY, claims), RULES.verified_by(), KEYS, NOW)


def test_a_person_is_the_same_by_the_company_s_token_and_by_ours() -> None:
    own = verify(signed(minted(), "own-1", KEY.private), RULES.verified_by(), KEYS, NOW)  # type: ignore[arg-type] # an EC key
    theirs = fakes_tokens.claims(department="research", sub="u-1", iat=int(NOW) - 5)
    company = verify(fakes_tokens.token(KEY, theirs), IssuerRules(fakes_tokens.ISSUER, "maskproxy"), KEYS, NOW)
    assert own.key == company.key
    for name in ("iss", "sub", "department"):
        assert own.claims[name] == company.claims[name]
    assert "shoe_size" not in own.claims, "only what grants match on is carried"
    assert (own.session, company.session) == ("s1", "")
    assert own.signed_in_at == company.signed_in_at == NOW - 5


def test_no_token_outlives_its_session() -> None:
    assert read(minted()).expires_at == NOW + 900
    assert read(minted(ends_at=NOW + 60)).expires_at == NOW + 60


def test_no_two_tokens_share_an_id() -> None:
    assert len({minted()["jti"] for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "u-1"},
        {"sub": "https://idp.example.com#u-2"},
        {"idp": None},
        {"idp": "https://idp.example.com"},
        {"idp": {"iss": "https://other.example.com", "sub": "u-1"}},
        {"idp": {"iss": "https://idp.example.com", "sub": 1}},
        {"sid": None},
        {"claims": ["department"]},
        {"iss": "https://idp.example.com"},
        {"aud": "another"},
    ],
)
def test_what_does_not_say_who_vouched_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unauthenticated):
        read(minted() | changes)


def test_carried_claims_do_not_say_who_it_is() -> None:
    carried = {"sub": "root", "iss": "https://evil.example.com", "groups": ["admins"], "auth_time": NOW}
    person = read(minted() | {"claims": carried})
    assert person.key == "https://idp.example.com#u-1"
    assert (set(person.groups), person.signed_in_at) == ({"engineering"}, NOW - 5)
    assert person.claims["sub"] == "u-1"


def test_a_token_of_another_issuer_does_not_choose_its_person() -> None:
    """`idp` means something in our own tokens alone."""
    claims = fakes_tokens.claims(idp={"iss": "https://victim.example.com", "sub": "boss"}, sid="s")
    person = verify(fakes_tokens.token(KEY, claims), IssuerRules(fakes_tokens.ISSUER, "maskproxy"), KEYS, NOW)
    assert (person.key, person.session) == ("https://idp.example.com#u-1", "")


def test_groups_that_do_not_fit_are_told_rather_than_cut() -> None:
    many = frozenset(f"group-with-a-long-name-{number}" for number in range(700))
    with pytest.raises(Denied, match="fewer groups"):
        signed(minted(groups=many), "own-1", KEY.private)  # type: ignore[arg-type] # an EC key
    some = frozenset(f"group-with-a-long-name-{number}" for number in range(200))
    token = signed(minted(groups=some), "own-1", KEY.private)  # type: ignore[arg-type] # an EC key
    assert len(token) < LONGEST_TOKEN_BYTES
    assert verify(token, RULES.verified_by(), KEYS, NOW).groups == some
