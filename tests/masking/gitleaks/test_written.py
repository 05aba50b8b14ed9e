"""What is written is read back to the same."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from maskproxy.masking.gitleaks.written import Part, node
from maskproxy.masking.grammar import (
    ALL_BYTES,
    ANYTHING,
    AT_EDGE,
    EMPTY,
    Bytes,
    Node,
    Repeat,
    choice,
    expression,
    series,
)
from maskproxy.masking.syntax import parse

_SETS = st.one_of(
    st.sampled_from(
        [1 << 0x41 | 1 << 0x61, 1 << 0x2D, ALL_BYTES, ALL_BYTES & ~(1 << 10), 0xFF << 0x30, 1 << 0x5E | 1 << 0x5D]
    ),
    st.integers(1, ALL_BYTES),
    st.integers(0, 255).map(lambda byte: 1 << byte),
    st.integers(0x41, 0x5A).map(lambda byte: 1 << byte | 1 << byte + 32),
)
_NODES: st.SearchStrategy[Node] = st.recursive(
    _SETS.map(Bytes),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(series),
        st.lists(inner, min_size=1, max_size=3).map(choice),
        st.builds(Repeat, inner, st.integers(0, 2), st.integers(2, 5)),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(_NODES)
@example(choice((Bytes(1 << 0x61), choice((Bytes(1 << 0x61), Repeat(Bytes(1 << 0x61), 0, 2))))))
def test_a_node_is_read_back_to_the_same(one: Node) -> None:
    x = Bytes(1 << 0x78)
    parsed = parse(f"(?P<secret>x(?:{node(one)}))")
    assert expression(parsed.secret) == expression(series((x, one)))


@settings(deadline=None)
@given(st.integers(1, ANYTHING), st.integers(1, ANYTHING))
def test_neighbours_are_read_back_to_the_same(left: int, right: int) -> None:
    parsed = parse(Part(left, EMPTY, Bytes(1 << 0x61), EMPTY, right).pattern())
    assert (parsed.left, parsed.right) == (left, right)


def test_edges_and_long_repetitions() -> None:
    a = Bytes(1 << 0x61)
    assert Part(AT_EDGE, EMPTY, a, EMPTY, AT_EDGE).pattern() == r"\Aa\Z"
    assert Part(ANYTHING, a, a, EMPTY, ANYTHING).pattern() == "a(?P<secret>a)"
    assert node(Repeat(a, 64, 1600)) == "a{64,1000}a{0,600}"
    assert node(Repeat(a, 2000, 2000)) == "a{1000}a{1000}"
