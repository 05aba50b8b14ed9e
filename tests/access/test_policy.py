from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from maskproxy.access.grants import Grant
from maskproxy.access.hours import parse_hours
from maskproxy.access.policy import Asked, permit, refused_model
from maskproxy.errors import Denied
from tests.access.test_grants import NOW, person


def grant(
    name: str, *routes: str, for_s: float | None = 3600, mode: Literal["enforce", "observe"] = "enforce"
) -> Grant:
    return Grant(name, frozenset({"engineering"}), frozenset(routes), for_s, mode)


def test_gives_the_grant_that_covers_the_route() -> None:
    grants = [grant("files", "files"), grant("claude", "claude")]
    assert permit(person({"engineering"}), grants, Asked("claude", "messages"), NOW)[0].name == "claude"


def test_where_several_fit_one_that_enforces_wins() -> None:
    grants = [grant("trial", "claude", mode="observe"), grant("real", "claude")]
    assert permit(person({"engineering"}), grants, Asked("claude", "messages"), NOW)[0].name == "real"
    assert permit(person({"engineering"}), grants[:1], Asked("claude", "messages"), NOW)[0].mode == "observe"
    assert (
        permit(person({"engineering"}), [grant("a", "claude"), grant("b", "claude")], Asked("claude", "messages"), NOW)[
            0
        ].name
        == "a"
    )


def test_an_enforcing_grant_that_is_over_does_not_count() -> None:
    grants = [grant("trial", "claude", mode="observe"), grant("real", "claude", for_s=1)]
    assert (
        permit(person({"engineering"}, issued_at=NOW - 2), grants, Asked("claude", "messages"), NOW)[0].name == "trial"
    )


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
