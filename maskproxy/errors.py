"""Every way in which maskproxy refuses or fails: one class per handling decision.

`str(error)` is a constant sentence that a client may read; it never holds a secret, a token or text from a body.
`detail` is for the log, which masks it. Foreign exceptions are mapped to these at the border with `raise ... from`.
"""

from __future__ import annotations

from typing import ClassVar


class MaskproxyError(Exception):
    """The root. An exchange that ends with one is answered with `status` and `kind` in the API's error shape."""

    status: ClassVar[int] = 503
    kind: ClassVar[str] = "api_error"
    exit_code: ClassVar[int] = 69

    def __init__(self, sentence: str, *, detail: str = "", retry: bool = False) -> None:
        super().__init__(sentence)
        self.detail = detail
        self.retry = retry
        """True where another try can help: becomes `x-should-retry`."""


class BadRequest(MaskproxyError):
    """The request breaks the protocol or cannot be read. Nothing reached upstream."""

    status = 400
    kind = "invalid_request_error"


class Unauthenticated(MaskproxyError):
    """No token, or one that does not prove who the caller is."""

    status = 401
    kind = "authentication_error"
    exit_code = 77


class Denied(MaskproxyError):
    """The caller is known and may not do this."""

    status = 403
    kind = "permission_error"
    exit_code = 77


class NotFound(MaskproxyError):
    """Nothing here by that name, or nothing that this caller may know of."""

    status = 404
    kind = "not_found_error"


class TimedOut(MaskproxyError):
    """The client took too long to send its request."""

    status = 408
    kind = "invalid_request_error"


class TooLarge(MaskproxyError):
    """A body, or what it inflates to, is over its limit."""

    status = 413
    kind = "request_too_large"


class UnsupportedCoding(MaskproxyError):
    """A content coding, charset or media type that cannot be read, and so is not passed."""

    status = 415
    kind = "invalid_request_error"


class TooMany(MaskproxyError):
    """The caller asks too often, or for too much at a time. `retry_after_s` tells when it will do."""

    status = 429
    kind = "rate_limit_error"

    def __init__(
        self, sentence: str, *, detail: str = "", retry: bool = False, retry_after_s: int | None = None
    ) -> None:
        super().__init__(sentence, detail=detail, retry=retry)
        self.retry_after_s = retry_after_s


class OverCap(TooMany):
    """What the caller's grant allows for a day is used up. Claude Code shows the sentence."""

    kind = "billing_error"


class Misdirected(MaskproxyError):
    """The inner request names another host than its tunnel."""

    status = 421
    kind = "invalid_request_error"


class Blocked(MaskproxyError):
    """A rule whose action is to block found something. The sentence names the rule, never the text."""

    status = 400
    kind = "invalid_request_error"


class Unrestorable(MaskproxyError):
    """An edit holds a placeholder whose secret is not known: the answer is stopped, lest a file gets it."""

    status = 400
    kind = "invalid_request_error"


class UpstreamFailed(MaskproxyError):
    """Upstream could not be reached, broke the protocol or went silent."""


class CredentialFailed(MaskproxyError):
    """The service's own credential cannot be had, or upstream refused it. Raises an alarm."""


class MaskingFailed(MaskproxyError):
    """The masker could not finish. What it held is dropped, never released."""


class RecordingFailed(MaskproxyError):
    """The recorder cannot promise to keep the exchange, so the exchange does not take place."""


class StoreFailed(MaskproxyError):
    """The store cannot be read or written, or not in time. An exchange that needs nothing of it goes on."""


class Unavailable(MaskproxyError):
    """Draining, out of memory budget, or the identity provider's keys are out of reach."""


class RuleRefused(MaskproxyError):
    """A rule cannot be made safe for a stream, or its own samples do not hold. The sentence says which and why."""

    exit_code = 78


class ConfigurationFault(MaskproxyError):
    """The configuration cannot be used. `faults` lists every one as (path in the file, sentence)."""

    exit_code = 78

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("The configuration has faults.")
        self.faults = faults


class DamagedRecording(MaskproxyError):
    """A recording cannot be read beyond some place."""

    exit_code = 65


class StartFailed(MaskproxyError):
    """The daemon or the embedded setting cannot start."""
