r"""From a Go regex to patterns that are fit for a stream.

What is found is what the regex finds, or more, and every difference is noted: laziness has no meaning, since all
matches that overlap are masked together; a repetition without bound in the middle gets one; what stands before the
secret and is not needed is cut off, so that ordinary text is not held back for it. One regex may take several patterns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from maskproxy.masking.gitleaks import written
from maskproxy.masking.gitleaks.edges import Framed, framed
from maskproxy.masking.gitleaks.go_syntax import Tree, read, refuse
from maskproxy.masking.gitleaks.lines import captures, lines, loops, node
from maskproxy.masking.grammar import ANYTHING, Bytes, Choice, Node, Repeat, Series, choice, of, series, width
from maskproxy.masking.shapes import CORE_LIMIT

PATTERNS_LIMIT = 16
_BLANKS = of(b" \t\r\n\f\v")
_BLANKS_BOUND, _LINE_BOUND, _SECRET_BOUND, _END_BOUND = 20, 400, 1600, 1000
_BOUND = 100
_NEWLINE, _MANY = of(b"\n"), 64
_ROUNDS_BYTES = 400
_SCALES = (1, 2, 4, 8, 16, 32)
LAZY = "regex: lazy quantifiers in the secret take as much as they may"


class Patterns(NamedTuple):
    """What a regex became."""

    patterns: tuple[written.Part, ...]
    notes: tuple[str, ...]


def translate(regex: str, secret_group: int = 0) -> Patterns:
    """Translate. Raises RuleRefused without the rule's name where no pattern can stand for the regex."""
    tree, count = read(regex)
    if secret_group > count:
        refuse(f"secretGroup is {secret_group}, and the regex has {count} groups")
    notes: set[str] = set()
    bounds: set[int] = set()
    order = [secret_group] if secret_group else _candidates(tree)
    found: list[Framed] = []
    for line in lines(tree, frozenset(order), notes):
        found += framed(line, order, notes)
    if not found:
        refuse("it can match nothing")
    if any(loop.lazy for part in _secrets(tree, order) for loop in loops(part)):
        notes.add(LAZY)
    parts = _joined([_fitted(_trimmed(one), bounds) for one in found])
    if len(parts) > PATTERNS_LIMIT:
        refuse(f"it would take {len(parts)} patterns; make several rules of it")
    if bounds:
        rounds = ", ".join(map(str, sorted(bounds)))
        notes.add(
            f"regex: repetitions without bound are followed for {rounds} rounds; what goes on longer is not found"
        )
    return Patterns(tuple(parts), tuple(sorted(notes)))


def _candidates(tree: Tree) -> list[int]:
    """Give the captures that may be the first one that is not empty, in order."""
    found = []
    for capture, sure in captures(tree):
        if width(node(capture.item))[1] == 0:
            continue
        found.append(capture.number)
        if sure and width(node(capture.item))[0]:
            break
    return found


def _secrets(tree: Tree, order: Sequence[int]) -> list[Tree]:
    return [capture.item for capture, _ in captures(tree) if capture.number in order] or [tree]


def _trimmed(one: Framed) -> Framed:
    """Cut off what a match does not need before and after the secret."""
    before, after = list(_flat(one.before)), list(_flat(one.after))
    while before and one.left == ANYTHING:
        head = before[0]
        least = width(head)[0]
        if isinstance(head, Repeat) and isinstance(head.item, Bytes) and 0 < head.least != head.most:
            before[0] = Repeat(head.item, head.least, head.least)
        if least:
            break
        before = before[1:]
    while after and one.right == ANYTHING:
        last = after[-1]
        if isinstance(last, Repeat) and last.least != last.most:
            after[-1] = Repeat(last.item, last.least, last.least)
        if width(last)[0]:
            break
        after.pop()
    return replace(one, before=tuple(before), after=tuple(after))


def _flat(nodes: Sequence[Node]) -> Sequence[Node]:
    whole = series(nodes)
    return whole.items if isinstance(whole, Series) else (whole,)


def _fitted(one: Framed, bounds: set[int]) -> written.Part:
    """Bound what has no bound, so that the whole is short enough."""
    before, secret, after = (series(part) for part in (one.before, one.secret, one.after))
    tail, right = (_tail(secret) if width(after)[1] == 0 else None), one.right
    if tail is not None and isinstance(tail.item, Bytes) and not ANYTHING & ~tail.item.members & ~right:
        right = ANYTHING  # where the run ends, what follows is always permitted
    told: set[int] = set()
    parts: list[Node] = []
    for scale in _SCALES:
        told.clear()
        parts = [
            _bounded(before, _BOUND // scale, told),
            secret if tail is None else series((*_flat((secret,))[:-1],)),
            _bounded(after, _BOUND // scale, told),
        ]
        parts[1] = _bounded(parts[1], _SECRET_BOUND // scale, told)
        if sum(width(part)[1] or 0 for part in parts) <= CORE_LIMIT - _END_BOUND * (tail is not None):
            break
    if tail is not None and right != ANYTHING:
        told.add(_END_BOUND)
        tail = Repeat(tail.item, tail.least, max(tail.least, _END_BOUND))
    bounds |= told
    parts[1] = parts[1] if tail is None else series((parts[1], tail))
    return written.Part(one.left, parts[0], parts[1], parts[2], right)


def ended(secret: Node) -> Node:
    """Give the secret with an end to a repetition at its end that has none."""
    tail = _tail(secret)
    if tail is None:
        return secret
    return series((*_flat((secret,))[:-1], Repeat(tail.item, tail.least, max(tail.least, _END_BOUND))))


def _tail(secret: Node) -> Repeat | None:
    """Give an endless repetition of one class at the very end."""
    last = _flat((secret,))[-1] if _flat((secret,)) else None
    return last if isinstance(last, Repeat) and last.most is None and isinstance(last.item, Bytes) else None


def _bounded(part: Node, bound: int, told: set[int]) -> Node:
    if isinstance(part, Bytes):
        return part
    if isinstance(part, Series):
        return series(_bounded(item, bound, told) for item in part.items)
    if isinstance(part, Choice):
        return choice(_bounded(option, bound, told) for option in part.options)
    item = _bounded(part.item, min(bound, 32), told)
    most = part.most
    if most is None:
        if isinstance(item, Bytes):
            is_armour = item.members & _NEWLINE and item.members.bit_count() >= _MANY
            most = bound if is_armour else min(bound, _LINE_BOUND if item.members & ~_BLANKS else _BLANKS_BOUND)
        else:
            most = min(bound, max(1, _ROUNDS_BYTES // (width(item)[1] or 1)))
        most = max(most, part.least)
        told.add(most)
    return Repeat(item, part.least, most) if most else series(())


def _joined(parts: list[written.Part]) -> list[written.Part]:
    """Make one part of those that differ in one place only."""
    found: list[written.Part] = []
    for part in parts:
        for at, other in enumerate(found):
            differ = [name for name in ("before", "secret", "after") if getattr(part, name) != getattr(other, name)]
            endless = any(width(one.secret)[1] is None for one in (part, other))
            if (part.left, part.right) == (other.left, other.right) and len(differ) <= 1 and not endless:
                found[at] = written.Part(
                    part.left,
                    choice((other.before, part.before)),
                    choice((other.secret, part.secret)),
                    choice((other.after, part.after)),
                    part.right,
                )
                break
        else:
            found.append(part)
    return found
