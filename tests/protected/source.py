"""Source to protect, made up by a seed: functions of a dozen lines and more, as a company has them."""

import random

_NOUNS = [
    "rate",
    "ledger",
    "quote",
    "basket",
    "margin",
    "carrier",
    "invoice",
    "region",
    "tariff",
    "weight",
    "channel",
    "forecast",
    "stock",
    "route",
]
_VERBS = ["settle", "rebalance", "project", "discount", "allocate", "smooth", "merge", "rank", "clip", "interpolate"]


def function(number: int, seed: int) -> str:
    """One function in Python; another number or seed gives another one."""
    rng = random.Random(f"{seed} {number}")
    noun = [f"{rng.choice(_NOUNS)}_{rng.choice(_NOUNS)}_{rng.randrange(90)}" for _ in range(6)]
    lines = [f"def {rng.choice(_VERBS)}_{noun[0]}({noun[1]}, {noun[2]}, *, limit={rng.randrange(1000)}):"]
    for _ in range(rng.randrange(11, 18)):
        a, b, c = rng.sample(noun, 3)
        lines.append(
            "    "
            + rng.choice(
                [
                    f"{a} = {b}.{rng.choice(_VERBS)}({c}, {rng.random():.3f})",
                    f"if {a} > {b} and {c}.get('{rng.choice(_NOUNS)}') is not None: {a} -= {rng.randrange(50)}",
                    f"{a} = [{b} * item for item in {c} if item.{rng.choice(_NOUNS)} < limit]",
                    f"self.{a}['{rng.choice(_NOUNS)}'] = max({b}, {c}) / {rng.randrange(2, 90)}",
                ]
            )
        )
    return "\n".join([*lines, f"    return {noun[3]}", ""])


def module(count: int, seed: int = 1) -> str:
    return "\n\n".join(function(number, seed) for number in range(count))
