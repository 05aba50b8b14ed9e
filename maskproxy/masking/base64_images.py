"""What a rule's text looks like in base64, so that a long text is looked through for it at the speed of any literal.

For every rule: sequences of byte sets of which each match holds one, as a `key` in `api_key = ...`. A sequence has
three images, one for each place in a group of three bytes at which it may begin. A rule that matches nearly anything
has no telling sequence, and is not looked for in base64.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from math import prod

from maskproxy.masking.encoded import ALPHABET
from maskproxy.masking.grammar import Bytes, Choice, Node, Repeat, Series, listed, of

Sequence = tuple[int, ...]
"""Sets of bytes, one after the other."""

_LONGEST = 7
_FEW = 4
_MOST_WORDS = 64
_MOST_ITEMS = 12
_ALSO = ((of(b"+"), of(b"+-")), (of(b"/"), of(b"/_")))
_SPELLINGS = {8: 1, 6: 2, 5: 8, 4: 64, 3: 16}
"""How many spellings a part of an image may have, by its length: the engine likes long literals, and not too many."""


def images(cores: Iterable[Node]) -> list[Node]:
    """Give literals of which a base64 span holds one wherever its text matches one of the cores that tell."""
    literals = {word for core in cores for looked in (_literals, _literals_in_utf16) for word in looked(core) or ()}
    return [Series(tuple(Bytes(1 << byte) for byte in word)) for word in sorted(literals)]


def tells(core: Node, *, in_utf16: bool = False) -> bool:
    """Tell whether a core is looked for in base64, or in base64 of UTF-16."""
    return (_literals_in_utf16 if in_utf16 else _literals)(core) is not None


@lru_cache(maxsize=10_000)
def _literals(core: Node) -> frozenset[bytes] | None:
    """Give literals for a core: a few characters of each image, spelled out. None where they would be too many.

    The engine finds thousands of literals as fast as one; sets in a row make it several times slower.
    """
    telling = _telling(core)
    return _spelled(telling) if telling is not None else None


@lru_cache(maxsize=10_000)
def _literals_in_utf16(core: Node) -> frozenset[bytes] | None:
    """The same for UTF-16LE. None, too, where something outside ASCII tells, which is written otherwise there."""
    telling = _telling(core)
    if telling is None or _literals(core) is None:
        return None
    widened = [_in_utf16(sequence) for sequence in telling]
    return _spelled(frozenset(word for word in widened if word)) if None not in widened else None


@lru_cache(maxsize=20_000)
def _spelled(telling: frozenset[Sequence]) -> frozenset[bytes] | None:
    literals: set[bytes] = set()
    for sequence in telling:
        for image in _images(sequence):
            part = _part(image)
            if part is None:
                return None
            literals |= {bytes(word) for word in product(*(listed(members) for members in part))}
    return frozenset(literals)


@lru_cache(maxsize=100_000)
def _part(image: Sequence) -> Sequence | None:
    """Give the longest part of an image that has few spellings for its length."""
    for length, most in _SPELLINGS.items():
        parts = [image[at : at + length] for at in range(len(image) - length + 1)]
        least = min(parts, key=_spellings, default=None)
        if least is not None and _spellings(least) <= most:
            return least
    return None


def _spellings(image: Sequence) -> int:
    return prod(members.bit_count() for members in image)


def _in_utf16(sequence: Sequence) -> Sequence | None:
    """The same in UTF-16LE, or a telling part of it."""
    if all(members.bit_count() == 1 for members in sequence):
        exact = bytes(members.bit_length() - 1 for members in sequence).decode("utf-8", "ignore")
        if not exact.isascii():
            return tuple(1 << byte for byte in exact.encode("utf-16-le"))
    parts = (sequence[at : at + _FEW] for at in range(max(1, len(sequence) - _FEW + 1)))
    few = min((part for part in parts if not any(members >> 0x80 for members in part)), key=_chance, default=None)
    return tuple(members for byte in few for members in (byte, 1)) if few else None


@lru_cache(maxsize=20_000)
def _telling(node: Node) -> frozenset[Sequence] | None:
    """Give the best set of sequences of which every word of `node` holds one."""
    if isinstance(node, Bytes):
        return frozenset({(node.members,)})
    if isinstance(node, Repeat):
        if not node.least:
            return None
        if isinstance(node.item, Bytes):
            return frozenset({(node.item.members,) * min(node.least, _LONGEST)})
        return _telling(node.item)
    if isinstance(node, Choice):
        options = [_telling(option) for option in node.options]
        return frozenset(s for option in options for s in option or ()) if None not in options else None
    candidates = [found for item in node.items if (found := _telling(item)) is not None]
    candidates += _stretches(node.items)
    best = min(candidates, key=_dullness, default=None)
    if best is None or _spelled(best) is not None:
        return best
    # Of 28 hexadecimal digits behind `pl_` the digits are rarer, but only `pl_` can be spelled out.
    return min((some for some in candidates if _spelled(some) is not None), key=_dullness, default=best)


def _stretches(items: tuple[Node, ...]) -> Iterator[frozenset[Sequence]]:
    """Give, for neighbours that have few words, those words put together."""
    words = [_words(item) for item in items]
    for first in range(len(items)):
        together: frozenset[Sequence] = frozenset({()})
        for item_words in words[first : first + _MOST_ITEMS]:
            if item_words is None or len(together) * len(item_words) > _MOST_WORDS:
                break
            together = frozenset(a + b for a, b in product(together, item_words))
            if () not in together:
                yield frozenset(_sharpest(word) for word in together)
                if min(map(len, together)) >= _LONGEST:
                    break  # what would be put to these begins further on, too


def _words(node: Node) -> frozenset[Sequence] | None:
    """Give all words of `node`, if they are few."""
    if isinstance(node, Bytes):
        return frozenset({(node.members,)})
    if isinstance(node, Choice):
        parts = [_words(option) for option in node.options]
        words = frozenset(word for part in parts for word in part or ())
        return words if None not in parts and len(words) <= _MOST_WORDS else None
    if isinstance(node, Series):
        return _joined([_words(item) for item in node.items])
    item = _words(node.item)
    if item is None or node.most is None or node.most > _MOST_ITEMS:
        return None
    counts = [_joined([item] * count) for count in range(node.least, node.most + 1)]
    words = frozenset(word for part in counts for word in part or ())
    return words if None not in counts and len(words) <= _MOST_WORDS else None


def _joined(parts: list[frozenset[Sequence] | None]) -> frozenset[Sequence] | None:
    words: frozenset[Sequence] = frozenset({()})
    for part in parts:
        if part is None or len(words) * len(part) > _MOST_WORDS:
            return None
        words = frozenset(a + b for a, b in product(words, part))
    return words


@lru_cache(maxsize=100_000)
def _sharpest(word: Sequence) -> Sequence:
    """Give the part of a word that is found by chance least often."""
    if len(word) <= _LONGEST:
        return word
    return min((word[at : at + _LONGEST] for at in range(len(word) - _LONGEST + 1)), key=_chance)


def _dullness(sequences: frozenset[Sequence]) -> float:
    return sum(_chance(sequence) for sequence in sequences)


@lru_cache(maxsize=100_000)
def _chance(sequence: Sequence) -> float:
    """How often random bytes hold the sequence."""
    return prod(members.bit_count() / 256 for members in sequence)


@lru_cache(maxsize=20_000)
def _images(sequence: Sequence) -> tuple[Sequence, ...]:
    """For each place in a group of three bytes: sets of the base64 characters that the sequence alone decides."""
    made = []
    for offset in range(3):
        first, last = -(-offset * 8 // 6), (offset + len(sequence)) * 8 // 6
        made.append(tuple(_characters(sequence, offset, number) for number in range(first, last)))
    return tuple(made)


@lru_cache(maxsize=100_000)
def _character_set(high: int, low: int | None, shift: int) -> int:
    lows = (0,) if low is None else listed(low)
    return of(ALPHABET[((a << 8 | b) >> shift) & 63] for a in listed(high) for b in lows)


def _characters(sequence: Sequence, offset: int, number: int) -> int:
    bit = number * 6
    byte = bit // 8 - offset
    spills = bit % 8 > 2
    return _spread(_character_set(sequence[byte], sequence[byte + 1] if spills else None, 10 - bit % 8))


def _spread(members: int) -> int:
    """Let `-` and `_` stand where `+` and `/` do."""
    for plain, both in _ALSO:
        if members & plain:
            members |= both
    return members
