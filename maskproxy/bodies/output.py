"""What every body mask gives: bytes to forward, bytes to record, and what was found where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol, Self

from maskproxy.masking import Masked, trusted


class BodyFinding(NamedTuple):
    """One masked span. `place` is a JSON path such as `messages[3].content[0].text`, a form field, or `body`."""

    rule: str
    place: str
    placeholder: str


MOST_FINDINGS = 10_000
"""What is found beyond is masked all the same and only not listed, but for the first of each rule."""


class Findings(list[BodyFinding]):
    """What was found in one body, up to `MOST_FINDINGS`: a stream may hold secrets without end.

    Of no rule is everything missing: whether an exchange is blocked may hang on one finding.
    """

    def __init__(self, found: Iterable[BodyFinding] = ()) -> None:
        super().__init__()
        self._rules: set[str] = set()
        self.extend(found)

    def append(self, found: BodyFinding) -> None:
        if len(self) < MOST_FINDINGS or found.rule not in self._rules:
            self._rules.add(found.rule)
            super().append(found)

    def extend(self, found: Iterable[BodyFinding]) -> None:
        for one in found:
            self.append(one)

    def __iadd__(self, found: Iterable[BodyFinding]) -> Self:  # type: ignore[misc,override] # a list's takes any iterable
        self.extend(found)
        return self


class Output(NamedTuple):
    """Usually twice the same object; they differ where the API must get its own bytes back exactly."""

    forward: Masked
    record: Masked


class BodyMask(Protocol):
    """One body, already free of content codings.

    Where `streams` is False nothing comes out before `finish`, and the caller bounds what it feeds.
    """

    @property
    def streams(self) -> bool: ...

    @property
    def findings(self) -> list[BodyFinding]: ...

    @property
    def unread_bytes(self) -> int:
        """How much media passed as the configuration says, unread."""
        ...

    def feed(self, data: bytes) -> Output: ...

    def finish(self) -> Output: ...


def same(data: Masked) -> Output:
    """One masked text for both."""
    return Output(data, data)


NOTHING = same(trusted(b"", why="no bytes"))


def join(outputs: list[Output]) -> Output:
    """Put outputs together, as one object for both uses where every part is."""
    if not outputs:
        return NOTHING
    if len(outputs) == 1:
        return outputs[0]
    forward = trusted(b"".join([output.forward for output in outputs]), why="parts that were masked each")
    if all(output.record is output.forward for output in outputs):
        return Output(forward, forward)
    return Output(forward, trusted(b"".join([output.record for output in outputs]), why="parts that were masked each"))
