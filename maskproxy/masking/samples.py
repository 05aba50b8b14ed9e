"""Samples that prove a rule, written as recipes: `ghp_{alnum:36}`. No text in a rule file looks like a live key.

`{name:count}` stands for so many characters of an alphabet, always the same ones for the same recipe. `{{` is a brace.
The secret may be marked with `«` and `»`, else it is wherever the rule finds it.
"""

from __future__ import annotations

import re
import string
from hashlib import sha256

from maskproxy.errors import RuleRefused

ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "b64": string.ascii_letters + string.digits + "+/",
    "b64u": string.ascii_letters + string.digits + "-_",
    "base32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "base36": string.ascii_lowercase + string.digits,
    "base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "bech32lower": "qpzry9x8gf2tvdw0s3jn54khce6mua7l",
    "digit": string.digits,
    "hex": "0123456789abcdef",
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "upnum": string.ascii_uppercase + string.digits,
}
_PART = re.compile(r"\{\{|\}\}|\{([a-z0-9]+):([0-9]{1,4})\}")


def cook(recipe: str) -> str:
    """Write a recipe out."""
    count = 0

    def part(match: re.Match[str]) -> str:
        nonlocal count
        if match[1] is None:
            return match[0][0]
        count += 1
        alphabet = ALPHABETS.get(match[1])
        if alphabet is None:
            raise RuleRefused(f"a sample asks for {match[1]}, which is no alphabet")
        return _characters(f"{recipe}\0{count}", alphabet, int(match[2]))

    return _PART.sub(part, recipe)


def marked(text: str) -> tuple[bytes, tuple[int, int] | None]:
    """Take the marks out of a sample; give the text and the span that was marked."""
    before, mark, rest = text.partition("«")
    inside, end_mark, after = rest.partition("»")
    if not mark:
        return text.encode(), None
    if not end_mark:
        raise RuleRefused("a sample's mark is not closed")
    start = len(before.encode())
    return (before + inside + after).encode(), (start, start + len(inside.encode()))


def _characters(seed: str, alphabet: str, count: int) -> str:
    """Draw without clear bias: one digest byte pair a character."""
    digest = b""
    block = 0
    while len(digest) < 2 * count:
        digest += sha256(f"{block}\0{seed}".encode()).digest()
        block += 1
    return "".join(alphabet[int.from_bytes(digest[2 * i : 2 * i + 2], "big") % len(alphabet)] for i in range(count))
