r"""Assertions as neighbours: what may stand before and after a line.

Anchors, `\b` and boundaries such as `(?:['"\s]|$)` become sets of permitted neighbours, of one byte each, at the ends
of a line. In its middle they are decided by what stands on both sides, or given up with a note: then more is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from maskproxy.masking.gitleaks.go_classes import WORD
from maskproxy.masking.gitleaks.go_syntax import Assertion, Kind, refuse
from maskproxy.masking.gitleaks.lines import Boundary, Item, Line, Mark
from maskproxy.masking.grammar import ALL_BYTES, ANYTHING, AT_EDGE, Bytes, Node, Repeat, Series, of, series, width
from maskproxy.masking.syntax import first_bytes, last_bytes

_LINES_LIMIT = 64
_SHORT = 2
_NO_WORD = ANYTHING & ~WORD
_NEWLINE = of(b"\n")
FAR = "regex: of what must stand beside the match only the nearest byte is looked at"
CUT = "regex: a \\\\b that stands before what may be left out is not looked at, so that more is found"
INNER = "regex: an anchor in the middle is not looked at, so that more is found"
MIXED = "regex: \\b beside what may or may not be a word's sign is not looked at, so that more is found"


@dataclass(frozen=True, slots=True)
class Framed:
    """A line without assertions: permitted neighbours, and the nodes before, in and after the secret."""

    left: int
    before: tuple[Node, ...]
    secret: tuple[Node, ...]
    after: tuple[Node, ...]
    right: int


def framed(line: Line, captures: Sequence[int], notes: set[str]) -> list[Framed]:
    """Resolve a line. `captures`: in which order captures are asked whether they are the secret."""
    result: list[Framed] = []
    for before, secret, after in _expanded(*_parted(line, captures)):
        result += _split_at_words(before, secret, after, notes)
        if len(result) > _LINES_LIMIT:
            refuse("its anchors can be read in too many ways; make several rules of it")
    return result


def _parted(line: Line, captures: Sequence[int]) -> tuple[Line, Line, Line]:
    """Cut a line at the first capture that is never empty; without one the whole is the secret."""
    for number in captures:
        places = [at for at, item in enumerate(line) if isinstance(item, Mark) and item.number == number]
        if len(places) != 2:
            continue
        parts = [_unmarked(part) for part in (line[: places[0]], line[places[0] : places[1]], line[places[1] :])]
        secret = _never_empty(parts[1])
        if secret:
            return parts[0], secret, parts[2]
    return (), _unmarked(line), ()


def _never_empty(secret: Line) -> Line:
    """Leave out the empty word; give nothing where that would take more than one line."""
    if any(not isinstance(item, Assertion) and _least(item) for item in secret):
        return secret
    loops = [at for at, item in enumerate(secret) if isinstance(item, Repeat) and width(item.item)[0]]
    if len(loops) != 1 or len(secret) > 1 + sum(isinstance(item, Assertion) for item in secret):
        return ()
    loop = secret[loops[0]]
    assert isinstance(loop, Repeat)
    return (*secret[: loops[0]], Repeat(loop.item, 1, loop.most), *secret[loops[0] + 1 :])


def _unmarked(line: Line) -> Line:
    return tuple(item for item in line if not isinstance(item, Mark))


def _least(item: Item) -> int:
    if isinstance(item, Boundary):
        return min(0 if isinstance(option, Assertion) else width(option)[0] for option in item.options)
    assert not isinstance(item, Mark | Assertion)
    return width(item)[0]


def _expanded(before: Line, secret: Line, after: Line) -> list[tuple[Line, Line, Line]]:
    """Write boundaries out, but for short ones at the ends."""
    whole = [(0, item) for item in before] + [(1, item) for item in secret] + [(2, item) for item in after]
    rows: list[list[tuple[int, Item]]] = [[]]
    for at, (part, item) in enumerate(whole):
        if isinstance(item, Boundary) and (0 < at < len(whole) - 1 or _is_long(item)):
            rows = [[*row, (part, option)] for row in rows for option in item.options]
            if len(rows) > _LINES_LIMIT:
                refuse("its alternatives can be combined in too many ways; make several rules of it")
        else:
            rows = [[*row, (part, item)] for row in rows]
    return [tuple(tuple(i for p, i in row if p == part) for part in range(3)) for row in rows]  # type: ignore[misc]


def _is_long(boundary: Boundary) -> bool:
    return any(not isinstance(o, Assertion) and (width(o)[1] or _SHORT + 1) > _SHORT for o in boundary.options)


def _split_at_words(before: Line, secret: Line, after: Line, notes: set[str]) -> list[Framed]:
    items = [(0, i) for i in before] + [(1, i) for i in secret] + [(2, i) for i in after]
    left_marks: list[Item] = []
    while items and isinstance(items[0][1], Assertion | Boundary):
        left_marks.append(items.pop(0)[1])
    right_marks: list[Item] = []
    while items and isinstance(items[-1][1], Assertion | Boundary):
        right_marks.append(items.pop()[1])
    plain = _without_inner(items, notes)
    if plain is None:
        return []
    parts = [tuple(i for p, i in plain if p == part) for part in range(3)]
    cut = False
    if any(isinstance(mark, Assertion) and mark.kind == "word" for mark in left_marks) and len(left_marks) == 1:
        while parts[0] and width(parts[0][0])[0] == 0:  # with it any place would do, or nearly so
            parts[0], cut = parts[0][1:], True
    if cut:
        left_marks = []
        notes.add(CUT)
    bare = Framed(ANYTHING, parts[0], parts[1], parts[2], ANYTHING)
    found = [bare]
    for mark in left_marks:
        found = [more for one in found for more in _at_left(one, mark, notes)]
    for mark in right_marks:
        found = [more for one in found for more in _at_right(one, mark, notes)]
    return [one for one in found if one.left and one.right]


def _without_inner(items: list[tuple[int, Item]], notes: set[str]) -> list[tuple[int, Node]] | None:
    """Take the assertions out of the middle; None if they can never hold."""
    result: list[tuple[int, Node]] = []
    for at, (part, item) in enumerate(items):
        if not isinstance(item, Assertion):
            assert not isinstance(item, Boundary | Mark)
            result.append((part, item))
            continue
        rest = series(i for _, i in items[at + 1 :] if not isinstance(i, Assertion | Boundary | Mark))
        gone = series(i for _, i in result)
        verdict = _holds(item.kind, gone, rest)
        if verdict is False:
            return None
        if verdict is None:
            notes.add(INNER)
    return result


def _holds(kind: Kind, before: Node, after: Node) -> bool | None:
    """Tell whether an assertion between two nodes always holds; None: it depends."""
    sure = width(before)[0] > 0 and width(after)[0] > 0
    last, first = last_bytes(before), first_bytes(after)
    if kind in ("begin", "end"):
        return False if width(before if kind == "begin" else after)[0] else None
    if kind in ("line-begin", "line-end"):
        inside = last if kind == "line-begin" else first
        if not sure:
            return None
        return True if inside == _NEWLINE else None if inside & _NEWLINE else False
    sides = [None if side & WORD and side & ~WORD else bool(side & WORD) for side in (last, first)]
    if not sure or None in sides:
        return None
    return (sides[0] != sides[1]) == (kind == "word")


def _at_left(one: Framed, mark: Item, notes: set[str]) -> list[Framed]:
    if isinstance(mark, Boundary):
        return [replace(one, left=one.left & _beside(mark, last_bytes, notes))]
    assert isinstance(mark, Assertion)
    if mark.kind in ("begin", "line-begin"):
        return [replace(one, left=one.left & (AT_EDGE | (_NEWLINE if mark.kind == "line-begin" else 0)))]
    if mark.kind in ("end", "line-end"):
        return [replace(one, left=0)] if mark.kind == "end" else _given_up(one, notes, INNER)
    return [
        replace(part, left=part.left & permitted)
        for part, permitted in _word_sides(one, mark.kind, first_bytes, _restrict_first, notes)
    ]


def _at_right(one: Framed, mark: Item, notes: set[str]) -> list[Framed]:
    if isinstance(mark, Boundary):
        return [replace(one, right=one.right & _beside(mark, first_bytes, notes))]
    assert isinstance(mark, Assertion)
    if mark.kind in ("end", "line-end"):
        return [replace(one, right=one.right & (AT_EDGE | (_NEWLINE if mark.kind == "line-end" else 0)))]
    if mark.kind in ("begin", "line-begin"):
        return [replace(one, right=0)] if mark.kind == "begin" else _given_up(one, notes, INNER)
    return [
        replace(part, right=part.right & permitted)
        for part, permitted in _word_sides(one, mark.kind, last_bytes, _restrict_last, notes)
    ]


def _given_up(one: Framed, notes: set[str], note: str) -> list[Framed]:
    notes.add(note)
    return [one]


def _beside(boundary: Boundary, nearest: object, notes: set[str]) -> int:
    """Give the neighbours that a boundary permits."""
    assert callable(nearest)
    permitted = 0
    for option in boundary.options:
        if isinstance(option, Assertion):
            if option.kind in ("word", "inside"):
                notes.add(MIXED)
                return ANYTHING
            permitted |= AT_EDGE | (_NEWLINE if option.kind.startswith("line") else 0)
        elif width(option)[0] == 0:
            return ANYTHING
        else:
            if width(option)[1] != 1:
                notes.add(FAR)
            permitted |= nearest(option)
    return permitted


def _word_sides(one: Framed, kind: Kind, ends: object, restrict: object, notes: set[str]) -> list[tuple[Framed, int]]:
    r"""Give, for `\b` or `\B` at an end, what the end may be and which neighbours that permits."""
    assert callable(ends)
    assert callable(restrict)
    inside = ends(series((*one.before, *one.secret, *one.after)))
    in_word, outside = (_NO_WORD, WORD) if kind == "word" else (WORD, _NO_WORD)
    if not inside & ~WORD:
        return [(one, in_word)]
    if not inside & WORD:
        return [(one, outside)]
    parts = [(restrict(one, WORD), in_word), (restrict(one, ALL_BYTES & ~WORD), outside)]
    if any(part is None for part, _ in parts):
        notes.add(MIXED)
        return [(one, ANYTHING)]
    return parts


def _restrict_first(one: Framed, members: int) -> Framed | None:
    for name in ("before", "secret", "after"):
        nodes: tuple[Node, ...] = getattr(one, name)
        if nodes:
            head = _narrowed(nodes[0], members, at_end=False)
            return None if head is None else _with(one, name, (*head, *nodes[1:]))
    return None


def _restrict_last(one: Framed, members: int) -> Framed | None:
    for name in ("after", "secret", "before"):
        nodes: tuple[Node, ...] = getattr(one, name)
        if nodes:
            tail = _narrowed(nodes[-1], members, at_end=True)
            return None if tail is None else _with(one, name, (*nodes[:-1], *tail))
    return None


def _with(one: Framed, name: str, nodes: tuple[Node, ...]) -> Framed:
    parts = {"before": one.before, "secret": one.secret, "after": one.after} | {name: nodes}
    return Framed(one.left, parts["before"], parts["secret"], parts["after"], one.right)


def _narrowed(node: Node, members: int, *, at_end: bool) -> tuple[Node, ...] | None:
    if isinstance(node, Series) and node.items:
        inner = _narrowed(node.items[-1 if at_end else 0], members, at_end=at_end)
        if inner is None:
            return None
        return (*node.items[:-1], *inner) if at_end else (*inner, *node.items[1:])
    if isinstance(node, Bytes):
        return (Bytes(node.members & members),)
    if isinstance(node, Repeat) and isinstance(node.item, Bytes) and node.least:
        one = Bytes(node.item.members & members)
        if node.most is None:
            return None  # a run without end is better masked as far as it goes
        rest = () if node.most == 1 else (Repeat(node.item, node.least - 1, node.most - 1),)
        return (*rest, one) if at_end else (one, *rest)
    return None
