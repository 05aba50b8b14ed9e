"""Samples of vendors' tokens: beside their names, under names that say nothing, and alone in a text."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.quality.samples.sample import Sample, companion, sample, secret
from benchmarks.quality.texts import surroundings
from benchmarks.quality.texts.languages_code import CODE
from benchmarks.quality.texts.languages_config import CONFIG
from benchmarks.quality.texts.languages_text import TEXT
from benchmarks.quality.texts.surroundings import Language
from benchmarks.quality.texts.wrappers import wrapped
from benchmarks.quality.values.draw import Draw
from benchmarks.quality.values.names import NEUTRAL, decorated, spellings
from benchmarks.quality.values.recipes import cook
from benchmarks.quality.values.tokens import Token
from benchmarks.quality.values.tokens_services import FAMILIES

LANGUAGES: tuple[Language, ...] = (*CODE, *CONFIG, *TEXT)
_EACH = 6
"""Samples of each token."""

_PAIRS: tuple[tuple[str, str], ...] = (
    (".env", "{UPPER1}={id}\n{UPPER2}={value}\nREGION=eu-west-1\n"),
    (".ini", "[default]\n{snake1} = {id}\n{snake2} = {value}\nregion = eu-west-1\n"),
    (".py", 'client = session.client(\n    "storage",\n    {snake1}="{id}",\n    {snake2}="{value}",\n)\n'),
    (".json", '{{\n  "region": "eu-west-1",\n  "{camel1}": "{id}",\n  "{camel2}": "{value}"\n}}\n'),
    (".yml", "storage:\n  {snake1}: {id}\n  {snake2}: {value}\n  bucket: archive\n"),
    (".js", "const client = new Client({{\n  {camel1}: '{id}',\n  {camel2}: '{value}',\n}});\n"),
    (".java", '    Credentials credentials = new Credentials(\n        "{id}",\n        "{value}");\n'),
    (".sh", "export {UPPER1}={id}\nexport {UPPER2}={value}\n./deploy.sh\n"),
    (".md", "The {phrase1} is {id} and the {phrase2} is {value}, both of the test account.\n"),
    (".tf", 'provider "cloud" {{\n  {snake1} = "{id}"\n  {snake2} = "{value}"\n}}\n'),
    (".csv", "User name,{Title1},{Title2}\ndeploy,{id},{value}\n"),
    (".cs", '    var client = new Client("{id}", "{value}");\n'),
)


def samples(seed: str) -> Iterator[Sample]:
    for family, tokens in FAMILIES.items():
        for at, token in enumerate(tokens):
            for number in range(_EACH):
                yield _one(family, token, Draw(f"{seed}/vendor/{family}/{at}/{number}"), number)


def _one(family: str, token: Token, draw: Draw, number: int) -> Sample:
    value = cook(token.recipe, draw)
    names = token.names.split("|")
    if token.id is not None:
        suffix, text = _pair(token.id, draw.pick(names), value, draw)
    else:
        language, core, phrase = _place(token, draw, number)
        text, suffix = surroundings.file(language, core, phrase, value, secret, draw), language.suffix
    text, wrapper = wrapped(text, draw)
    return sample("vendor", family, token.name, suffix, text)._replace(wrapper=wrapper)


def _place(token: Token, draw: Draw, number: int) -> tuple[Language, str, str]:
    """Where the token stands, and under which name. Every third one that is known by its looks has no telling name."""
    names = token.names.split("|")
    value_looks = cook(token.recipe, Draw("looks"))
    while True:
        language = draw.pick(LANGUAGES)
        untold = token.alone and number % 3 == 2
        if untold and language.nameless and draw.chance(0.5):
            core, phrase = draw.pick(language.nameless), "value"
        else:
            core = draw.pick(language.cores)
            phrase = draw.pick(NEUTRAL) if untold else decorated(draw.pick(names), draw)
        if surroundings.fits(core, value_looks):
            return language, core, phrase


def _pair(with_id: tuple[str, str], name: str, value: str, draw: Draw) -> tuple[str, str]:
    suffix, template = draw.pick(_PAIRS)
    fields = {f"{manner}1": text for manner, text in spellings(with_id[0]).items()}
    fields |= {f"{manner}2": text for manner, text in spellings(name).items()}
    return suffix, template.format(**fields, id=companion(cook(with_id[1], draw)), value=secret(value))
