from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from maskproxy.errors import RuleRefused
from maskproxy.masking.engine import Database


def test_hits_are_ends() -> None:
    database = Database.compile(["ab{1,2}", r"\x00c"])
    assert sorted(set(database.hits(b"-abb\0c"))) == [(0, 3), (0, 4), (1, 6)]
    assert database.hits(b"") == []
    assert database.any(b"xxab")
    assert not database.any(b"xxa")


def test_threads_share_a_database() -> None:
    database = Database.compile(["needle[0-9]{2}"])
    text = b"hay" * 100_000 + b"needle42" + b"hay" * 100_000
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(database.hits, [text] * 32)) == [[(0, 300_008)]] * 32


def test_what_cannot_be_compiled_is_refused_without_the_pattern_in_the_sentence() -> None:
    with pytest.raises(RuleRefused) as refusal:
        Database.compile(["abc(?<=x)"])
    assert "abc" not in str(refusal.value)
