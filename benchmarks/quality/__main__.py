"""What the rules find, what they leave alone, and how others do on the same set: `python -m benchmarks.quality`.

The set is drawn from a seed; another one gives another set. A sample counts as found when everything of its secret is
masked. Of the other tools, which tell lines, it counts when they tell the secret's line: generous to them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.quality import clean_tables, tables, tools
from benchmarks.quality.report import CONSOLE
from benchmarks.quality.samples import excerpts, generic, lookalikes, structure, vendor
from benchmarks.quality.samples.sample import Sample
from benchmarks.quality.scores import Scores
from maskproxy.masking import Masking, PlaceholderKey, load_rules
from maskproxy.service.rule_cache import rule_cache

CACHE = Path(".quality")
SEED = "1"


def samples(seed: str, only: str | None = None) -> list[Sample]:
    """The set, or a kind or family of it."""
    made = [*vendor.samples(seed), *structure.samples(seed), *generic.samples(seed), *lookalikes.samples(seed)]
    if only in (None, "clean", excerpts.FAMILY):
        made += excerpts.samples(seed, CACHE)
    return [one for one in made if only in (None, one.kind, one.family)]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    rules = load_rules(options.rules, cache=rule_cache(os.environ))
    masking = Masking(rules, PlaceholderKey(bytes(range(32))).scoped("quality"))
    wanted = samples(options.seed, options.only)
    if not wanted:
        CONSOLE.print(f"There is no kind or family {options.only}.")
        return 2
    scores = Scores(wanted)
    scores.ours(masking)
    others = {} if options.alone else tools.installed(CACHE / "yardsticks")
    if not others:
        CONSOLE.print("Other tools are not asked for or not installed; their columns are left out.")
    _ask(scores, others)
    CONSOLE.print(
        f"Seed {options.seed}: {len(wanted)} texts. Found: all of the secret is masked; of others, its line is told."
    )
    tables.print_all(scores, options.by)
    if options.show:
        tables.print_false(scores, options.show)
    rates = {}
    if options.only is None and not options.no_code:
        rates = clean_tables.print_all(masking, others, options.seed, CACHE, options.show)
    tables.print_together(scores, rates)
    return 0


def _ask(scores: Scores, others: dict[str, tools.Run]) -> None:
    """Each of the other tools on every sample, as files in one folder."""
    names = [f"{at:05}{one.suffix}" for at, one in enumerate(scores.samples)]
    with tempfile.TemporaryDirectory() as place:
        tools.write([(name, one.text) for name, one in zip(names, scores.samples, strict=True)], Path(place))
        for tool, lines in tools.ask(others, Path(place)).items():
            scores.others(tool, names, lines)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.split("\n")[0])
    parser.add_argument("--seed", default=SEED, help="another one gives another set (%(default)s)")
    parser.add_argument("--only", metavar="FAMILY", help="only this family, or vendor, structure, generic or clean")
    parser.add_argument("--by", choices=tables.BY, help="recall by more than families: what the samples differ in")
    parser.add_argument(
        "--show", metavar="RULE", help="where this rule (or 'all') hits what is no secret; shapes, not values"
    )
    parser.add_argument("--alone", action="store_true", help="do not run the other tools")
    parser.add_argument("--no-code", action="store_true", help="do not read packages' code")
    parser.add_argument("--rules", action="append", help="builtin:default, or files of rules; may be given again")
    options = parser.parse_args(arguments)
    options.rules = options.rules or ["builtin:default"]
    return options


if __name__ == "__main__":
    sys.exit(main())
