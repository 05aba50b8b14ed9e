"""How a person's command asks the gateway: which one, with whose token, trusting whom; its refusals become errors.

The token comes from the environment or a file, never from an argument, where every process could read it. It goes to
the gateway that was named and nowhere else: no proxy, no redirect.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from maskproxy.config.quantities import Url, safe_url
from maskproxy.errors import Denied, MaskproxyError, NotFound, Unauthenticated, Unavailable

Command = TypeVar("Command", bound=Callable[..., object])

URLS = ("MASKPROXY_URL", "ANTHROPIC_BASE_URL")
TOKENS = ("MASKPROXY_TOKEN", "ANTHROPIC_AUTH_TOKEN")

_WAIT_S = 30.0
_LIMIT_BYTES = 8 << 20
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
        connection = self._connection(self._url())
        fields = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
        if body is not None:
            fields["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            status, told = answer.status, answer.read(_LIMIT_BYTES)
        except ssl.SSLError as error:
            raise Unavailable(
                "The gateway's certificate is not trusted. Name its authority with --ca.", detail=type(error).__name__
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable("The gateway cannot be reached.", detail=type(error).__name__) from error
        finally:
            connection.close()
        return _read(status, told)

    def _url(self) -> Url:
        named = self.gateway or next((value for name in URLS if (value := os.environ.get(name))), None)
        if named is None:
            raise click.UsageError(f"Name the gateway: --gateway URL, or one of {', '.join(URLS)}.")
        try:
            return safe_url(named)
        except ValueError as error:
            raise click.UsageError(f"The gateway's URL cannot be used. {error}") from None

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
        if not token or not (token.isascii() and token.isprintable()):
            raise click.UsageError(f"Hand over your token: --token-file FILE, or one of {', '.join(TOKENS)}.")
        return token

    def _connection(self, url: Url) -> http.client.HTTPConnection:
        if url.scheme == "http":
            return http.client.HTTPConnection(url.host, url.port, timeout=_WAIT_S)
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError):
            raise click.UsageError("The file of --ca holds no certificate in PEM, or cannot be read.") from None
        return http.client.HTTPSConnection(url.host, url.port, timeout=_WAIT_S, context=context)


def asking_options(command: Command) -> Command:
    """The options of an `Asking`."""
    path = click.Path(path_type=Path, dir_okay=False)
    options = (
        click.option("--gateway", metavar="URL", help=f"The gateway; else the environment's {' or '.join(URLS)}."),
        click.option(
            "--token-file", type=path, metavar="FILE", help=f"Your token; else the environment's {' or '.join(TOKENS)}."
        ),
        click.option("--ca", type=path, metavar="FILE", help="The authority of the gateway's certificate, in PEM."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _read(status: int, told: bytes) -> dict[str, object]:
    try:
        value = json.loads(told)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Unavailable("What answered is no gateway that knows this command.", detail=f"status {status}")
    if status == 200:
        return value
    error = value.get("error")
    said = error.get("message") if isinstance(error, dict) else None
    sentence = _shown(said) if isinstance(said, str) else "The gateway refused."
    if status in {400, 413}:
        raise click.UsageError(sentence)
    raise _ERRORS.get(status, Unavailable)(sentence)


def _shown(text: str) -> str:
    from maskproxy.service.logs import printable

    return printable(text)[:1000]
