from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from maskproxy.errors import RuleRefused
from maskproxy.masking.engine import Database, Part


def test_hits_are_ends() -> None:
    database = Database.compile(["ab{1,2}", r"\x00c"])
    assert sorted(set(database.hits(b"-abb\0c"))) == [(0, 3), (0, 4), (1, 6)]
    assert database.hits(b"") == []
    assert database.any(b"xxab")
    assert not database.any(b"xxa")


def test_a_part_knows_its_own_expressions_alone_and_numbers_them_anew() -> None:
    part = Part(Database.compile(["a", "b", "c"]), [2, 0])
    assert sorted(part.hits(b"abcb")) == [(0, 3), (1, 1)]
    assert (part.any(b"bb"), part.any(b"bc")) == (False, True)
    assert sorted(part.few_hits(b"abc", 3) or ()) == [(0, 3), (1, 1)]
    assert part.few_hits(b"bbbb", 3) is None, "what is left out takes its time, too"
    assert Part(part, [1]).hits(b"abca") == [(0, 1), (0, 4)]
    with pytest.raises(TypeError):
        part.dump()


def test_threads_share_a_database() -> None:
    database = Database.compile(["needle[0-9]{2}"])
    text = b"hay" * 100_000 + b"needle42" + b"hay" * 100_000
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(database.hits, [text] * 32)) == [[(0, 300_008)]] * 32


def test_what_cannot_be_compiled_is_refused_without_the_pattern_in_the_sentence() -> None:
    with pytest.raises(RuleRefused) as refusal:
        Database.compile(["abc(?<=x)"])
    assert "abc" not in str(refusal.value)
