"""Counts over many samples: of maskproxy by spans, of the others by lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.quality.judge import Found, Verdict, judge, judge_lines, search
from benchmarks.quality.samples.sample import Sample
from benchmarks.quality.tools import Lines
from maskproxy.masking import Masking

US = "maskproxy"


class Outcome(NamedTuple):
    """Of one tool on one sample. A text that has no secret is hit when anything is told of it."""

    found: bool
    part: bool
    true_hits: int
    false_hits: int
    beside: int


@dataclass
class Tally:
    samples: int = 0
    found: int = 0
    part: int = 0
    true_hits: int = 0
    false_hits: int = 0
    hit: int = 0
    beside: int = 0

    def add(self, outcome: Outcome) -> None:
        self.samples += 1
        self.found += outcome.found
        self.part += outcome.part and not outcome.found
        self.true_hits += outcome.true_hits
        self.false_hits += outcome.false_hits
        self.hit += bool(outcome.false_hits)
        self.beside += outcome.beside


@dataclass
class Scores:
    """`outcomes`: by tool, one for each sample in order. `rules`: which rules hit what is no secret."""

    samples: Sequence[Sample]
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)

    def ours(self, masking: Masking) -> None:
        self.verdicts = [judge(sample, search(masking, sample.text)) for sample in self.samples]
        self.outcomes[US] = [
            Outcome(one.whole, one.part, len(one.true), len(one.false), one.beside) for one in self.verdicts
        ]

    def others(self, tool: str, names: Sequence[str], lines: Lines) -> None:
        made = []
        for sample, name in zip(self.samples, names, strict=True):
            found, true, false = judge_lines(sample, lines.get(name, set()))
            made.append(Outcome(found, found, true, false, 0))
        self.outcomes[tool] = made

    def tallies(self, tool: str, by: Callable[[Sample], str]) -> dict[str, Tally]:
        result: dict[str, Tally] = defaultdict(Tally)
        for sample, outcome in zip(self.samples, self.outcomes[tool], strict=True):
            result[by(sample)].add(outcome)
        return result

    def false_hits(self) -> Iterable[tuple[Sample, Found]]:
        for sample, verdict in zip(self.samples, self.verdicts, strict=True):
            for found in verdict.false:
                yield sample, found

    def rules_beside(self) -> Counter[str]:
        """How often each rule hit what is no secret."""
        return Counter(found.rule for _, found in self.false_hits())
