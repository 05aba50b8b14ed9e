from __future__ import annotations

from typing import Literal

import pytest

from maskproxy.access.grants import Grant
from maskproxy.access.policy import permit
from maskproxy.errors import Denied
from tests.access.test_grants import NOW, person


def grant(
    name: str, *routes: str, for_s: float | None = 3600, mode: Literal["enforce", "observe"] = "enforce"
) -> Grant:
    return Grant(name, frozenset({"engineering"}), frozenset(routes), for_s, mode)


def test_gives_the_grant_that_covers_the_route() -> None:
    grants = [grant("files", "files"), grant("claude", "claude")]
    assert permit(person({"engineering"}), grants, "claude", NOW).name == "claude"


def test_where_several_fit_one_that_enforces_wins() -> None:
    grants = [grant("trial", "claude", mode="observe"), grant("real", "claude")]
    assert permit(person({"engineering"}), grants, "claude", NOW).name == "real"
    assert permit(person({"engineering"}), grants[:1], "claude", NOW).mode == "observe"
    assert permit(person({"engineering"}), [grant("a", "claude"), grant("b", "claude")], "claude", NOW).name == "a"


def test_an_enforcing_grant_that_is_over_does_not_count() -> None:
    grants = [grant("trial", "claude", mode="observe"), grant("real", "claude", for_s=1)]
    assert permit(person({"engineering"}, issued_at=NOW - 2), grants, "claude", NOW).name == "trial"


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
        permit(person(groups, issued_at=issued_at), [grant("developers", "claude")], route, NOW)
    assert route in caught.value.detail
    assert route not in str(caught.value)
