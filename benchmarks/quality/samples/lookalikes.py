"""Clean texts that look like ones with secrets: placeholders, references, hashes, public keys, words of interfaces."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.quality.samples.made_files import MADE
from benchmarks.quality.samples.sample import Sample, sample
from benchmarks.quality.samples.vendor import LANGUAGES
from benchmarks.quality.texts import surroundings
from benchmarks.quality.texts.expressions import EXPRESSIONS
from benchmarks.quality.texts.lookalike_texts import TEXTS
from benchmarks.quality.texts.structure_files import TOOLS
from benchmarks.quality.texts.structure_lines import LINES
from benchmarks.quality.texts.structure_urls import PLACES, Form
from benchmarks.quality.texts.wrappers import wrapped
from benchmarks.quality.values import generic_names
from benchmarks.quality.values.draw import Draw
from benchmarks.quality.values.lookalike_values import PUBLIC, hollow, references
from benchmarks.quality.values.recipes import cook

_EACH_TEXT = 8
_EACH_FILE = 24
_PLACEHOLDERS = 500
_EACH_EXPRESSION = 4
_EACH_PUBLIC = 12
_EACH_HOLLOW = 8
_HOLLOW = ("url", "dsn", "signed url", "header", "command", "cookie", "tool file")
"""Families of structures in which a reference or a placeholder may stand for the secret."""
_TELLING = ("SecureString", "create secret", "login --")
"""Places that make a secret of whatever stands in them."""


def samples(seed: str) -> Iterator[Sample]:
    start = f"{seed}/clean"
    yield from (_placeholder(Draw(f"{start}/placeholder/{number}")) for number in range(_PLACEHOLDERS))
    yield from _written(start)
    yield from _public_ones(start)
    for form in (*PLACES, *LINES, *TOOLS):
        if form.family in _HOLLOW:
            for number in range(_EACH_HOLLOW):
                yield _hollow(form, Draw(f"{start}/hollow/{form.name}/{number}"), number)
    for family, make in MADE.items():
        for number in range(_EACH_FILE):
            yield sample("clean", family, family, ".txt", make(Draw(f"{start}/{family}/{number}")))


def _written(start: str) -> Iterator[Sample]:
    """Lines and texts as they are written, with other names and words each time."""
    for suffix, lines in EXPRESSIONS:
        for at, line in enumerate(lines):
            for number in range(_EACH_EXPRESSION):
                yield _expression(suffix, line, Draw(f"{start}/expression/{suffix}/{at}/{number}"))
    for family, texts in TEXTS.items():
        for at, text in enumerate(texts):
            for number in range(_EACH_TEXT):
                yield _text(family, text, Draw(f"{start}/{family}/{at}/{number}"))


def _public_ones(start: str) -> Iterator[Sample]:
    for at, (family, names, recipe) in enumerate(PUBLIC):
        for number in range(_EACH_PUBLIC):
            yield _public(family, names, recipe, Draw(f"{start}/public/{at}/{number}"))


def _as_it_is(value: str) -> str:
    return value


def _placeholder(draw: Draw) -> Sample:
    """A secret's name with what is no secret under it, in the same places as real ones."""
    name = generic_names.person(draw) if draw.chance(0.5) else generic_names.machine(draw)
    family, value = references(draw, name)
    language = draw.pick(LANGUAGES)
    core = draw.pick(language.cores)
    text, wrapper = wrapped(surroundings.file(language, core, name, value, _as_it_is, draw), draw)
    return sample("clean", family, language.name, language.suffix, text)._replace(wrapper=wrapper)


def _expression(suffix: str, line: str, draw: Draw) -> Sample:
    """A secret's name that a program gives what it has elsewhere."""
    name = generic_names.person(draw) if draw.chance(0.5) else generic_names.machine(draw)
    language = draw.pick([language for language in LANGUAGES if language.suffix == suffix and language.filler])
    text, wrapper = wrapped(surroundings.file(language, line, name, "", _as_it_is, draw), draw)
    return sample("clean", "names given expressions", f"{line[:30]}, {suffix}", suffix, text)._replace(wrapper=wrapper)


def _public(family: str, names: str, recipe: str, draw: Draw) -> Sample:
    value = cook(recipe, draw)
    while True:
        language = draw.pick(LANGUAGES)
        core = draw.pick(language.cores)
        if surroundings.fits(core, value) and not any(word in core for word in _TELLING):
            break
    phrase = draw.pick(names.split("|"))
    text, wrapper = wrapped(surroundings.file(language, core, phrase, value, _as_it_is, draw), draw)
    return sample("clean", family, f"{phrase}, {language.name}", language.suffix, text)._replace(wrapper=wrapper)


def _hollow(form: Form, draw: Draw, number: int) -> Sample:
    """A structure that would hold a secret, and holds a reference or a placeholder."""
    template = form.texts[number % len(form.texts)].replace("<<Su>>", "<<S>>")
    value = hollow(draw, draw.pick(("password", "db password", "token", "api token", "secret")))
    text, wrapper = wrapped(surroundings.fill(template, "value", value, _as_it_is, draw) + "\n", draw)
    made = sample("clean", "structures without secrets", form.name, form.suffix, text)
    return made._replace(wrapper=wrapper)


def _text(family: str, template: str, draw: Draw) -> Sample:
    text = surroundings.fill(template, "value", "", _as_it_is, draw)
    if "[[" in text:
        text = cook(text.replace("[[", "{").replace("]]", "}"), draw)
    text, wrapper = wrapped(text, draw)
    return sample("clean", family, template.partition("\n")[0][:30], ".txt", text)._replace(wrapper=wrapper)
