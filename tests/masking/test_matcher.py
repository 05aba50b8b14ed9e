from __future__ import annotations

from maskproxy.masking.automaton import TEXT_EDGE
from maskproxy.masking.matcher import Matcher, OpenTail, TailReader
from maskproxy.masking.shapes import shape


def tail_of(pattern: str, text: bytes, core_end: int, *, final: bool) -> OpenTail:
    taken = shape(pattern)
    assert taken.tail is not None
    tail = OpenTail(0, TailReader(taken.tail, taken.right), 0, core_end)
    tail.extend(text, 0, final=final)
    return tail


def test_the_secret_of_a_match_is_found_from_its_end() -> None:
    matcher = Matcher(shape(r'(?<!x)key[ =]{1,3}"(?P<secret>[^"]{4,9})"'))
    assert matcher.secrets(b'a key = "abcd" ', 14, TEXT_EDGE) == [(9, 13)]
    assert matcher.secrets(b'xkey = "abcd" ', 13, TEXT_EDGE) == []
    assert matcher.secrets(b'key="abcd"', 10, ord("x")) == []
    assert matcher.secrets(b'key="abcd"', 10, ord("y")) == [(5, 9)]


def test_the_longest_of_several_matches_is_taken() -> None:
    assert Matcher(shape("[ab]{4,7}c")).secrets(b"bababababac", 11, TEXT_EDGE) == [(3, 11)]
    ambiguous = Matcher(shape("k=?(?P<secret>=?[ab=]{4})(?:;|b;)"))
    assert ambiguous.secrets(b"k==aabb;", 8, TEXT_EDGE) == [(2, 7), (1, 6)] or ambiguous.secrets(
        b"k==aabb;", 8, TEXT_EDGE
    ) == [(1, 6), (2, 7)]


def test_a_tail_stays_open_while_it_may_go_on() -> None:
    assert not tail_of("abcd[e]{2,}", b"abcdeeee", 6, final=False).closed
    closed = tail_of("abcd[e]{2,}", b"abcdeeee-", 6, final=False)
    assert (closed.closed, closed.valid, closed.end) == (True, True, 8)
    assert tail_of("abcd[e]{2,}", b"abcdeeee", 6, final=True).closed


def test_a_bounded_tail_ends_at_its_limit_and_asks_for_its_neighbour() -> None:
    assert tail_of("abcd[e]{2,4}", b"abcdeeee", 6, final=False).closed
    assert not tail_of("abcd[e]{2,4}(?!e)", b"abcdeeee", 6, final=False).closed
    assert not tail_of("abcd[e]{2,4}(?!e)", b"abcdeeeee", 6, final=False).valid
    assert tail_of("abcd[e]{2,4}(?!e)", b"abcdeeee;", 6, final=False).valid


def test_a_terminator_may_arrive_in_pieces() -> None:
    pattern = "BEG[a-z]{2,}(?:-END[0-9]{0,2}!?)?"
    waiting = tail_of(pattern, b"BEGabc-EN", 5, final=False)
    assert (waiting.closed, waiting.undecided_from, waiting.end) == (False, 6, 6)
    assert tail_of(pattern, b"BEGabc-END7", 5, final=False).undecided_from == 6
    whole = tail_of(pattern, b"BEGabc-END7! x", 5, final=False)
    assert (whole.closed, whole.end) == (True, 12)
    other = tail_of(pattern, b"BEGabc-ENx", 5, final=False)
    assert (other.closed, other.end) == (True, 6)
    assert tail_of(pattern, b"BEGabc-END", 5, final=True).end == 10
