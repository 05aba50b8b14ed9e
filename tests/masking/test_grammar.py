from __future__ import annotations

from maskproxy.masking.grammar import (
    ALL_BYTES,
    EMPTY,
    Bytes,
    Choice,
    Repeat,
    choice,
    expression,
    listed,
    of,
    series,
    span,
    width,
)


def test_sets_of_bytes() -> None:
    assert listed(of(b"ba")) == (97, 98)
    assert span(97, 98) == of(b"ab")
    assert listed(ALL_BYTES) == tuple(range(256))


def test_series_and_choices_are_flat() -> None:
    a, b, c = (Bytes(of(x)) for x in (b"a", b"b", b"c"))
    assert series((series((a, b)), EMPTY, c)) == series((a, b, c))
    assert series((a,)) == a
    assert choice((a, b)) == Bytes(of(b"ab"))
    assert choice((series((a, b)), c)) == Choice((c, series((a, b))))


def test_widths() -> None:
    a = Bytes(of(b"a"))
    assert width(EMPTY) == (0, 0)
    assert width(series((a, Repeat(a, 2, 5)))) == (3, 6)
    assert width(choice((series((a, a)), a))) == (1, 2)
    assert width(series((a, Repeat(a, 1, None)))) == (2, None)


def test_an_expression_holds_nothing_that_could_be_misread() -> None:
    assert expression(series((Bytes(1), Bytes(of(b"|")), Bytes(of(b"a-]"))))) == r"\x00\x7c[\x2d\x5da]"
