r"""For each rule, an expression over raw JSON that matches wherever a decoded string, or a `key: value`, holds a match.

Only a superset is needed: a hit costs a closer look, a miss would be a leak. Bytes that some encoder escapes
(`ESCAPED`) may stand as an escape; classes that hold one are widened by all that an escape is made of, and lose their
upper bound (an escape is never shorter than what it stands for). Any other character written as an escape is itself a
hit (`needless_escapes`), and so is PHP's `\/`. Neighbours are left out.

That something matches is all that is asked. So what may be absent at either end is absent, and of an expression that is
too large for an automaton that is fast, the beginning is looked for alone, with the byte behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

from maskproxy.masking.grammar import (
    ALL_BYTES,
    Bytes,
    Choice,
    Node,
    Repeat,
    Series,
    choice,
    expression,
    listed,
    of,
    series,
    span,
    width,
)
from maskproxy.masking.syntax import first_bytes

ESCAPED = span(0x00, 0x1F) | of(b"\"\\<>&='+`\x7f") | span(0x80, 0xFF)
"""What encoders in use escape: JSON itself, Go and Gson (`<>&='`), .NET (`+` and the backquote)."""

_COPIES_LIMIT = 8
_MOST_CHARACTERS = 1900
"""As an expression is written. Some larger ones took a hundred times as long as others."""
_FEWEST_BYTES = 2
"""What is looked for alone is at least as long."""
_FEW = 4
_HIGH = span(0x80, 0xFF)
_HEX = Bytes(of(b"0123456789abcdefABCDEF"))
_IN_ESCAPES = of(b'\\u0123456789abcdefABCDEFnrtb"')
_COLON = of(b":")
_BLANK = of(b" ")
_SPACE = Bytes(of(b" \t\r\n"))
_BACKSLASH = Bytes(of(b"\\"))
_QUOTE = Repeat(Bytes(of(b'"')), 0, 1)
_ANY_ESCAPE = Series((_BACKSLASH, Choice((Bytes(of(b'"\\nrtbf')), Series((Bytes(of(b"u")), Repeat(_HEX, 4, 4)))))))
_SHORT_ESCAPES = {0x08: b"b", 0x09: b"t", 0x0A: b"n", 0x0C: b"f", 0x0D: b"r", 0x22: b'"', 0x5C: b"\\"}
_VIEWED_COLON = Series(
    (_QUOTE, Repeat(_SPACE, 0, None), Bytes(_COLON), Repeat(_SPACE, 0, None), _QUOTE),
)
"""What stands in raw JSON where a `key: value` has its colon."""
_ARRAY = Series((_QUOTE, Repeat(_SPACE, 0, None), Bytes(_COLON), Repeat(_SPACE, 0, None), Bytes(of(b"["))))
"""What stands there if the key is that of an array, whose elements are seen under it, however far away they are."""


def relaxed(core: Node) -> Node:
    """Relax a rule's core. The beginning of a match that ends in the key of an array is enough."""
    viewed = _may_be_viewed(core, blank_follows=False) or bool(first_bytes(core) & _BLANK)
    relaxing = _Relaxing(viewed=viewed)
    whole = relaxing.relax(core, blank_follows=False)
    cut = relaxing.up_to_array(core, blank_follows=False)
    node = _least(whole) if cut is None else choice([_least(whole), _least(cut)])
    if len(expression(node)) <= _MOST_CHARACTERS:
        return node
    beginning = _beginning(core, relaxing)
    return node if beginning is None else _least(beginning)


def needless_escapes() -> list[Node]:
    r"""Match an escape of a character that no encoder in use escapes, and `\/`."""
    prefix = [Bytes(1 << byte) for byte in b"\\u00"]
    digits: list[Node] = []
    for high in range(2, 8):
        lows = [low for low in range(16) if not ESCAPED >> (high * 16 + low) & 1]
        low_digits = of("".join(f"{low:x}{low:X}" for low in lows).encode())
        digits.append(Series((Bytes(of(b"%x" % high)), Bytes(low_digits))))
    escaped_slash = Series(
        (
            Bytes(ALL_BYTES & ~of(b"\\")),
            Repeat(Series((_BACKSLASH, _BACKSLASH)), 0, None),
            _BACKSLASH,
            Bytes(of(b"/")),
        )
    )
    return [series([*prefix, choice(digits)]), escaped_slash]


