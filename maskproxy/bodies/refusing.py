"""A mask under which a finding may end the exchange: its rule blocks, or the grant does not allow what was found.

What is found is masked first and judged then, by the same findings that are recorded: so it never depends on cuts, and
nothing of it has left. The output in which it was found is dropped. An answer's events end with one that says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from maskproxy.bodies.around import Around
from maskproxy.bodies.events import error_event
from maskproxy.bodies.output import NOTHING, BodyFinding, BodyMask, Output, same
from maskproxy.bodies.places import MCP_RULE
from maskproxy.errors import Blocked, Denied, MaskproxyError
from maskproxy.masking import Direction, Sought, trusted

Refusal = Callable[[str], MaskproxyError | None]
"""What a finding of this rule ends the exchange with, if it does."""


def refusal(sought: Sought, direction: Direction) -> Refusal:
    def judge(rule: str) -> MaskproxyError | None:
        if not sought.blocks(rule):
            return None
        if rule == MCP_RULE:
            return Denied(
                "Your grant does not allow an authorization_token in mcp_servers. Leave it out, or ask the gateway's "
                "owners for a grant with mcp_tokens."
            )
        if direction == "request":
            return Blocked(
                f"The request was not sent, since the rule {rule} found a secret in it that may not leave. Take it "
                "out, or start a new conversation without it."
            )
        return Blocked(
            f"The answer was stopped, since the rule {rule} found a secret in it that may not be passed on. Ask for "
            "an answer without it."
        )

    return judge


def refuse_for(findings: Iterable[BodyFinding], refusal: Refusal) -> None:
    """Raise what the first finding that ends the exchange calls for."""
    for finding in findings:
        error = refusal(finding.rule)
        if error is not None:
            raise error


class Refusing(Around):
    """With `tells`, for the events of an answer (fed one by one), the last event tells why; else it is raised."""

    def __init__(self, mask: BodyMask, refusal: Refusal, *, tells: bool = False) -> None:
        super().__init__(mask)
        self._refusal = refusal
        self._tells = tells
        self._judged = 0
        self._error: MaskproxyError | None = None

    @property
    def stopped(self) -> MaskproxyError | None:
        return self._error or super().stopped

    def feed(self, data: bytes) -> Output:
        return NOTHING if self._error is not None else self._judge(self._mask.feed(data))

    def finish(self) -> Output:
        return NOTHING if self._error is not None else self._judge(self._mask.finish())

    def _judge(self, out: Output) -> Output:
        findings = self._mask.findings
        while self._judged < len(findings):
            error = self._refusal(findings[self._judged].rule)
            self._judged += 1
            if error is None:
                continue
            if not self._tells:
                raise error
            self._error = error
            return same(trusted(error_event(error), why="an event of our own that names a rule"))
        return out
