"""What a refused caller reads: the API's error shape, one sentence, and whether another try can help. Pure."""

from __future__ import annotations

import json

from maskproxy.errors import MaskproxyError, TooMany, Unauthenticated

_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    421: "Misdirected Request",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


def refusal_fields(error: MaskproxyError, exchange_id: str) -> list[tuple[str, str]]:
    fields = [
        ("Content-Type", "application/json"),
        ("request-id", exchange_id),
        ("x-should-retry", "true" if error.retry else "false"),
        ("Cache-Control", "no-store"),
    ]
    if isinstance(error, Unauthenticated):
        fields.append(("WWW-Authenticate", 'Bearer realm="maskproxy"'))
    if isinstance(error, TooMany) and error.retry_after_s is not None:
        fields.append(("retry-after", str(error.retry_after_s)))
    return fields


def refusal_body(error: MaskproxyError, exchange_id: str) -> bytes:
    shape = {"type": "error", "error": {"type": error.kind, "message": str(error)}, "request_id": exchange_id}
    return json.dumps(shape).encode()


def raw_refusal(error: MaskproxyError, exchange_id: str, *, proxy: bool = False) -> bytes:
    """A whole answer for a connection that no HTTP server owns yet; the connection is closed after it.

    With `proxy`, a missing or bad token is 407 as a proxy says it.
    """
    status = 407 if proxy and isinstance(error, Unauthenticated) else error.status
    body = refusal_body(error, exchange_id)
    fields = refusal_fields(error, exchange_id)
    if status == 407:
        fields = [(n, v) for n, v in fields if n != "WWW-Authenticate"]
        fields.append(("Proxy-Authenticate", 'Basic realm="maskproxy"'))
    fields += [("Content-Length", str(len(body))), ("Connection", "close")]
    head = f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields)
    return head.encode("ascii") + b"\r\n" + body
