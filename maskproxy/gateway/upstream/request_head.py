"""The head of a request to upstream, written so that nothing in it can be read as a second request.

The pool alone decides Host, framing and connection fields: a caller that hands one of these in, or a line break
inside a value, is refused before a byte is sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from maskproxy.errors import BadRequest

_START: Final = re.compile(
    r"(?!CONNECT )[!#$%&'*+\-.^_`|~0-9A-Za-z]+ (?:/[!-\"$-~\x80-\U0010ffff]*|\*) HTTP/1\.1\r\n"
    r"Host: [0-9A-Za-z.\-_:\[\]]+\r\n"
)
_NAME: Final = re.compile(
    r"(?!(?i:host|connection|content-length|transfer-encoding|keep-alive|te|trailer|upgrade|proxy-[a-z\-]+)\Z)"
    r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
)
_CONTROLS: Final = bytes([*range(9), *range(10, 32), 127])
"""CR and LF among them: there must be as many as there are line ends."""
_good_names: set[str] = set()
"""Names that were checked before."""
_GOOD_NAMES_LIMIT: Final = 4096
_BODY_EXPECTED: Final = frozenset({"POST", "PUT", "PATCH"})


def write_request_head(
    method: str, target: str, host: str, fields: Sequence[tuple[str, str]], *, length: int | None, chunked: bool
) -> bytes:
    """Write the head up to and with its empty line. `length` is None without a body or with a chunked one.

    Raises BadRequest for what does not fit the grammar: nothing was sent then.
    """
    start = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n"
    text = start + "".join([f"{name}: {value}\r\n" for name, value in fields])
    try:
        head = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise BadRequest("The request's head holds characters that cannot be sent.") from error
    names = [name for name, _ in fields]
    line_ends = len(fields) + 2
    if (
        not _START.fullmatch(start)
        or not (_good_names.issuperset(names) or all(map(_is_good, names)))
        or len(head) - len(head.translate(None, _CONTROLS)) != 2 * line_ends
        or head.count(b"\r\n") != line_ends
    ):
        raise BadRequest("The request's head cannot be sent upstream as it is.")
    if chunked:
        return head + b"Transfer-Encoding: chunked\r\n\r\n"
    if length is not None:
        return b"%bContent-Length: %d\r\n\r\n" % (head, length)
    if method in _BODY_EXPECTED:
        return head + b"Content-Length: 0\r\n\r\n"
    return head + b"\r\n"


def _is_good(name: str) -> bool:
    """Tell whether a field's name is a token and not one of ours."""
    if not _NAME.fullmatch(name):
        return False
    if len(_good_names) < _GOOD_NAMES_LIMIT and len(name) <= 64:
        _good_names.add(name)
    return True
