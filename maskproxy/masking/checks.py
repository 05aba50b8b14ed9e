"""Is this candidate a secret? Entropy, documented examples, stand-ins such as `your-api-key-here`.

Checks look at the candidate's text and at the `CONTEXT_BYTES` that stand before it, as they came, so that the answer
never depends on how the text was cut. A check can only clear text that is plainly no secret; a checksum that fails
clears nothing, because newer tokens fail it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from maskproxy.errors import RuleRefused

Check = Callable[[bytes], bool]
CONTEXT_BYTES = 192
"""How much of what stands before a candidate its checks may look at: a name with what leads to its value."""

_EXAMPLES = frozenset(
    bytes.fromhex(digest)
    for digest in (
        # SHA-256 of example values from vendors' documentation: whole, so that only exactly they are let through.
        "1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3",  # AWS access key ids
        "c6ea27c534f993d31f0aef882e3d200e7b87470c379ae79c8f9b19d3bd363dc9",
        "cb20d34a7adda2f5d2043836051e242fd4c2b233e02c80c91fe9d5af9b100574",
        "78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598",  # AWS secret access keys
        "e21b597ba6b9cafa59d9ebc4d65c0385f5eb3fa56abab2607fa76589ad849a33",
    )
)
_FILLED = re.compile(rb"[xX*.#_0-]{4,}|(.)\1{5,}|<.*>|\[.*\]", re.DOTALL)
_NOTHING = frozenset(
    b"null none nil true false undefined required optional string bytes boolean integer number unknown empty".split()
)
_TELLING = frozenset(b"example placeholder redacted masked changeme dummy fixme".split())
_OPENING = frozenset(b"your my insert enter put add replace the some a".split())
_NAMING = frozenset(
    word + plural
    for word in b"key token secret password passwd pass pwd credential value apikey".split()
    for plural in (b"", b"s")
)
_RUN_TOGETHER = re.compile(rb"(?:your|my|insert|enter|some)[a-z]{0,16}(?:key|token|secret|password|passwd)(?:here)?")
_STAND_IN_LIMIT = 80
_REFERENCE = re.compile(
    rb"\$\{.*|\$\(.*|\$[A-Za-z_]\w*|%\w+%|%\([^)]*\)s|%s|\{\{?.*|<%.*|#\{.*|@\w+(?:\.\w+)*@|"
    rb"&?\*?[A-Za-z_]\w*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+|"
    rb"(?:~?/|\.{1,2}/)[\w./@-]+|"
    rb"(?:vault|op|ssm|secretsmanager|env|file|arn|https?|sm):.*"
)
_HEX = re.compile(rb"[0-9a-fA-F]+")
_CONSTANT = re.compile(rb"[A-Z]+(?:_[A-Z0-9]+)+")
_CODE = re.compile(rb"[=~!?<>+*&].*|[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+[:.]?|[A-Za-z_]\w*\?|\w+=.*")
_IDENTIFIER = re.compile(
    rb"_*(?:[a-z]+|[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z]+(?:_[A-Z0-9]+)*|[A-Za-z]?[a-z]+(?:[A-Z][a-z]+){0,5}[0-9]?|[a-z]+(?:-[a-z]+)+)"
)


def entropy(text: bytes) -> float:
    """Give Shannon's entropy in bits a byte."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0


def is_example(text: bytes) -> bool:
    """Tell whether a vendor documents exactly this value as an example."""
    return sha256(text).digest() in _EXAMPLES


def is_stand_in(text: bytes) -> bool:
    """Tell whether people write this where a secret belongs: `xxxx`, `<token>`, `your-api-key-here`."""
    if _FILLED.fullmatch(text):
        return True
    if len(text) > _STAND_IN_LIMIT:
        return False
    lower = text.lower()
    words = re.split(rb"[-_. ]", lower)
    plain = all(word.isalnum() for word in words)
    return (
        lower in _NOTHING
        or (plain and not _TELLING.isdisjoint(words))
        or (plain and any(pair == (b"change", b"me") for pair in pairwise(words)))
        or (plain and words[0] in _OPENING and not _NAMING.isdisjoint(words[1:]))
        or _RUN_TOGETHER.fullmatch(lower) is not None
    )


