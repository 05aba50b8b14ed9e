from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from maskproxy.access.grants import NOTHING_DECIDED, Approval, Grant, Standing
from maskproxy.access.hours import parse_hours
from maskproxy.access.policy import Asked, permit, refused_model
from maskproxy.errors import Denied
from tests.access.test_grants import NOW, person

CLAUDE = Asked("claude", "messages")


def grant(
    name: str, *routes: str, for_s: float | None = 3600, mode: Literal["enforce", "observe"] = "enforce"
) -> Grant:
    return Grant(name, frozenset({"engineering"}), frozenset(routes), for_s, mode)


def test_gives_the_grant_that_covers_the_route() -> None:
    grants = [grant("files", "files"), grant("claude", "claude")]
    assert permit(person({"engineering"}), grants, CLAUDE, NOW)[0].name == "claude"


def test_where_several_fit_one_that_enforces_wins() -> None:
    grants = [grant("trial", "claude", mode="observe"), grant("real", "claude")]
    assert permit(person({"engineering"}), grants, CLAUDE, NOW)[0].name == "real"
    assert permit(person({"engineering"}), grants[:1], CLAUDE, NOW)[0].mode == "observe"
    assert permit(person({"engineering"}), [grant("a", "claude"), grant("b", "claude")], CLAUDE, NOW)[0].name == "a"


def test_an_enforcing_grant_that_is_over_does_not_count() -> None:
    grants = [grant("trial", "claude", mode="observe"), grant("real", "claude", for_s=1)]
    assert permit(person({"engineering"}, issued_at=NOW - 2), grants, CLAUDE, NOW)[0].name == "trial"


@pytest.mark.parametrize(
    ("groups", "issued_at", "route", "next_step"),
    [
        ({"sales"}, NOW, "claude", "none of your groups"),
        (set[str](), NOW, "claude", "none of your groups"),
        ({"engineering"}, NOW, "telemetry", "do not cover this"),
        ({"engineering"}, NOW - 7200, "telemetry", "do not cover this"),
        ({"engineering"}, NOW - 7200, "claude", "Sign in again"),
        ({"engineering"}, 0.0, "claude", "Sign in again"),
    ],
)
def test_a_refusal_says_what_to_do_next(groups: set[str], issued_at: float, route: str, next_step: str) -> None:
    with pytest.raises(Denied, match=next_step) as caught:
        permit(person(groups, issued_at=issued_at), [grant("developers", "claude")], Asked(route, "messages"), NOW)
    assert route in caught.value.detail
    assert route not in str(caught.value)


def test_the_nearest_of_what_is_missing_is_told() -> None:
    base = grant("developers", "claude", for_s=None)
    files = replace(base, endpoints=frozenset({"files"}))
    night = replace(base, hours=(parse_hours("Sat 00:00-01:00 UTC"),))
    someone = person({"engineering"})

    def why(*grants: Grant) -> str:
        with pytest.raises(Denied) as caught:
            permit(someone, grants, Asked("claude", "batches"), NOW)
        return str(caught.value)

    assert why(files).startswith("Your grant does not cover this endpoint (batches), but only: files. Ask ")
    # 1970-01-12 was a Monday.
    assert why(files, night) == "Your grant for this is closed at this hour. It opens on Sat 1970-01-17 00:00 UTC."
    long_ago = replace(base, for_s=-1.0)
    assert "Sign in again" in why(files, long_ago)
    assert [one.name for one in permit(someone, [files, base], Asked("claude", "batches"), NOW)] == ["developers"]


def test_a_refused_model_is_told_with_what_is_allowed() -> None:
    base = grant("developers", "claude")
    error = refused_model([replace(base, models=("claude-haiku-*", "claude-x")), replace(base, models=("claude-x",))])
    assert (error.status, error.kind) == (400, "invalid_request_error")
    assert str(error) == "Your grant does not allow this model. Choose one of: claude-haiku-*, claude-x."


def test_a_grant_that_needs_approval_says_how_to_ask_and_is_open_once_it_was_given() -> None:
    urgent = replace(grant("urgent", "claude"), approval=Approval(frozenset({"leads", "cto"}), 5400, reason=True))
    someone = person({"engineering"})

    def why(standing: Standing, *more: Grant) -> str:
        with pytest.raises(Denied) as caught:
            permit(someone, [urgent, *more], CLAUDE, NOW, standing)
        return str(caught.value)

    assert why(NOTHING_DECIDED) == (
        "Your grant urgent needs approval by one of cto, leads. Ask for it: "
        'maskproxy access request urgent --for 90m --reason "..."'
    )
    waiting = NOTHING_DECIDED._replace(waiting=frozenset({"urgent"}))
    assert why(waiting).startswith("Your grant urgent waits for approval by one of cto, leads.")
    approved = NOTHING_DECIDED._replace(approved={"urgent": "g1"})
    assert permit(someone, [urgent], CLAUDE, NOW, approved) == (urgent,)
    with pytest.raises(Denied, match="none of your groups"):
        permit(person({"sales"}), [urgent], CLAUDE, NOW, approved)
    revoked = approved._replace(revoked=frozenset({"urgent"}))
    assert why(revoked).startswith("The grant urgent was revoked.")
    shut = replace(grant("night", "claude"), hours=(parse_hours("Sat 00:00-01:00 UTC"),))
    assert "access request urgent" in why(NOTHING_DECIDED, shut)


@pytest.mark.parametrize(("longest_s", "asked"), [(8 * 3600, "2h"), (3600, "1h"), (1800, "30m"), (90, "90s")])
def test_what_to_ask_for_is_never_more_than_there_is(longest_s: float, asked: str) -> None:
    brief = replace(grant("brief", "claude"), approval=Approval(frozenset({"leads"}), longest_s))
    with pytest.raises(Denied, match=f"request brief --for {asked}$"):
        permit(person({"engineering"}), [brief], CLAUDE, NOW)
