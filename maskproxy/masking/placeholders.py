"""What stands in a text where a secret stood: `MASKED_<RULE>_<tag>_<check>`, only `[A-Za-z0-9_]`.

The tag is 80 bits of an HMAC over scope, rule and secret: the same secret has the same placeholder in every turn and on
every node that shares the key, and nothing can be learnt from it without the key. The check is an HMAC over all that
stands before it, so that only our own placeholders are recognised, in whatever scope they were made.
"""

from __future__ import annotations

import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from itertools import islice, product

from maskproxy.masking.gutters import Gutters

MARK = b"MASKED_"
RULE_ID_LIMIT = 64
SHAPE = "MASKED_[A-Z0-9_]{1,64}_[a-z2-7]{16}_[a-z2-7]{8}"
"""Every placeholder has this shape; a rule name holds no lower-case letter, so that its end cannot be mistaken."""

_shape = re.compile(SHAPE.encode(), re.ASCII)
_KEY_BYTES = 16
_MOST_LOOK_ALIKES = 50_000
_PAIRS = [bytes(pair) for pair in product(b"abcdefghijklmnopqrstuvwxyz234567", repeat=2)]


class PlaceholderKey:
    """The key that all nodes share."""

    __slots__ = ("_check_key", "_key")

    def __init__(self, key: bytes) -> None:
        if len(key) < _KEY_BYTES:
            raise ValueError(f"a placeholder key needs at least {_KEY_BYTES} bytes")
        self._key = key
        self._check_key = hmac.digest(key, b"maskproxy placeholder check", "sha256")

    def scoped(self, scope: str) -> Placeholders:
        """Give the placeholders of one scope: a person, or a session."""
        tag_key = hmac.digest(self._key, b"maskproxy placeholder scope\0" + scope.encode(), "sha256")
        return Placeholders(tag_key, self._check_key)


class Placeholders:
    """Makes and recognises placeholders in one scope."""

    __slots__ = ("_check_key", "_names", "_tag_key")

    def __init__(self, tag_key: bytes, check_key: bytes) -> None:
        self._tag_key = tag_key
        self._check_key = check_key
        self._names: dict[str, bytes] = {}

    def make(self, rule_id: str, secret: bytes) -> bytes:
        """Give the placeholder of a secret that is known whole."""
        pending = self.begin(rule_id)
        pending.add(secret)
        return pending.finish()

    def begin(self, rule_id: str) -> PendingPlaceholder:
        """Start the placeholder of a secret that comes in pieces and is not kept."""
        name = self._names.get(rule_id)
        if name is None:
            name = self._names[rule_id] = _upper_snake(rule_id)
        return PendingPlaceholder(hmac.new(self._tag_key, name + b"\0", sha256), MARK + name + b"_", self._check_key)

    def verify(self, candidate: bytes) -> bool:
        """Tell whether this is, from end to end, a placeholder made with our key, in any scope."""
        if _shape.fullmatch(candidate) is None:
            return False
        body, _, check = candidate.rpartition(b"_")
        return hmac.compare_digest(check, _check(self._check_key, body))

    def found_in(self, text: bytes, *, but: Callable[[bytes], bool], most: int) -> list[bytes]:
        """Give the placeholders in a text, in whatever scope they were made: each once, of too many the last ones.

        `but` tells which are of no interest, and is asked before the dearer question whether it is ours.
        """
        look_alikes: OrderedDict[bytes, None] = OrderedDict()
        at = text.find(MARK)
        while at >= 0:
            # At each mark, so that one that begins inside what only looks like another is seen.
            if match := _shape.match(text, at):
                look_alikes[match[0]] = None
                look_alikes.move_to_end(match[0])
                if len(look_alikes) > _MOST_LOOK_ALIKES:
                    look_alikes.popitem(last=False)
            at = text.find(MARK, at + 1)
        ours = (candidate for candidate in reversed(look_alikes) if not but(candidate) and self.verify(candidate))
        return list(islice(ours, most))


class PendingPlaceholder:
    """A placeholder whose secret is still being read; holds a hash, not the secret."""

    __slots__ = ("_check_key", "_gutters", "_hash", "_head")

    def __init__(self, tag_hash: hmac.HMAC, head: bytes, check_key: bytes) -> None:
        self._hash = tag_hash
        self._head = head
        self._check_key = check_key
        self._gutters = Gutters()

    def add(self, piece: bytes) -> None:
        self._hash.update(self._gutters.feed(piece))

    def finish(self) -> bytes:
        self._hash.update(self._gutters.finish())
        body = self._head + _base32(self._hash.digest()[:10])
        return body + b"_" + _check(self._check_key, body)


def _check(key: bytes, body: bytes) -> bytes:
    return _base32(hmac.digest(key, body, "sha256")[:5])


def _base32(data: bytes) -> bytes:
    """RFC 4648, 6, in lower case, of whole groups of five bytes; several times as fast as the standard library's."""
    number = int.from_bytes(data, "big")
    return b"".join([_PAIRS[number >> shift & 1023] for shift in range(len(data) * 8 - 10, -1, -10)])


def _upper_snake(rule_id: str) -> bytes:
    name = rule_id.upper().replace("-", "_").encode("ascii")
    if not 0 < len(name) <= RULE_ID_LIMIT:
        raise ValueError("a rule id has 1 to 64 characters")
    return name
