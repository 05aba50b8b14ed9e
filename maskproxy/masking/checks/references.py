"""What names a secret's place instead of holding it: a variable, a path, a template, an identifier, a digest."""

from __future__ import annotations

import re

from maskproxy.masking.checks.program_text import is_technical
from maskproxy.masking.checks.words import is_word, segments

_REFERENCE = re.compile(
    rb"\$\{.*|\$\(.*|\$[A-Za-z_]\w*|%\w+%|%\([^)]*\)s|%s|\{\{?.*|<%.*|#\{.*|@\w+(?:\.\w+)*@|"
    rb"(?:~?/|\.{1,2}/)[\w./@-]+|"
    rb"(?:vault|op|ssm|secretsmanager|env|file|arn|https?|sm):.*"
)
_MEMBER = re.compile(rb"&?\*?[A-Za-z_]\w*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+")
"""`config.api.token`, `settings->secret`. Tokens of several parts have this shape, too."""
_DRAWN = re.compile(rb"(?=[A-Za-z]*[0-9][A-Za-z]*[0-9])(?=[a-z0-9]*[A-Z])(?=[A-Z0-9]*[a-z])[A-Za-z0-9]{16,}|\w{40,}")
"""No name of a member."""
_HEX = re.compile(rb"[0-9a-fA-F]+")
_CONSTANT = re.compile(rb"[A-Z]+(?:_[A-Z0-9]+)+")
_CODE = re.compile(
    rb"[=~!?<>+*&].*|[A-Za-z_]\w*\?|\w+=.*|(?:async|await|function|instanceof|lambda|return|throw|typeof|yield)"
)
_CODE_MEMBER = re.compile(rb"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+[:.]?")
_IDENTIFIER = re.compile(
    rb"_*(?:[a-z]+|[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z]+(?:_[A-Z0-9]+)*|[A-Za-z]?[a-z]+(?:[A-Z][a-z]+){0,5}[0-9]?|[a-z]+(?:-[a-z]+)+)"
)
_LONGEST_NAME = 128
_LETTERS_AND_A_NUMBER = re.compile(r"[A-Za-z]+(?:[0-9]{1,2}[A-Za-z]+)?")
_HUMP = re.compile(r"[a-z][A-Z]")
_NUMBERED = re.compile(r"[0-9]{3,8}(?:_(?:[a-z]+|[0-9]+))+")
_FIELD = re.compile(r"[a-z]+(?:-[a-z0-9]+){2,}")
_LONG_WORD, _WORD_ON_AVERAGE = 4, 4.5


def is_reference(text: bytes) -> bool:
    """Tell whether this names the place of a secret: a variable, a path, a template."""
    return _REFERENCE.fullmatch(text) is not None or _is_member(_MEMBER, text)


def is_hex(text: bytes) -> bool:
    """Tell whether this is hexadecimal from end to end, as a digest is."""
    return _HEX.fullmatch(text) is not None


def is_code(text: bytes) -> bool:
    """Tell whether this is a piece of an expression in a program."""
    return _CODE.fullmatch(text) is not None or _is_member(_CODE_MEMBER, text)


def is_constant(text: bytes) -> bool:
    """Tell whether this may be the name of a constant: `SOME_TOKEN`."""
    return _CONSTANT.fullmatch(text) is not None


def is_identifier(text: bytes) -> bool:
    """Tell whether this may be a name in a program, or one of a file or a header."""
    if _IDENTIFIER.fullmatch(text) is not None:
        return True
    if len(text) > _LONGEST_NAME:
        return False
    name = text.decode("utf-8", "replace")
    return _is_in_camel_case(name) or _is_numbered(name) or _is_of_a_field(name)


def _is_in_camel_case(name: str) -> bool:
    """`CanvasContext2DSettings`, `V2AccountUpdated`: long words, abbreviations between them, a number inside."""
    if not _LETTERS_AND_A_NUMBER.fullmatch(name) or not _HUMP.search(name):
        return False
    runs = segments(name)
    long = [run for run in runs if len(run) >= _LONG_WORD]
    letters = sum(map(len, runs))
    many = 2 * sum(map(len, long)) >= letters >= _WORD_ON_AVERAGE * len(runs)
    return many and all(is_word(run) and not run[1:].isupper() for run in long)


def _is_numbered(name: str) -> bool:
    """`0002_auto_20160226_1747`, as files are named that are taken in order."""
    return _NUMBERED.fullmatch(name) is not None and all(map(is_word, segments(name)))


def _is_of_a_field(name: str) -> bool:
    """`x-amz-content-sha256`: words, with the name of an algorithm or a version among them."""
    return _FIELD.fullmatch(name) is not None and all(part.isalpha() or is_technical(part) for part in name.split("-"))


def _is_member(shape: re.Pattern[bytes], text: bytes) -> bool:
    return shape.fullmatch(text) is not None and _DRAWN.search(text) is None
