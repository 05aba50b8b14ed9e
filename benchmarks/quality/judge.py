"""What a finder's spans mean for a sample: its secret covered, partly covered or missed, and what was hit besides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.quality.samples.sample import Sample, Span
from maskproxy.masking import Masking


class Found(NamedTuple):
    """A finding in characters, and which rule's it is."""

    rule: str
    start: int
    end: int


class Verdict(NamedTuple):
    """Of one sample. `beside`: characters masked outside the secret and its companions, in findings that touch it."""

    whole: bool
    part: bool
    true: tuple[Found, ...]
    false: tuple[Found, ...]
    beside: int


def search(masking: Masking, text: str) -> list[Found]:
    """What maskproxy masks in a text, by characters."""
    data = text.encode()
    found = []
    for finding in masking.find(data):
        start = len(data[: finding.start].decode())
        found.append(Found(finding.rule, start, start + len(data[finding.start : finding.end].decode())))
    return found


def judge(sample: Sample, found: Sequence[Found]) -> Verdict:
    true = tuple(one for one in found if _touches(one, sample.spans))
    allowed = tuple(one for one in found if one not in true and _touches(one, sample.allowed))
    false = tuple(one for one in found if one not in true and one not in allowed)
    secret = {at for start, end in sample.spans for at in range(start, end)}
    masked = {at for one in true for at in range(one.start, one.end)}
    companions = {at for start, end in sample.allowed for at in range(start, end)}
    return Verdict(
        bool(secret) and secret <= masked, bool(secret & masked), true, false, len(masked - secret - companions)
    )


def _touches(one: Found, spans: Sequence[Span]) -> bool:
    return any(one.start < end and start < one.end for start, end in spans)


def secret_lines(sample: Sample) -> tuple[range, ...]:
    """Lines, from 1, by which others may tell the secret. Of one in many lines, the line before it counts too."""
    lines = sorted({sample.text.count("\n", 0, start) + 1 for start, _ in sample.spans})
    if len(lines) > 1:
        return (range(lines[0] - 1, lines[-1] + 1),)
    return tuple(range(line, line + 1) for line in lines)


def companion_lines(sample: Sample) -> set[int]:
    return {sample.text.count("\n", 0, start) + 1 for start, _ in sample.allowed}


def judge_lines(sample: Sample, lines: set[int]) -> tuple[bool, int, int]:
    """Whether the secret's line was told, how many true lines were, and how many false ones."""
    true = {line for line in lines if any(line in span for span in secret_lines(sample))}
    return bool(true), len(true), len(lines - true - companion_lines(sample))
