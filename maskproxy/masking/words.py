"""What must stand in every match of a rule: its literals, read off the tree.

Tells whether a keyword is always in a match, and whether the engine has a literal to look for, without which a rule
is slow.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from maskproxy.masking.grammar import Bytes, Choice, Node, Repeat, Series, listed

LITERAL_BYTES = 3
_GAP = "\n"
"""Stands for what may be anything; a keyword cannot hold it."""
_FEW = 2
_SPELLINGS_LIMIT = 512


def always_holds(node: Node, keywords: Iterable[str]) -> bool:
    """Tell whether each word of the node holds one of the keywords, in either case. False may mean: not known."""
    words = [keyword.lower() for keyword in keywords]
    return all(any(word in text for word in words) for text in _spellings(node))


def literal_bytes(node: Node) -> int:
    """Give the length of the longest literal, in either case, that is sure to be in each match."""
    return min(max(map(len, text.split(_GAP))) for text in _spellings(node))


def _spellings(node: Node) -> set[str]:
    if isinstance(node, Bytes):
        letters = (
            {chr(byte).lower() for byte in listed(node.members)} if node.members.bit_count() <= 2 * _FEW else set()
        )
        return letters if 0 < len(letters) <= _FEW else {_GAP}
    if isinstance(node, Choice):
        return _few({text for option in node.options for text in _spellings(option)})
    if isinstance(node, Repeat):
        return _repeated(node)
    assert isinstance(node, Series)
    found = {""}
    for item in node.items:
        more = _spellings(item)
        if len(found) * len(more) > _SPELLINGS_LIMIT:
            more = {_GAP} if len(found) > _FEW else more
            found = {_GAP} if len(found) * len(more) > _SPELLINGS_LIMIT else found
        found = {_short(a + b) for a, b in product(found, more)}
    return found


def _repeated(node: Repeat) -> set[str]:
    inner = _spellings(node.item)
    if (node.least, node.most) == (0, 1):
        return _few({"", *inner})
    if not node.least:
        return {_GAP}
    if node.least == node.most and node.least <= 4 and len(inner) == 1:
        return {text * node.least for text in inner}
    return _few({_short(f"{text}{_GAP}") for text in inner})


def _few(texts: set[str]) -> set[str]:
    return texts if len(texts) <= _SPELLINGS_LIMIT else {_GAP}


def _short(text: str) -> str:
    while _GAP * 2 in text:
        text = text.replace(_GAP * 2, _GAP)
    return text
