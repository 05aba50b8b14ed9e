"""Samples in which the syntax names the secret: URLs, connection strings, headers, commands, files of known tools."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.quality.samples.sample import Sample, sample, secret
from benchmarks.quality.samples.vendor import LANGUAGES
from benchmarks.quality.texts import surroundings
from benchmarks.quality.texts.languages_text import PROSE
from benchmarks.quality.texts.structure_files import FILES
from benchmarks.quality.texts.structure_lines import LINES
from benchmarks.quality.texts.structure_urls import PLACES, Form
from benchmarks.quality.texts.wrappers import wrapped
from benchmarks.quality.values.draw import Draw
from benchmarks.quality.values.recipes import cook

FORMS = (*PLACES, *LINES, *FILES)
_EACH = 10
"""Samples of each form."""


def samples(seed: str) -> Iterator[Sample]:
    for form in FORMS:
        for number in range(_EACH):
            yield _one(form, Draw(f"{seed}/structure/{form.name}/{number}"), number)


def _one(form: Form, draw: Draw, number: int) -> Sample:
    text = surroundings.fill(form.texts[number % len(form.texts)], "value", cook(form.recipe, draw), secret, draw)
    text, wrapper = wrapped(_among_others(text, form.suffix, draw) + "\n", draw)
    return sample("structure", form.family, f"{form.row} {form.name}", form.suffix, text)._replace(wrapper=wrapper)


def _among_others(text: str, suffix: str, draw: Draw) -> str:
    """Put what such files hold before it, or somebody's words; whole JSON and XML documents stay as they are."""
    if suffix in (".json", ".xml", ".tfstate", ".config"):
        return text
    alike = [language for language in LANGUAGES if language.suffix == suffix and language.filler] or [PROSE]
    filler = surroundings.fill(draw.pick(draw.pick(alike).filler), "value", "", secret, draw)
    return draw.pick((f"{filler}\n{text}", f"{text}\n{filler}", text))
