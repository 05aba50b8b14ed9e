"""What names a secret's place instead of holding it: a variable, a path, a template, an identifier, a digest."""

from __future__ import annotations

import re

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
_CODE = re.compile(rb"[=~!?<>+*&].*|[A-Za-z_]\w*\?|\w+=.*")
_CODE_MEMBER = re.compile(rb"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)+[:.]?")
_IDENTIFIER = re.compile(
    rb"_*(?:[a-z]+|[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z]+(?:_[A-Z0-9]+)*|[A-Za-z]?[a-z]+(?:[A-Z][a-z]+){0,5}[0-9]?|[a-z]+(?:-[a-z]+)+)"
)


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
    """Tell whether this may be a name in a program."""
    return _IDENTIFIER.fullmatch(text) is not None


def _is_member(shape: re.Pattern[bytes], text: bytes) -> bool:
    return shape.fullmatch(text) is not None and _DRAWN.search(text) is None
