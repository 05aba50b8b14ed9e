"""From a tree to straight lines: every way to walk through it that captures and assertions tell apart.

A line is a row of grammar nodes with assertions and boundaries between them and marks around the captures. What is
plain (no capture that matters, no assertion inside) stays one node, so that most regexes are a single line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from maskproxy.masking.gitleaks.go_syntax import NOTHING, Alt, Assertion, Capture, Cat, Loop, Tree, refuse
from maskproxy.masking.grammar import Bytes, Node, Repeat, choice, series, width

_LINES_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Boundary:
    """One of several nodes or assertions, such as `(?:['"]|$)`."""

    options: tuple[Node | Assertion, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """The beginning or the end of a capture."""

    number: int
    opens: bool


Item = Bytes | Boundary | Mark | Assertion | Node
Line = tuple[Item, ...]


def lines(tree: Tree, captures: frozenset[int], notes: set[str]) -> list[Line]:
    """Give the lines of a tree. `captures`: the numbers of those that matter; `notes` takes what was given up."""
    return _Walker(captures, notes).lines(tree)


def node(tree: Tree) -> Node:
    """Give what a tree takes, without its captures and assertions."""
    if isinstance(tree, Bytes):
        return tree
    if isinstance(tree, Cat):
        return series(node(item) for item in tree.items)
    if isinstance(tree, Alt):
        return choice(node(option) for option in tree.options)
    if isinstance(tree, Loop):
        return Repeat(node(tree.item), tree.least, tree.most) if tree.most != 0 else series(())
    return node(tree.item) if isinstance(tree, Capture) else series(())


def captures(tree: Tree) -> Iterator[tuple[Capture, bool]]:
    """Give each capture, in the order of their numbers, and whether every match goes through it."""
    yield from sorted(_captures(tree, sure=True), key=lambda found: found[0].number)


def _captures(tree: Tree, *, sure: bool) -> Iterator[tuple[Capture, bool]]:
    if isinstance(tree, Capture):
        yield tree, sure
        yield from _captures(tree.item, sure=sure)
    elif isinstance(tree, Cat):
        for item in tree.items:
            yield from _captures(item, sure=sure)
    elif isinstance(tree, Alt):
        for option in tree.options:
            yield from _captures(option, sure=False)
    elif isinstance(tree, Loop):
        yield from _captures(tree.item, sure=sure and tree.least > 0)


def loops(tree: Tree) -> Iterator[Loop]:
    """Give each loop."""
    if isinstance(tree, Loop):
        yield tree
    if isinstance(tree, Loop | Capture):
        yield from loops(tree.item)
    elif isinstance(tree, Cat | Alt):
        for part in tree.items if isinstance(tree, Cat) else tree.options:
            yield from loops(part)


class _Walker:
    def __init__(self, captures: frozenset[int], notes: set[str]) -> None:
        self._captures = captures
        self._notes = notes

    def lines(self, tree: Tree) -> list[Line]:
        if self._is_plain(tree):
            plain = node(tree)
            return [(plain,) if width(plain)[1] != 0 else ()]
        if isinstance(tree, Assertion):
            return [(tree,)]
        if isinstance(tree, Capture):
            inner = self.lines(tree.item)
            if tree.number not in self._captures:
                return inner
            return [(Mark(tree.number, opens=True), *line, Mark(tree.number, opens=False)) for line in inner]
        if isinstance(tree, Cat):
            return self._cat(tree)
        if isinstance(tree, Alt):
            return self._alt(tree)
        assert isinstance(tree, Loop)
        return self._loop(tree)

    def _cat(self, tree: Cat) -> list[Line]:
        parts = [self.lines(item) for item in tree.items]
        total = 1
        for part in parts:
            total *= len(part)
            _bound(total)
        return [tuple(item for part in chosen for item in part) for chosen in product(*parts)]

    def _alt(self, tree: Alt) -> list[Line]:
        if all(isinstance(option, Assertion) or self._is_plain(option) for option in tree.options):
            return [(Boundary(tuple(o if isinstance(o, Assertion) else node(o) for o in tree.options)),)]
        found = [line for option in tree.options for line in self.lines(option)]
        _bound(len(found))
        return found

    def _loop(self, tree: Loop) -> list[Line]:
        if (tree.least, tree.most) == (0, 1):
            return [*self.lines(tree.item), ()]
        if (tree.least, tree.most) == (1, 1):
            return self.lines(tree.item)
        whole = node(tree)
        if _holds_assertion(tree):
            self._notes.add("regex: an anchor inside a repetition is not looked at, so that more is found")
        inside = [found.number for found, _ in captures(tree) if found.number in self._captures]
        if not inside:
            return [(whole,)]
        self._notes.add("regex: a group inside a repetition stands for all its rounds, not for the last one")
        return [(Mark(inside[0], opens=True), whole, Mark(inside[0], opens=False))]

    def _is_plain(self, tree: Tree) -> bool:
        if isinstance(tree, Bytes) or tree == NOTHING:
            return True
        if isinstance(tree, Assertion) or (isinstance(tree, Capture) and tree.number in self._captures):
            return False
        if isinstance(tree, Loop | Capture):
            return self._is_plain(tree.item)
        return all(self._is_plain(part) for part in (tree.items if isinstance(tree, Cat) else tree.options))


def _holds_assertion(tree: Tree) -> bool:
    if isinstance(tree, Loop | Capture):
        return _holds_assertion(tree.item)
    if isinstance(tree, Cat | Alt):
        return any(_holds_assertion(part) for part in (tree.items if isinstance(tree, Cat) else tree.options))
    return isinstance(tree, Assertion)


def _bound(count: int) -> None:
    if count > _LINES_LIMIT:
        refuse("groups and anchors in its alternatives can be combined in too many ways; make several rules of it")
