"""From a pattern to a `Shape`: what is bounded becomes the core, what may grow at the end becomes the tail.

Refuses what cannot be bounded, with the reason. The core of a rule is what Hyperscan looks for and what a byte is held
back for; the tail is followed byte by byte once a core was seen.
"""

from __future__ import annotations

from maskproxy.masking.grammar import (
    ALL_BYTES,
    ANYTHING,
    EMPTY,
    Bytes,
    Node,
    Repeat,
    Series,
    Shape,
    Tail,
    series,
    width,
)
from maskproxy.masking.syntax import first_bytes, parse, refuse

CORE_LIMIT = 2048
SHORTEST_SECRET = 4


def shape(pattern: str) -> Shape:
    """Read a pattern and take it apart. Raises RuleRefused without the rule's name."""
    parsed = parse(pattern)
    secret, tail = parsed.secret, None
    if parsed.after == EMPTY:
        secret, tail = _tail(parsed.secret, parsed.right)
    if parsed.right == 0 or parsed.left == 0:
        refuse("the look-around leaves no neighbour that would do")
    result = Shape(parsed.left, parsed.before, secret, parsed.after, tail, parsed.right)
    least, most = width(result.core)
    if most is None:
        refuse("an unbounded repetition is taken only at the very end, of one class")
    if most > CORE_LIMIT:
        refuse(f"the part before the tail may be {most} bytes long; at most {CORE_LIMIT} are taken")
    if least < SHORTEST_SECRET:
        refuse(f"it may match {least} bytes; at least {SHORTEST_SECRET} are needed")
    return result


def _tail(secret: Node, right: int) -> tuple[Node, Tail | None]:
    items = list(secret.items) if isinstance(secret, Series) else [secret]
    end = None
    if len(items) > 1 and _is_optional(items[-1]) and _is_open(items[-2]):
        terminator = items.pop()
        assert isinstance(terminator, Repeat)
        end = terminator.item
        if width(end)[1] is None:
            refuse("the terminator after the tail must be bounded")
    last = items[-1]
    if not isinstance(last, Repeat) or not isinstance(last.item, Bytes) or last.least == last.most:
        return secret, None
    members = last.item.members
    if last.most is None and right != ANYTHING:
        refuse("look-around after an unbounded tail would hold a text back without end; bound the tail")
    if right != ANYTHING and members & right & ALL_BYTES:
        return secret, None
    if end is not None and first_bytes(end) & members:
        refuse("the terminator must begin with a byte that the tail's class does not hold")
    if last.least:
        items[-1] = Repeat(last.item, last.least, last.least)
    else:
        items.pop()
    return series(items), Tail(members, None if last.most is None else last.most - last.least, end)


def _is_optional(node: Node) -> bool:
    return isinstance(node, Repeat) and (node.least, node.most) == (0, 1) and not isinstance(node.item, Bytes)


def _is_open(node: Node) -> bool:
    return isinstance(node, Repeat) and node.most is None and isinstance(node.item, Bytes)
