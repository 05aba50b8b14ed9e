"""The head of a request to upstream, written so that nothing in it can be read as a second request.

The pool alone decides Host, framing and connection fields: a caller that hands one of these in, or a line break
inside a value, is refused before a byte is sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from maskproxy.errors import BadRequest

_HEAD: Final = re.compile(
    rb"(?!CONNECT )[!#$%&'*+\-.^_`|~0-9A-Za-z]++ (?:/[!-\"$-~\x80-\xff]*+|\*) HTTP/1\.1\r\n"
    rb"Host: [0-9A-Za-z.\-_:\[\]]++\r\n"
    rb"(?:(?!(?i:host|connection|content-length|transfer-encoding|keep-alive|te|trailer|upgrade|proxy-[a-z\-]++):)"
    rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++: [^\x00-\x08\n-\x1f\x7f]*+\r\n)*+"
)
_BODY_EXPECTED: Final = frozenset({"POST", "PUT", "PATCH"})


def write_request_head(
    method: str, target: str, host: str, fields: Sequence[tuple[str, str]], *, length: int | None, chunked: bool
) -> bytes:
    """Write the head up to and with its empty line. `length` is None without a body or with a chunked one.

    Raises BadRequest for what does not fit the grammar: nothing was sent then.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in fields])
    text = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{lines}"
    try:
        head = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise BadRequest("The request's head holds characters that cannot be sent.") from error
    # A value that holds a line break and then a good field would still fit the grammar: the lines are counted too.
    if not _HEAD.fullmatch(head) or head.count(b"\n") != len(fields) + 2:
        raise BadRequest("The request's head cannot be sent upstream as it is.")
    if chunked:
        return head + b"Transfer-Encoding: chunked\r\n\r\n"
    if length is not None:
        return b"%bContent-Length: %d\r\n\r\n" % (head, length)
    if method in _BODY_EXPECTED:
        return head + b"Content-Length: 0\r\n\r\n"
    return head + b"\r\n"
