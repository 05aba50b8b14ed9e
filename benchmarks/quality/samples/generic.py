"""Samples of generic secrets: a name that means one, or a place that does, and a value that people or machines made."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.quality.samples.sample import Sample, sample, secret
from benchmarks.quality.texts import surroundings
from benchmarks.quality.texts.generic_hard import HARD
from benchmarks.quality.texts.languages_code import CODE
from benchmarks.quality.texts.languages_config import CONFIG
from benchmarks.quality.texts.languages_text import TEXT
from benchmarks.quality.texts.wrappers import wrapped
from benchmarks.quality.values import generic_names
from benchmarks.quality.values.draw import Draw
from benchmarks.quality.values.passwords import MACHINES, PEOPLE

_COUNT = 2400
_PEOPLE = 0.55
_PLACES = ((38, ("code", CODE)), (28, ("configuration", CONFIG)), (16, ("text", TEXT)), (18, ("hard places", HARD)))


def samples(seed: str) -> Iterator[Sample]:
    for number in range(_COUNT):
        yield _one(Draw(f"{seed}/generic/{number}"))


def _one(draw: Draw) -> Sample:
    people = draw.chance(_PEOPLE)
    shape, make = draw.weighted(PEOPLE if people else MACHINES)
    value = make(draw)
    phrase = generic_names.person(draw) if people or draw.chance(0.15) else generic_names.machine(draw)
    place, languages = draw.weighted(_PLACES)
    while True:
        language = draw.pick(languages)
        core = draw.pick(language.cores)
        if surroundings.fits(core, value):
            break
    text, wrapper = wrapped(surroundings.file(language, core, phrase, value, secret, draw), draw)
    whose = "people's" if people else "drawn"
    made = sample("generic", f"{whose}, in {place}", f"{shape}, {language.name}", language.suffix, text)
    return made._replace(wrapper=wrapper)