def is_reference(text: bytes) -> bool:
    """Tell whether this names the place of a secret: a variable, a path, a template."""
    return _REFERENCE.fullmatch(text) is not None


def is_hex(text: bytes) -> bool:
    """Tell whether this is hexadecimal from end to end, as a digest is."""
    return _HEX.fullmatch(text) is not None


def is_code(text: bytes) -> bool:
    """Tell whether this is a piece of an expression in a program."""
    return _CODE.fullmatch(text) is not None


def is_constant(text: bytes) -> bool:
    """Tell whether this may be the name of a constant: `SOME_TOKEN`."""
    return _CONSTANT.fullmatch(text) is not None


def is_identifier(text: bytes) -> bool:
    """Tell whether this may be a name in a program."""
    return _IDENTIFIER.fullmatch(text) is not None


_CLEARS: Mapping[str, Check] = {
    "stand-in": is_stand_in,
    "reference": is_reference,
    "identifier": is_identifier,
    "hex": is_hex,
    "code": is_code,
    "constant": is_constant,
}


@dataclass(frozen=True)
class Checks:
    """What a candidate of one rule must pass."""

    entropy: float = 0.0
    """At least so many bits a byte."""
    clears: tuple[Check, ...] = ()
    """A candidate that one of these takes is not masked."""
    allow: frozenset[bytes] = frozenset()
    """Exact values that are not masked."""
    some_of: tuple[re.Pattern[bytes], ...] = ()
    """Each must be found in the candidate."""
    unless_after: tuple[re.Pattern[bytes], ...] = ()
    """A candidate right before which one of these ends is not masked."""

    def pass_(self, text: bytes, before: bytes = b"") -> bool:
        """Tell whether the candidate is to be masked, that stands behind `before`."""
        return not (
            is_example(text)
            or text in self.allow
            or any(clears(text) for clears in self.clears)
            or (self.entropy and entropy(text) < self.entropy)
            or not all(pattern.search(text) for pattern in self.some_of)
            or any(pattern.search(before) for pattern in self.unless_after)
        )


def read(settings: Mapping[str, object]) -> Checks:
    """Read a rule's `checks`. Raises RuleRefused without the rule's name."""
    unknown = set(settings) - {"entropy", "clear", "allow", "holds", "unless_after"}
    if unknown:
        raise RuleRefused(f"there is no check called {min(unknown)}")
    bits = settings.get("entropy", 0.0)
    clear, allow, holds = (_texts(settings, name) for name in ("clear", "allow", "holds"))
    if not isinstance(bits, int | float) or not 0 <= bits <= 8:
        raise RuleRefused("entropy is between 0 and 8 bits a byte")
    for name in clear:
        if name not in _CLEARS:
            raise RuleRefused(f"nothing called {name} can be cleared; there are {', '.join(sorted(_CLEARS))}")
    return Checks(
        float(bits),
        tuple(_CLEARS[name] for name in clear),
        frozenset(value.encode() for value in allow),
        _patterns("holds", holds),
        _patterns("unless_after", [rf"(?:{pattern})\Z" for pattern in _texts(settings, "unless_after")]),
    )


def _patterns(name: str, patterns: list[str]) -> tuple[re.Pattern[bytes], ...]:
    try:
        return tuple(re.compile(pattern.encode()) for pattern in patterns)
    except re.error as error:
        raise RuleRefused(f"a pattern under {name} cannot be read", detail=str(error)) from error


def _texts(settings: Mapping[str, object], name: str) -> list[str]:
    value = settings.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RuleRefused(f"{name} is a list of texts")
    return value