def _beginning(core: Node, relaxing: _Relaxing) -> Node | None:
    """Relax as many of a core's first items as stay small, with the byte behind them; None where there is no such."""
    items = core.items if isinstance(core, Series) else (core,)
    found: Node | None = None
    for kept in range(1, len(items)):
        head, rest, last = series(items[:kept]), series(items[kept:]), items[kept - 1]
        if width(head)[0] < _FEWEST_BYTES or (isinstance(last, Bytes) and last.members & _HIGH):
            continue
        node = relaxing.relax(head, blank_follows=bool(first_bytes(rest) & _BLANK))
        if width(rest)[0]:
            node = series((node, Bytes(_seen_first(rest))))
        if found is not None and len(expression(node)) > _MOST_CHARACTERS:
            break
        found = node
    return found


def _seen_first(node: Node) -> int:
    """Give the bytes that raw JSON may have where a word of `node` begins, behind something else in the same text."""
    members = first_bytes(node)
    if members & _COLON:
        members |= _SPACE.members | of(b'"')
    return members | (_BACKSLASH.members if members & ESCAPED else 0)


def _least(node: Node) -> Node:
    """Give what matches somewhere in a text if `node` does, without what may be absent at its ends."""
    items = list(node.items) if isinstance(node, Series) else [node]
    while len(items) > 1 and not width(items[0])[0]:
        items.pop(0)
    while len(items) > 1 and not width(items[-1])[0]:
        items.pop()
    last = items[-1]
    if isinstance(last, Repeat) and last.least:
        items[-1] = Repeat(last.item, last.least, last.least)
    return series(items)


class _Relaxing:
    """`viewed`: a match may cross the colon of a `key: value`, or begin behind it. Raw JSON may lack that blank."""

    def __init__(self, *, viewed: bool) -> None:
        self._viewed = viewed

    def relax(self, node: Node, *, blank_follows: bool) -> Node:
        if isinstance(node, Bytes):
            return self._one(node, blank_follows=blank_follows)
        if isinstance(node, Series):
            return self._series(node, blank_follows=blank_follows)
        if isinstance(node, Choice):
            return choice(self.relax(option, blank_follows=blank_follows) for option in node.options)
        return self._repeat(node, blank_follows=blank_follows)

    def up_to_array(self, node: Node, *, blank_follows: bool) -> Node | None:
        """Give what words of `node` begin with, up to a colon that may be the view's, and then an array's opening."""
        if isinstance(node, Bytes):
            return _ARRAY if node.members & _COLON and blank_follows else None
        if isinstance(node, Choice):
            cuts = [self.up_to_array(option, blank_follows=blank_follows) for option in node.options]
            some = [cut for cut in cuts if cut is not None]
            return choice(some) if some else None
        if isinstance(node, Repeat):
            follows = blank_follows or bool(first_bytes(node.item) & _BLANK)
            inside = self.up_to_array(node.item, blank_follows=follows)
            before = self.relax(Repeat(node.item, 0, node.most), blank_follows=blank_follows)
            return None if inside is None else series((before, inside))
        rest: Node | None = None  # from its last item to its first, so that what cuts share is written once
        for index in range(len(node.items) - 1, -1, -1):
            item = node.items[index]
            if rest is not None:
                rest = series((self.relax(item, blank_follows=True), rest))
            follows = _blank_may_follow(node.items[index + 1 :], outside=blank_follows)
            cut = self.up_to_array(item, blank_follows=follows)
            if cut is not None:
                rest = cut if rest is None else choice((cut, rest))
        return rest

    def _series(self, node: Series, *, blank_follows: bool) -> Node:
        items: list[Node] = []
        at = 0
        while at < len(node.items):
            character, size = _character(node.items[at : at + 4])
            if character is None:
                follows = _blank_may_follow(node.items[at + 1 :], outside=blank_follows)
                items.append(self.relax(node.items[at], blank_follows=follows))
            else:
                items.append(character)
            at += size
        return series(items)

    def _repeat(self, node: Repeat, *, blank_follows: bool) -> Node:
        assert node.most is not None
        members, least = _members(node.item), node.least
        colon = bool(members & _COLON) and (blank_follows or bool(members & _BLANK))
        blank = self._viewed and bool(members & _BLANK)
        if not members & ESCAPED and not colon and not blank:
            return node
        if not isinstance(node.item, Bytes):
            if node.most <= _COPIES_LIMIT:
                follows = blank_follows or bool(first_bytes(node.item) & _BLANK)
                return Repeat(self.relax(node.item, blank_follows=follows), node.least, node.most)
            least *= width(node.item)[0]
        if members & ESCAPED:
            members |= _IN_ESCAPES
        if colon:
            members |= _SPACE.members | of(b'"')
            least //= 2
        return Repeat(Bytes(members), 0 if blank else least, None)

    def _one(self, node: Bytes, *, blank_follows: bool) -> Node:
        members = node.members
        if members & _HIGH:
            # One escape stands for all bytes of a character, or two for one: any share may fall to this byte.
            return Repeat(Bytes(members | _IN_ESCAPES), 0, 12)
        options: list[Node] = [node, *_escapes(members & ESCAPED)]
        if members & _COLON and blank_follows:
            options.append(_VIEWED_COLON)
        result = choice(options)
        return Repeat(result, 0, 1) if self._viewed and members & _BLANK else result


