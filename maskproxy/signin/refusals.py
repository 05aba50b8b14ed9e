"""Refusals on OAuth endpoints, in the shape of RFC 6749, 5.2. Pure."""

from __future__ import annotations

import json

from maskproxy.errors import BadRequest, Denied, MaskproxyError, NotFound, TooMany, Unauthenticated


class OAuthRefused(BadRequest):
    """A client's request that an OAuth endpoint refuses with a code that the client knows."""

    def __init__(self, code: str, sentence: str, *, answers: int = 400, detail: str = "") -> None:
        super().__init__(sentence, detail=detail)
        self.code = code
        self.answers = answers
        """The HTTP status."""


def invalid_grant(sentence: str, *, answers: int = 400, detail: str = "") -> OAuthRefused:
    return OAuthRefused("invalid_grant", sentence, answers=answers, detail=detail)


def shape(error: MaskproxyError) -> tuple[int, bytes]:
    """The status and the body. `error_description` holds what ASCII that RFC 6749 allows."""
    status, code = error.status, "invalid_request"
    if isinstance(error, OAuthRefused):
        status, code = error.answers, error.code
    elif isinstance(error, Unauthenticated):
        code = "invalid_grant"
    elif isinstance(error, Denied):
        code = "access_denied"
    elif error.status >= 500 or isinstance(error, TooMany):
        code = "temporarily_unavailable"
    elif isinstance(error, NotFound):
        code = "invalid_request"
    said = str(error).replace('"', "'").replace("\\", "/").encode("ascii", "replace").decode()
    return status, json.dumps({"error": code, "error_description": said}).encode()
