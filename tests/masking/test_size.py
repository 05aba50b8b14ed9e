"""What is reckoned is what the automaton is made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maskproxy.masking.automaton import Positions
from maskproxy.masking.grammar import Bytes, Node, Repeat, choice, series
from maskproxy.masking.size import size

_NODES: st.SearchStrategy[Node] = st.recursive(
    st.integers(1, 255).map(Bytes),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(series),
        st.lists(inner, min_size=1, max_size=3).map(choice),
        st.builds(Repeat, inner, st.integers(0, 2), st.integers(2, 5)),
    ),
    max_leaves=10,
)


@given(_NODES)
def test_positions_are_counted(node: Node) -> None:
    made = Positions()
    nullable, first, last = made.add(node)
    reckoned = size(node)
    assert reckoned.positions == made.count
    assert reckoned.nullable == nullable
    assert reckoned.first >= first.bit_count()
    assert reckoned.last >= last.bit_count()