def _character(items: Sequence[Node]) -> tuple[Node | None, int]:
    """Give a character outside ASCII, if exactly one begins here, as it is or escaped, and how many items it takes."""
    single = [item.members for item in items if isinstance(item, Bytes) and item.members.bit_count() == 1]
    raw = bytes(members.bit_length() - 1 for members in single)
    size = next((4 - zeros for zeros, least in enumerate((0xF0, 0xE0, 0xC2)) if raw[:1] >= bytes((least,))), 1)
    if size == 1 or len(raw) < size or any(not isinstance(i, Bytes) or i.members.bit_count() > 1 for i in items[:size]):
        return None, 1
    try:
        units = raw[:size].decode().encode("utf-16-be").hex()
    except UnicodeDecodeError:
        return None, 1
    digits = [Bytes(of(digit.lower().encode() + digit.upper().encode())) for digit in units]
    escaped = [node for at in range(0, len(digits), 4) for node in (_BACKSLASH, Bytes(of(b"u")), *digits[at : at + 4])]
    return Choice((Series(tuple(items[:size])), Series(tuple(escaped)))), size


def _escapes(members: int) -> list[Node]:
    """Give the escapes of these bytes: exactly, if they are few."""
    if members.bit_count() > _FEW:
        return [_ANY_ESCAPE]
    nodes: list[Node] = []
    for byte in listed(members):
        if byte in _SHORT_ESCAPES:
            nodes.append(Series((_BACKSLASH, Bytes(of(_SHORT_ESCAPES[byte])))))
        digits = [Bytes(of(digit.lower().encode() + digit.upper().encode())) for digit in f"{byte:02x}"]
        nodes.append(Series((_BACKSLASH, *(Bytes(1 << b) for b in b"u00"), *digits)))
    return nodes


def _may_be_viewed(node: Node, *, blank_follows: bool) -> bool:
    """Tell whether a word may hold a colon with a blank after it."""
    if isinstance(node, Bytes):
        return bool(node.members & _COLON) and blank_follows
    if isinstance(node, Series):
        return any(
            _may_be_viewed(item, blank_follows=_blank_may_follow(node.items[index + 1 :], outside=blank_follows))
            for index, item in enumerate(node.items)
        )
    if isinstance(node, Choice):
        return any(_may_be_viewed(option, blank_follows=blank_follows) for option in node.options)
    return _may_be_viewed(node.item, blank_follows=blank_follows or bool(first_bytes(node.item) & _BLANK))


def _blank_may_follow(rest: Sequence[Node], *, outside: bool) -> bool:
    after = series(rest)
    return bool(first_bytes(after) & _BLANK) or (outside and width(after)[0] == 0)


def _members(node: Node) -> int:
    if isinstance(node, Bytes):
        return node.members
    if isinstance(node, Repeat):
        return _members(node.item)
    members = 0
    for child in node.items if isinstance(node, Series) else node.options:
        members |= _members(child)
    return members
