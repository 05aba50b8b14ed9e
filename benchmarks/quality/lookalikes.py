"""Clean texts that look like ones with secrets: placeholders, references, hashes, public keys, words of interfaces."""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable, Iterator

from benchmarks.quality import generic_names, surroundings
from benchmarks.quality.draw import Draw
from benchmarks.quality.generic import CODE, CONFIG, TEXT
from benchmarks.quality.lookalike_texts import TEXTS
from benchmarks.quality.lookalike_values import PUBLIC, references
from benchmarks.quality.recipes import cook
from benchmarks.quality.sample import Sample, sample
from benchmarks.quality.wrappers import wrapped

_LANGUAGES = (*CODE, *CONFIG, *TEXT)
_EACH_TEXT = 8
_PLACEHOLDERS = 500
_EACH_PUBLIC = 12


def samples(seed: str) -> Iterator[Sample]:
    for number in range(_PLACEHOLDERS):
        yield _placeholder(Draw(f"{seed}/clean/placeholder/{number}"))
    for at, (family, names, recipe) in enumerate(PUBLIC):
        for number in range(_EACH_PUBLIC):
            yield _public(family, names, recipe, Draw(f"{seed}/clean/public/{at}/{number}"))
    for family, texts in TEXTS.items():
        for at, text in enumerate(texts):
            for number in range(_EACH_TEXT):
                yield _text(family, text, Draw(f"{seed}/clean/{family}/{at}/{number}"))
    for family, make in _MADE.items():
        for number in range(24):
            draw = Draw(f"{seed}/clean/{family}/{number}")
            yield sample("clean", family, family, ".txt", make(draw))


def _as_it_is(value: str) -> str:
    return value


def _placeholder(draw: Draw) -> Sample:
    """A secret's name with what is no secret under it, in the same places as real ones."""
    name = generic_names.person(draw) if draw.chance(0.5) else generic_names.machine(draw)
    family, value = references(draw, name)
    while True:
        language = draw.pick(_LANGUAGES)
        core = draw.pick(language.cores)
        if surroundings.fits(core, value) or "<<S>>" in core:
            break
    text, wrapper = wrapped(surroundings.file(language, core, name, value, _as_it_is, draw), draw)
    return sample("clean", family, language.name, language.suffix, text)._replace(wrapper=wrapper)


def _public(family: str, names: str, recipe: str, draw: Draw) -> Sample:
    value = cook(recipe, draw)
    while True:
        language = draw.pick(_LANGUAGES)
        core = draw.pick(language.cores)
        if surroundings.fits(core, value):
            break
    phrase = draw.pick(names.split("|"))
    text, wrapper = wrapped(surroundings.file(language, core, phrase, value, _as_it_is, draw), draw)
    return sample("clean", family, f"{phrase}, {language.name}", language.suffix, text)._replace(wrapper=wrapper)


def _text(family: str, template: str, draw: Draw) -> Sample:
    text = surroundings.fill(template, "value", "", _as_it_is, draw)
    wrapped_text, wrapper = wrapped(
        cook(text.replace("[[", "{").replace("]]", "}"), draw) if "[[" in text else text, draw
    )
    return sample("clean", family, template.split("\n")[0][:30], ".txt", wrapped_text)._replace(wrapper=wrapper)


def _image(draw: Draw) -> str:
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + draw.bytes(draw.between(300, 1500))).decode()
    return draw.pick(
        (
            f'<img alt="{draw.word()}" src="data:image/png;base64,{data}">\n',
            f".{draw.word()} {{\n  background: url(data:image/png;base64,{data});\n}}\n",
        )
    )


def _certificate(draw: Draw) -> str:
    body = base64.b64encode(b"\x30\x82\x03\x5d\x30\x82\x02\x45\xa0\x03\x02\x01\x02" + draw.bytes(850)).decode()
    lines = "\n".join(textwrap.wrap(body, 64))
    kind = draw.pick(("CERTIFICATE", "CERTIFICATE", "CERTIFICATE REQUEST", "PUBLIC KEY", "RSA PUBLIC KEY"))
    return f"# {draw.word()}\n-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"


