"""From a YAML file to a `Config`, or to one ConfigurationFault that lists every fault with its path in the file.

Promises: no sentence repeats a value from the file or the environment; nothing is made, dialled or run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from maskproxy.config.agreement import disagreements
from maskproxy.config.document import LIMIT_BYTES, Faults, join, parse
from maskproxy.config.files import file_faults
from maskproxy.config.model import Config
from maskproxy.errors import ConfigurationFault

SENTENCES = {
    "missing": "This key is required.",
    "extra_forbidden": "This key is not known here.",
    "string_type": "Write text.",
    "model_type": "Write keys and values here.",
    "tuple_type": "Write a list here.",
    "frozen_set_type": "Write a list here.",
    "string_pattern_mismatch": "The text has characters that are not allowed here, or is too long or empty.",
    "string_too_short": "The text is empty.",
    "string_too_long": "The text is too long.",
    "too_short": "The list is empty.",
}
"""By pydantic's error type. Its other messages are fit to read and hold no input."""


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read and check the whole file; raises ConfigurationFault."""
    try:
        with path.open("rb") as file:
            text = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise ConfigurationFault([("", f"The configuration file cannot be read: {error.strerror}.")]) from error
    directory = path.absolute().parent
    document, faults = parse(text, environ)
    if not document:
        raise ConfigurationFault(faults or [("", "The configuration file is empty.")])
    config: Config | None = None
    try:
        config = Config.model_validate(document, context={"directory": directory})
    except ValidationError as error:
        faults += [told(details) for details in error.errors(include_url=False, include_input=False)]
    faults += disagreements(document)
    faults += file_faults(document, directory, environ)
    if faults or config is None:
        raise ConfigurationFault(once_each(faults))
    return config


def told(details: ErrorDetails) -> tuple[str, str]:
    path = ""
    for key in details["loc"]:
        path = join(path, key)
    sentence = SENTENCES.get(details["type"]) or details["msg"].removeprefix("Value error, ")
    return path, sentence if sentence.endswith(".") else sentence + "."


def once_each(faults: Faults) -> Faults:
    """Drop repeats and what only follows from a fault already told: at the same place, or inside an "empty" list."""
    first: dict[str, str] = {}
    for path, sentence in faults:
        first.setdefault(path, sentence)
    for path in [path for path, sentence in first.items() if sentence == SENTENCES["too_short"]]:
        if any(other.startswith(f"{path}[") for other in first):
            del first[path]
    return list(first.items())
