"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Verb = TypeVar("_Verb", bound=Callable[..., Any])


def config_option(what: str, *, required: bool = False) -> Callable[[_Verb], _Verb]:
    """`-c FILE`, as `config_path`. `what`: what the verb takes from the configuration."""
    return click.option(
        "-c",
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        metavar="FILE",
        required=required,
        help=what,
    )
