from __future__ import annotations

from dataclasses import replace

import pytest

from maskproxy.access.grants import Grant, held_grants, open_grants
from maskproxy.access.hours import parse_hours
from maskproxy.access.patterns import ClaimRule
from maskproxy.access.tokens import Person

NOW = 1_000_000.0


def person(groups: set[str], *, issued_at: float = NOW, auth_time: object = None) -> Person:
    claims = {} if auth_time is None else {"auth_time": auth_time}
    return Person("https://idp.example.com", "u-1", "Ada", frozenset(groups), claims, issued_at, NOW + 3600)


def grant(name: str, group: str, for_s: float | None) -> Grant:
    return Grant(name, frozenset({group}), frozenset({"claude"}), for_s)


GRANTS = (
    grant("developers", "engineering", 3600),
    grant("always", "operators", None),
    grant("brief", "engineering", 60),
)


def test_groups_give_grants_in_the_order_of_the_configuration() -> None:
    assert [g.name for g in held_grants(person({"engineering", "operators"}), GRANTS)] == [
        "developers",
        "always",
        "brief",
    ]
    assert held_grants(person({"sales"}), GRANTS) == ()
    assert held_grants(person(set()), GRANTS) == ()


@pytest.mark.parametrize(
    ("issued_at", "auth_time", "names"),
    [
        (NOW, None, ["developers", "brief"]),
        (NOW - 59, None, ["developers", "brief"]),
        (NOW - 60, None, ["developers"]),
        (NOW - 3599, None, ["developers"]),
        (NOW - 3600, None, []),
        (NOW, NOW - 61, ["developers"]),  # the token is fresh, the sign-in is not
        (NOW, NOW - 3600, []),
        (NOW - 3600, int(NOW), ["developers", "brief"]),
        (0.0, None, []),  # a token that does not say when
        (NOW + 30, None, ["developers", "brief"]),  # within the leeway between clocks
    ],
)
def test_a_grant_is_open_for_its_time_after_signing_in(issued_at: float, auth_time: object, names: list[str]) -> None:
    someone = person({"engineering"}, issued_at=issued_at, auth_time=auth_time)
    assert [g.name for g in open_grants(someone, GRANTS, NOW)] == names


def test_a_grant_without_a_time_is_always_open() -> None:
    assert [g.name for g in open_grants(person({"operators"}, issued_at=0.0), GRANTS, NOW)] == ["always"]


def test_a_person_comes_in_by_a_group_of_the_configuration() -> None:
    both = Grant("trial", frozenset({"pilots", "early"}), frozenset({"claude"}), None, "observe")
    assert both.admits(person({"pilots", "sales", "a"})) == ("trial", "pilots", "observe")
    assert both.admits(person({"pilots", "early"})) == ("trial", "early", "observe")


def test_claims_give_grants_with_or_without_groups() -> None:
    of_repository = ClaimRule("repository", ("corp/*",))
    on_main = ClaimRule("ref", ("refs/heads/main", "refs/tags/*"))
    job = replace(grant("ci", "", None), groups=frozenset(), claims=(of_repository, on_main))
    both = replace(grant("both", "engineering", None), claims=(of_repository,))
    nobody = replace(job, name="nobody", claims=())

    def names(groups: set[str], **claims: object) -> list[str]:
        who = replace(person(groups), claims=claims)
        return [one.name for one in held_grants(who, (job, both, nobody))]

    assert names(set(), repository="corp/app", ref="refs/tags/v1") == ["ci"]
    assert names(set(), repository="corp/app", ref="refs/heads/fix") == []
    assert names({"engineering"}, repository="corp/app") == ["both"]
    assert names({"engineering"}, repository="corpse/app") == []
    assert job.admits(person(set())) == ("ci", "", "enforce")


def test_outside_of_its_hours_a_grant_is_not_open() -> None:
    daily = replace(grant("day", "engineering", None), hours=(parse_hours("Mon 13:00-14:00 UTC"),))
    at_1346_on_a_monday = NOW
    for now, names in ((at_1346_on_a_monday, ["day"]), (at_1346_on_a_monday + 14 * 60, [])):
        assert [g.name for g in open_grants(person({"engineering"}), (daily,), now)] == names


def test_models_and_endpoints_are_what_it_allows() -> None:
    some = replace(grant("some", "a", None), models=("claude-haiku-*",), endpoints=frozenset({"messages"}))
    assert some.allows(["claude-haiku-4-5"])
    assert not some.allows(["claude-haiku-4-5", "claude-opus-5"])
    assert grant("all", "a", None).allows(["claude-opus-5"])
    assert some.covers("claude", "messages")
    assert not some.covers("claude", "files")
    assert not some.covers("other", "messages")