def _pgp_public(draw: Draw) -> str:
    lines = "\n".join(textwrap.wrap(draw.base64(600), 64))
    return (
        f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{lines}\n={draw.of('b64', 4)}\n-----END PGP PUBLIC KEY BLOCK-----\n"
    )


def _minified(draw: Draw) -> str:
    names = "abcdefghijklmnopqrstuvwxyz"
    parts = []
    for _ in range(draw.between(20, 60)):
        a, b, c = (draw.pick(names) for _ in range(3))
        parts.append(
            draw.pick((
                f"function {a}({b},{c}){{return {b}.{draw.word()}({c}),{c}.token=void 0,{a}}}",
                f"{a}.password={b}.password;var {c}=!1,{b}=[{draw.between(0, 99)},{draw.between(0, 99)}];",
                f'{a}.exports={{key:"{draw.word()}",secret:!0,{draw.word()}:{b}}};',
                f'if({a}&&"{draw.word()}"==={b}.type)throw Error({c}({draw.between(1, 600)}));',
                f'{a}.token?{b}("{draw.word()}-{draw.word()}"):{c}();',
            ))
        )  # fmt: skip
    return "!function(e,t){" + "".join(parts) + "}(this);\n"


def _package_lock(draw: Draw) -> str:
    packages = {
        f"node_modules/{draw.word()}-{draw.word()}": {
            "version": f"{draw.between(0, 9)}.{draw.between(0, 40)}.{draw.between(0, 9)}",
            "resolved": f"https://registry.example.org/{draw.word()}/-/{draw.word()}-1.0.{draw.between(0, 9)}.tgz",
            "integrity": "sha512-" + draw.base64(64),
        }
        for _ in range(draw.between(3, 8))
    }
    return json.dumps({"name": draw.word(), "lockfileVersion": 3, "packages": packages}, indent=2) + "\n"


def _go_sum(draw: Draw) -> str:
    return "".join(
        f"github.com/{draw.word()}/{draw.word()} v1.{draw.between(0, 30)}.0{draw.pick(('', '/go.mod'))} h1:{draw.base64(32)}\n"
        for _ in range(8)
    )


def _cargo_lock(draw: Draw) -> str:
    return "\n".join(
        f'[[package]]\nname = "{draw.word()}"\nversion = "0.{draw.between(1, 40)}.1"\nsource = "registry+https://example.org/index"\nchecksum = "{draw.of("hex", 64)}"\n'
        for _ in range(5)
    )


def _requirements(draw: Draw) -> str:
    return "".join(
        f"{draw.word()}-{draw.word()}==2.{draw.between(0, 30)}.1 \\\n    --hash=sha256:{draw.of('hex', 64)} \\\n    --hash=sha256:{draw.of('hex', 64)}\n"
        for _ in range(4)
    )


def _git_log(draw: Draw) -> str:
    return "\n".join(
        f"commit {draw.of('hex', 40)}\nAuthor: {draw.word()} <{draw.word()}@example.org>\nDate:   Mon May 13 10:12:44 2024 +0200\n\n    {draw.pick(('Rotate the token of the', 'Ask for the password in the', 'Drop the secret', 'Rename the key of the'))} {draw.word()} {draw.word()}\n"
        for _ in range(4)
    )


def _source_map(draw: Draw) -> str:
    mappings = ";".join(",".join(draw.of("b64", 4, 5) for _ in range(draw.between(3, 12))) for _ in range(30))
    return (
        json.dumps(
            {"version": 3, "sources": [f"{draw.word()}.ts"], "names": ["token", "password"], "mappings": mappings}
        )
        + "\n"
    )


_MADE: dict[str, Callable[[Draw], str]] = {
    "base64 images": _image,
    "certificates and public keys": _certificate,
    "pgp public keys": _pgp_public,
    "minified code": _minified,
    "package-lock.json": _package_lock,
    "go.sum": _go_sum,
    "Cargo.lock": _cargo_lock,
    "requirements with hashes": _requirements,
    "git log": _git_log,
    "source maps": _source_map,
}
