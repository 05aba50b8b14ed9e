from __future__ import annotations

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking.checks.values import is_run, is_scrambled, is_uuid, looks_chosen, looks_random


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        "pass123",
        "Summer2019!",
        "P@ssword",
        "123456",
        "kwzpvm",
        "XqPzMw",
        "letmein",
        "qwerty",
        "a1b2",
        "pg-55word",
    ],
)
def test_people_choose_such_passwords(value: str) -> None:
    assert looks_chosen(value, sure=True)


@pytest.mark.parametrize("value", ["welcome-page", "required", "1234", "2019", "12px", "some_name_2", "me@corp.org"])
def test_where_other_things_stand_they_are_told_from_them(value: str) -> None:
    assert not looks_chosen(value, sure=False)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(20, 60))
def test_what_was_drawn_looks_it(seed: int, length: int) -> None:
    draw = random.Random(seed)
    values = ["".join(draw.choices(string.ascii_letters + string.digits, k=length)) for _ in range(100)]
    assert sum(looks_random(value, 12) for value in values) >= 85
    assert not any(looks_random(value, length + 1) for value in values)


@pytest.mark.parametrize("value", ["k7]Qz{mB2x", "aW+x9%Rk(T", "Zq*kM12&Z9$,q9w;Rt"])
def test_what_a_generator_mixed(value: str) -> None:
    assert is_scrambled(value)


@pytest.mark.parametrize(
    "value",
    ["^[A-Za-z0-9_-]+$", "{{ User.Name2 }}", "%Y-%m-%dT%H:%M:%S", "getUser(Id2).Name", "Summer2019!", "kX9mB2xQ7z"],
)
def test_what_it_did_not(value: str) -> None:
    assert not is_scrambled(value)


@pytest.mark.parametrize("value", ["abcdefgh12345678", "connectionString", "aaaaaaaaaaaaaaaa", "words-upon-words"])
def test_what_was_not_does_not(value: str) -> None:
    assert not looks_random(value, 8)


def test_uuids_and_runs() -> None:
    assert is_uuid("55ac9c5e-8c2c-4e6d-9c5c-4b4b1d2b2a44")
    assert not is_uuid("00000000-0000-0000-0000-000000000000")
    assert is_run("12345678")
    assert not is_run("83kd01xm")
