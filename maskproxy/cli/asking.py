"""How a person's command asks the gateway: which one, with whose token, trusting whom; its refusals become errors.

The token comes from a file, from the environment or from the sign-in, never from an argument, where every process could
read it. It goes to the gateway that was named and nowhere else: no proxy, no redirect.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import click

from maskproxy.cli.at_gateway import URL, at_gateway
from maskproxy.developer.exports import WORD
from maskproxy.developer.gateway import Answered, Gateway, said
from maskproxy.developer.remembered import Places
from maskproxy.errors import Denied, MaskproxyError, NotFound, Unauthenticated, Unavailable

Command = TypeVar("Command", bound=Callable[..., object])

URLS = (URL, "ANTHROPIC_BASE_URL")
TOKENS = ("MASKPROXY_TOKEN", "ANTHROPIC_AUTH_TOKEN")

_LONGEST_TOKEN_BYTES = 64 * 1024
_ERRORS: Mapping[int, type[MaskproxyError]] = {401: Unauthenticated, 403: Denied, 404: NotFound}


@dataclass(frozen=True)
class Asking:
    """The gateway, the token and the authority of one command."""

    gateway: str | None
    token_file: Path | None
    ca: Path | None

    def get(self, path: str) -> dict[str, object]:
        """Raises UsageError (exit 2), Unauthenticated and Denied (77), NotFound and Unavailable (69)."""
        return self._ask("GET", path, None)

    def post(self, path: str, value: Mapping[str, object]) -> dict[str, object]:
        return self._ask("POST", path, json.dumps(value).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> dict[str, object]:
        at = self._at
        return _read(at.ask(method, path, token=self._token(), body=body, content_type="application/json"))

    @cached_property
    def _at(self) -> Gateway:
        return at_gateway(self.gateway, self.ca, Places(os.environ), *URLS[1:])

    def _token(self) -> str:
        token: str | None
        if self.token_file is not None:
            try:
                with self.token_file.open("rb") as file:
                    token = file.read(_LONGEST_TOKEN_BYTES).strip().decode("ascii")
            except (OSError, UnicodeDecodeError):
                raise click.UsageError("The token's file cannot be read.") from None
        else:
            token = next((value.strip() for name in TOKENS if (value := os.environ.get(name))), None)
            # A proxy's clients carry a word for a token.
            if token is None or token == WORD:
                return self._signed_in()
        if not token or not (token.isascii() and token.isprintable()):
            raise click.UsageError(f"Hand over your token: --token-file FILE, or one of {', '.join(TOKENS)}.")
        return token

    def _signed_in(self) -> str:
        try:
            return Places(os.environ).session(self._at).fresh().access_token
        except Unauthenticated as error:
            raise Unauthenticated(
                f"{error}, or hand over a token: --token-file FILE, {' or '.join(TOKENS)}."
            ) from error


def asking_options(command: Command) -> Command:
    """The options of an `Asking`."""
    path = click.Path(path_type=Path, dir_okay=False)
    options = (
        click.option(
            "--gateway", metavar="URL", help=f"The gateway; else {', '.join(URLS)}, or where you signed in last."
        ),
        click.option(
            "--token-file",
            type=path,
            metavar="FILE",
            help=f"Your token; else {', '.join(TOKENS)}, or that of your sign-in.",
        ),
        click.option("--ca", type=path, metavar="FILE", help="The authority of the gateway's certificate, in PEM."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _read(answer: Answered) -> dict[str, object]:
    document = answer.document()
    if answer.status == 200:
        return document
    if answer.status in {400, 413}:
        raise click.UsageError(said(document))
    raise _ERRORS.get(answer.status, Unavailable)(said(document))
