"""Many ways of cutting one text, each held against what is expected of the whole.

What a text should become is asked once; a cut then costs no more than masking the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from random import Random

from maskproxy.masking import Masking

Finds = list[tuple[str, int, int]]
_EVEN = (1, 2, 3, 4, 7)
_MOST_SINGLE = 256


def ways(draw: Random, size: int, more: int) -> Iterator[Sequence[int]]:
    """Give places to cut at: every one alone (of long texts some), evenly, as four-byte deltas are, and by chance."""
    places: Iterable[int] = range(1, size)
    if size > _MOST_SINGLE:
        places = draw.sample(range(1, size), _MOST_SINGLE)
    for place in places:
        yield (place,)
    for step in _EVEN:
        yield range(0, size, step)
    for _ in range(more):
        yield some_places(draw, size)


def some_places(draw: Random, size: int) -> list[int]:
    """Give some places; one may be there twice, which makes an empty piece."""
    return sorted(draw.choices(range(size + 1), k=draw.choice((2, 2, 2, 3, 3, 4, 6, 11))))


def cut(text: bytes, places: Sequence[int]) -> list[bytes]:
    return [text[a:b] for a, b in pairwise((0, *places, len(text)))]


def masked_in_pieces(masking: Masking, text: bytes, places: Sequence[int], *, is_utf8: bool) -> tuple[bytes, Finds]:
    """Mask a text that is cut at these places; each piece that comes out must be whole characters."""
    stream = masking.masker()
    feed = stream.feed
    pieces = [feed(text[a:b]) for a, b in pairwise((0, *places, len(text)))]
    pieces.append(stream.finish())
    assert stream.held == 0
    if is_utf8:
        for piece in pieces:
            piece.decode()
    return b"".join(pieces), [(f.rule, f.start, f.end) for f in stream.findings]


def tried(masking: Masking, text: bytes, expected: tuple[bytes, Finds], tries: Iterable[Sequence[int]]) -> int:
    """Cut in each of these ways; give how many they were. A difference is an AssertionError that names the places."""
    is_utf8, count = readable(text), 0
    for places in tries:
        made = masked_in_pieces(masking, text, places, is_utf8=is_utf8)
        assert made == expected, f"cut at {list(places)}: {made!r}, not {expected!r}"
        count += 1
    return count


def readable(text: bytes) -> bool:
    """Tell whether it is UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
