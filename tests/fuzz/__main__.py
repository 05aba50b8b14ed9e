"""`make fuzz`: masking tried out at random, on every core, until its time is up or its count is reached.

Each trial has a name, `subject:seed:number`, from which it can be seen again: `python -m tests.fuzz --again NAME`. The
first failure ends the run with its name. Counted are cuts: ways in which one text was cut and compared with the whole.
A trial has a bound in time (`bounds`), so that a run ends near its own.
"""

from __future__ import annotations

import argparse
import importlib
import os
import secrets
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from random import Random

from tests.fuzz.bounds import trial_bound

SUBJECTS = {
    "rules": ("tests.fuzz.rules", "trial"),
    "mangled": ("tests.fuzz.rules", "mangled_trial"),
    "rules-json": ("tests.fuzz.rules", "json_trial"),
    "holding": ("tests.fuzz.holding", "trial"),
    "actions": ("tests.fuzz.actions", "trial"),
    "lifting": ("tests.fuzz.lifting", "trial"),
    "encoded": ("tests.fuzz.encoded", "trial"),
    "builtin": ("tests.fuzz.builtin", "trial"),
    "json": ("tests.fuzz.json_bodies", "trial"),
    "streams": ("tests.fuzz.streams", "trial"),
    "restoring": ("tests.fuzz.restoring", "trial"),
}
_TURNS = (
    *("rules", "builtin", "encoded", "rules", "streams", "builtin", "actions"),
    *("rules", "json", "encoded", "builtin", "restoring", "holding", "rules-json", "mangled", "lifting"),
)
"""Whose turn it is: the masker comes up most often."""
_TURN_S = 3.0


def one(name: str) -> int:
    """Run the trial of this name; give how many cuts it tried."""
    module, function = SUBJECTS[name.partition(":")[0]]
    trial: Callable[[Random], int] = getattr(importlib.import_module(module), function)
    with trial_bound():
        return trial(Random(name))


def turn(subject: str, seed: str, first: int, seconds: float) -> tuple[str, int, int, float, str]:
    """Run trials of one subject for a while: subject, next number, cuts, processor time, and what failed."""
    importlib.import_module(SUBJECTS[subject][0])
    end, start, cuts, number = time.monotonic() + seconds, time.process_time(), 0, first
    while time.monotonic() < end:
        name = f"{subject}:{seed}:{number}"
        try:
            cuts += one(name)
        except Exception:  # noqa: BLE001 # whatever it is, it is what is being looked for
            return subject, number, cuts, time.process_time() - start, f"{name}\n{traceback.format_exc()}"
        number += 1
    return subject, number, cuts, time.process_time() - start, ""


def run(turns: list[str], seed: str, seconds: float, most_cuts: int, cores: int) -> int:
    deadline = time.monotonic() + seconds
    cuts: Counter[str] = Counter()
    spent: defaultdict[str, float] = defaultdict(float)
    trials: Counter[str] = Counter()
    failure, taken = "", 0
    print(f"seed {seed}, {cores} processes, at most {seconds:.0f} s", flush=True)
    with ProcessPoolExecutor(cores) as pool:
        running: set[Future[tuple[str, int, int, float, str]]] = set()
        while not failure:
            left = deadline - time.monotonic()
            is_over = left <= 0 or (most_cuts and cuts.total() >= most_cuts)
            while not is_over and len(running) < cores:
                running.add(pool.submit(turn, turns[taken % len(turns)], seed, taken * 1_000_000, min(_TURN_S, left)))
                taken += 1
            if not running:
                break
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                subject, number, made, took, failed = future.result()
                cuts[subject] += made
                spent[subject] += took
                trials[subject] += number % 1_000_000
                failure = failure or failed
    for subject in dict.fromkeys(turns):
        rate = cuts[subject] / spent[subject] if spent[subject] else 0
        print(f"{subject:11} {trials[subject]:9,} trials {cuts[subject]:12,} cuts {rate:10,.0f} a second of a core")
    print(f"{'together':11} {trials.total():9,} trials {cuts.total():12,} cuts")
    if failure:
        print(f"\nFailed: {failure}", file=sys.stderr)
    return int(bool(failure))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600.0, help="how long at most (600)")
    parser.add_argument("--cuts", type=int, default=0, help="how many cuts are enough (no limit)")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="begins the name of every trial (by chance)")
    parser.add_argument("--only", action="append", choices=SUBJECTS, help="a subject; may be given again")
    parser.add_argument("--again", metavar="NAME", help="run one trial that failed before")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), help="how many (one a core)")
    options = parser.parse_args()
    if options.again:
        print(f"{one(options.again)} cuts, no difference")
        return 0
    turns = [subject for subject in _TURNS if not options.only or subject in options.only]
    return run(turns, options.seed, options.seconds, options.cuts, options.processes)


if __name__ == "__main__":
    sys.exit(main())
