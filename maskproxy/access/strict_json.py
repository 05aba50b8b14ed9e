"""JSON from somebody else, read without any of the leniency of Python's parser.

Promises: UTF-8 only; a name never stands twice in one object; no NaN, no infinity, no number of absurd length; deep
nesting and lone surrogates are refused. What two parsers could read in two ways is not read at all. Every refusal is a
`ValueError` with a constant sentence.
"""

from __future__ import annotations

import json
import math
from typing import NoReturn

_LONGEST_NUMBER = 32


def parse(data: bytes, *, depth: int = 8) -> object:
    """Read one JSON value that nests objects and arrays at most `depth` deep."""
    try:
        value: object = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_without_repeats,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_not_a_number,
        )
    except RecursionError:
        raise ValueError("the JSON nests too deep") from None
    except UnicodeDecodeError:
        raise ValueError("the text is not UTF-8") from None
    except json.JSONDecodeError:
        # Its own message is harmless, but the exception carries the whole document.
        raise ValueError("the text is not JSON") from None
    _check(value, depth)
    return value


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one JSON object")
    return members


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a JSON number is too long")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if len(digits) > _LONGEST_NUMBER or not math.isfinite(number):
        raise ValueError("a JSON number is too long or too large")
    return number


def _not_a_number(_: str) -> NoReturn:
    raise ValueError("a JSON number is not finite")


def _check(value: object, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
        return
    if not isinstance(value, dict | list):
        return
    if depth == 0:
        raise ValueError("the JSON nests too deep")
    if isinstance(value, dict):
        for name in value:
            _check_text(name)
    for part in value.values() if isinstance(value, dict) else value:
        _check(part, depth - 1)


def _check_text(text: str) -> None:
    # A lone surrogate parses, and then fails in whoever encodes the text first.
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("a JSON string holds half a character") from None
