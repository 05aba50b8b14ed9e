"""The tables of the set: recall by family, precision, clean texts that are hit, and what the misses have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from benchmarks.quality.report import CONSOLE, most, percent, shape, share, table
from benchmarks.quality.samples.sample import Sample
from benchmarks.quality.scores import US, Scores, Tally

_SECRETS = ("vendor", "structure", "generic")
_AROUND = 48
_TOO_MANY = 200

BY: dict[str, Callable[[Sample], str]] = {
    "name": lambda sample: sample.name,
    "wrapper": lambda sample: sample.wrapper or "none",
    "suffix": lambda sample: sample.suffix,
    "shape": lambda sample: sample.name.split(", ")[0],
    "language": lambda sample: sample.name.split(", ")[-1],
}


def print_all(scores: Scores, by: str | None) -> None:
    kinds = {tool: scores.tallies(tool, lambda sample: sample.kind) for tool in scores.outcomes}
    families = {
        tool: scores.tallies(tool, lambda sample: f"{sample.kind}: {sample.family}") for tool in scores.outcomes
    }
    others = [tool for tool in scores.outcomes if tool != US]
    head = ["secrets", "samples", US, "in part", "besides", *others]
    rows = [row for kind in _SECRETS if kind in kinds[US] for row in _recall(kind, kinds, families)]
    if rows:
        table(
            "Recall, by family ('in part': some of the secret; 'besides': characters masked around it, a sample)",
            head,
            rows,
        )
    if "clean" in kinds[US]:
        clean = {
            tool: {key: one for key, one in found.items() if key.startswith("clean")}
            for tool, found in families.items()
        }
        table("Clean texts that are hit", ["clean texts", "texts", US, *others], _hit(clean, kinds))
    if by:
        _print_by(scores, by)
    hits = [(rule, str(count)) for rule, count in most(scores.rules_beside(), 12)]
    if hits:
        table("Rules that hit what is no secret, in all texts", ["rule", "hits"], hits)


def _recall(
    kind: str, kinds: dict[str, dict[str, Tally]], families: dict[str, dict[str, Tally]]
) -> Iterator[list[str]]:
    yield _row(f"{kind}", kind, kinds)
    for family in sorted(families[US]):
        if family.startswith(f"{kind}: "):
            yield _row("  " + family.removeprefix(f"{kind}: "), family, families)


def _row(label: str, key: str, tallies: dict[str, dict[str, Tally]]) -> list[str]:
    own = tallies[US][key]
    others = [share(found[key].found, found[key].samples) for tool, found in tallies.items() if tool != US]
    return [
        label,
        str(own.samples),
        share(own.found, own.samples),
        share(own.part, own.samples),
        f"{own.beside / own.samples:.1f}",
        *others,
    ]


def _hit(clean: dict[str, dict[str, Tally]], kinds: dict[str, dict[str, Tally]]) -> Iterator[list[str]]:
    yield [
        "all",
        str(kinds[US]["clean"].samples),
        *(percent(found["clean"].hit, found["clean"].samples) for found in kinds.values()),
    ]
    for family in sorted(clean[US]):
        label = "  " + family.removeprefix("clean: ")
        yield [
            label,
            str(clean[US][family].samples),
            *(percent(found[family].hit, found[family].samples) for found in clean.values()),
        ]


def print_together(scores: Scores, rates: Mapping[str, Mapping[str, str]]) -> None:
    """The last table, as README has it. `rates`: further rows, by tool."""
    kinds = {tool: scores.tallies(tool, lambda sample: sample.kind) for tool in scores.outcomes}
    rows = [["", *kinds], ["---"] * (len(kinds) + 1), *_together(kinds)]
    rows += [[label, *(of.get(tool, "") for tool in kinds)] for label, of in rates.items()]
    for row in rows:
        CONSOLE.print("| " + " | ".join(row) + " |", markup=False)


def _together(kinds: dict[str, dict[str, Tally]]) -> Iterator[list[str]]:
    for kind in _SECRETS:
        if kind in kinds[US]:
            yield [f"recall, {kind}", *(share(found[kind].found, found[kind].samples) for found in kinds.values())]
    true = {tool: sum(one.true_hits for one in found.values()) for tool, found in kinds.items()}
    false = {tool: sum(one.false_hits for one in found.values()) for tool, found in kinds.items()}
    yield [
        "precision",
        *(share(true[tool], true[tool] + false[tool]) for tool in kinds),
    ]
    if "clean" in kinds[US]:
        yield [
            "clean texts that are hit",
            *(percent(found["clean"].hit, found["clean"].samples) for found in kinds.values()),
        ]


def _print_by(scores: Scores, by: str) -> None:
    tallies = {
        tool: scores.tallies(tool, lambda sample: f"{sample.kind}: {BY[by](sample)}") for tool in scores.outcomes
    }
    keys = sorted(
        (key for key in tallies[US] if not key.startswith("clean")),
        key=lambda key: tallies[US][key].found / tallies[US][key].samples,
    )
    head = [by, "samples", US, "in part", "besides", *(tool for tool in tallies if tool != US)]
    table(f"Recall by {by}, the weakest first", head, [_row(key, key, tallies) for key in keys])


def print_false(scores: Scores, rule: str) -> None:
    """Where a rule hits what is no secret in the set's texts."""
    places = [(sample, found) for sample, found in scores.false_hits() if rule in ("all", found.rule)]
    for sample, found in places[:_TOO_MANY]:
        before = sample.text[max(0, found.start - _AROUND) : found.start].rpartition("\n")[2]
        where = f"{found.rule}  {sample.kind}: {sample.family}, {sample.name}  {sample.wrapper}"
        CONSOLE.print(f"{where}\n    {before}<{shape(sample.text[found.start : found.end])}>", markup=False)
    CONSOLE.print(f"{len(places)} hits of {rule} on what is no secret, in the set's texts.")
