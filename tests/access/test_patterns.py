from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.access.patterns import ClaimRule, claim_at, fits

TEXTS = st.text(alphabet="ab/*.", max_size=12)


@given(TEXTS, TEXTS)
def test_a_pattern_is_a_text_with_stars(pattern: str, text: str) -> None:
    slowly = re.compile(".*".join(re.escape(piece) for piece in pattern.split("*")), re.DOTALL)
    assert fits(pattern, text) is (slowly.fullmatch(text) is not None)


@given(st.lists(st.text(max_size=5), min_size=1, max_size=5), st.text(max_size=5))
def test_whatever_stands_for_the_stars_fits(pieces: list[str], between: str) -> None:
    assert fits("*".join(pieces), between.join(pieces))


def test_a_hostile_pattern_takes_no_time() -> None:
    begun = time.perf_counter()
    assert not fits("a*" * 500 + "b", "a" * 16_000)
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize(
    ("claim", "patterns", "met"),
    [
        ("repository", ("corp/*",), True),
        ("repository", ("corp/",), False),
        ("repository", ("other/*", "corp/app"), True),
        ("repository", ("*/APP",), False),
        ("environment", ("*",), False),
        ("ref", ("refs/heads/main",), True),
        ("protected", ("true",), True),
        ("protected", ("1",), False),
        ("run", ("17",), True),
        ("ratio", ("*",), False),
        ("nothing", ("*",), False),
        ("realm.roles", ("ci",), True),
        ("realm.roles.deeper", ("*",), False),
        ("https://x.example/team", ("blue",), True),
    ],
)
def test_a_claim_is_met_by_a_text_that_fits(claim: str, patterns: tuple[str, ...], met: bool) -> None:
    claims = {
        "repository": "corp/app",
        "ref": ["refs/heads/main", 7],
        "protected": True,
        "run": 17,
        "ratio": 0.5,
        "nothing": None,
        "realm": {"roles": ["ops", "ci"]},
        "https://x.example/team": "blue",
    }
    assert ClaimRule(claim, patterns).meets(claims) is met


def test_a_claim_of_that_very_name_comes_first() -> None:
    assert claim_at({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
