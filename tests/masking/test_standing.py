"""What may still become a match, for all rules at once: held against reading backwards, and against forgetting."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskproxy.masking import forward as machine
from maskproxy.masking import reading
from maskproxy.masking.automaton import TEXT_EDGE, beginnings, ending
from maskproxy.masking.forward import Forward
from maskproxy.masking.grammar import ANYTHING, EMPTY, Bytes, Repeat, Shape, of, series
from maskproxy.masking.net import Net
from maskproxy.masking.reading import Reading
from maskproxy.masking.syntax import WORD, parse
from tests.masking.test_automaton import texts
from tests.masking.test_syntax import patterns


def shapes_of(some: list[str]) -> list[Shape]:
    """Rules with different neighbours; every other one waits for the byte behind it, or has something before it."""
    shapes = []
    for number, pattern in enumerate(some):
        parsed = parse(f"(?:{pattern})b")
        lead = (EMPTY, EMPTY, parse("a[.1]{1,5}").secret, Repeat(Bytes(of(b"a1")), 0, 1))[number % 4]
        left = (ANYTHING & ~WORD, ANYTHING, WORD)[number % 3]
        after = parse("[1.]").secret if number % 5 == 4 else EMPTY
        right = ANYTHING & ~WORD if number % 2 else ANYTHING
        shapes.append(Shape(left, lead, parsed.secret, after, None, right))
    return shapes


def held_from(shapes: list[Shape], text: bytes, before: int) -> int:
    """Where the first secret may begin that goes on: what led to it ends there, and what follows begins there."""
    found = []
    for shape in shapes:
        rest = beginnings([(series((shape.secret, shape.after)), ANYTHING, shape.right != ANYTHING)])
        led = ending(shape.before, shape.left)
        found += [at for at in rest.starts(text, len(text), before) if led.longest(text, at, 0, before) <= at]
    return min((at for at in found if at < len(text)), default=len(text))


def ended(shapes: list[Shape], text: bytes) -> bool:
    """Whether a core ends at the end of the text."""
    return any(ending(shape.core, shape.left).longest(text, len(text), 0, TEXT_EDGE) < len(text) for shape in shapes)


@settings(max_examples=200, deadline=None)
@given(st.lists(patterns, min_size=1, max_size=6), texts, st.data())
def test_it_agrees_with_reading_backwards_however_it_is_cut(some: list[str], text: bytes, data: st.DataObject) -> None:
    """Near words are sought anew, far ones followed, or all followed; of long pieces the end is read."""
    shapes = shapes_of(some)
    net = Net.of(shapes)
    assert Net.read(net.plain()) == net
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_NEAR_BYTES", data.draw(st.sampled_from([0, 3, 24])))
        patch.setattr(reading, "_FAR_BYTES", data.draw(st.sampled_from([4, 4096])))
        stream, base, before, end = Reading(Forward(net), len(text)), 0, TEXT_EDGE, 0
        while end < len(text):
            end = data.draw(st.integers(end + 1, len(text)))
            stream.ended = False
            assert stream.alive(text[base:end], base, before) == held_from(shapes, text[:end], TEXT_EDGE) - base
            assert stream.ended or not ended(shapes, text[:end])
            released = data.draw(st.sampled_from([0, max(0, end - 60)]))
            if released > base:
                base, before = released, text[released - 1]


def alive(forward: Forward, text: bytes) -> int:
    return Reading(forward, 1000).alive(text, 0, TEXT_EDGE)


@given(st.lists(texts, min_size=1, max_size=8))
def test_forgetting_changes_no_answer_and_bounds_what_is_remembered(many: list[bytes]) -> None:
    net = Net.of(shapes_of(["a[ab.]{1,9}x?", "(?:ab|1)[b1]{2,6}", "B.{0,4}a", "[ab1]{4,9}"]))
    expected = [alive(Forward(net), text) for text in many]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "_MOST_REMEMBERED", 400)
        patch.setattr(machine, "_MOST_STANDINGS", 5)
        forward = Forward(net)
        for text, at in zip(many, expected, strict=True):
            assert alive(forward, text) == at
            assert len(forward._standings) <= 5
            assert forward.remembered <= 400


def test_neighbours_that_no_rule_tells_apart_share_a_number() -> None:
    forward = Forward(Net.of(shapes_of(["ab", "ba"])))
    assert forward.begin(ord("x")) is forward.begin(ord("Z")) is not forward.begin(ord("-"))
