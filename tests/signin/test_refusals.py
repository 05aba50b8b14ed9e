import json
import re

import pytest

from maskproxy.errors import BadRequest, Denied, MaskproxyError, StoreFailed, TooLarge, TooMany, Unauthenticated
from maskproxy.signin.refusals import OAuthRefused, invalid_grant, shape


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OAuthRefused("slow_down", "s"), 400, "slow_down"),
        (invalid_grant("s", answers=401), 401, "invalid_grant"),
        (BadRequest("s"), 400, "invalid_request"),
        (TooLarge("s"), 413, "invalid_request"),
        (Unauthenticated("s"), 401, "invalid_grant"),
        (Denied("s"), 403, "access_denied"),
        (TooMany("s"), 429, "temporarily_unavailable"),
        (StoreFailed("s"), 503, "temporarily_unavailable"),
    ],
)
def test_each_error_has_the_status_and_the_code_that_clients_know(
    error: MaskproxyError, status: int, code: str
) -> None:
    told, body = shape(error)
    assert (told, json.loads(body)) == (status, {"error": code, "error_description": "s"})


def test_a_description_holds_only_what_the_standard_allows() -> None:
    _, body = shape(BadRequest('say "this" \\ \u00fc'))
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", json.loads(body)["error_description"])
