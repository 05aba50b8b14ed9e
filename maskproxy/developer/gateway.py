"""The gateway, as a developer's command asks it: with deadlines, past every proxy, following no redirect.

Only the standard library, since a command that runs before each request must start quickly. A token goes to the
origin that was named and nowhere else.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from maskproxy.errors import Denied, MaskproxyError, NotFound, TooMany, Unauthenticated, Unavailable
from maskproxy.origins import Url, safe_url

WAIT_S = 20.0
_LIMIT_BYTES = 8 << 20
_LONGEST_SENTENCE = 1000
_ERRORS: Mapping[int, type[MaskproxyError]] = {401: Unauthenticated, 403: Denied, 404: NotFound, 429: TooMany}


class Answered(NamedTuple):
    status: int
    date: str
    """The field of that name, or no text."""
    body: bytes

    def document(self) -> dict[str, object]:
        """The body's JSON object. Raises Unavailable where it is something else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise Unavailable(
                "What answered is no gateway that knows this command. Check its URL.", detail=f"status {self.status}"
            )
        return value

    def told(self) -> dict[str, object]:
        """The document of an answer that is no refusal. Raises what the gateway refused with, in its own words."""
        document = self.document()
        if self.status == 200:
            return document
        raise _ERRORS.get(self.status, Unavailable)(said(document))


def said(document: Mapping[str, object]) -> str:
    """The sentence of a refusal, of the API's shape or of OAuth's, fit for a terminal."""
    error = document.get("error")
    sentence = error.get("message") if isinstance(error, dict) else document.get("error_description")
    return shown(sentence) if isinstance(sentence, str) and sentence else "The gateway refused."


def shown(text: str) -> str:
    """Text from elsewhere, without what a terminal would take for a command."""
    printable = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:_LONGEST_SENTENCE])
    return "".join(printable)


@dataclass(frozen=True)
class Gateway:
    url: Url
    ca: Path | None
    context: ssl.SSLContext | None
    """None for plain HTTP on loopback."""

    @classmethod
    def at(cls, url: str, ca: Path | None) -> Gateway:
        """Raises ValueError with a sentence for a URL or a file that cannot be used."""
        try:
            origin = safe_url(url)
        except ValueError as error:
            raise ValueError(f"The gateway's URL cannot be used. {error}") from None
        if origin.scheme == "http":
            return cls(origin, ca, None)
        try:
            context = ssl.create_default_context(cafile=ca)
        except (OSError, ssl.SSLError):
            raise ValueError("The file of --ca holds no certificate in PEM, or cannot be read.") from None
        return cls(origin, ca, context)

    def get(self, path: str, token: str | None = None) -> Answered:
        """Raises Unavailable where nobody answers, or nobody who is trusted."""
        return self.ask("GET", path, token=token)

    def post_form(self, path: str, form: Mapping[str, str]) -> Answered:
        return self.ask("POST", path, body=urlencode(form).encode(), content_type="application/x-www-form-urlencoded")

    def ask(
        self, method: str, path: str, *, token: str | None = None, body: bytes | None = None, content_type: str = ""
    ) -> Answered:
        fields = {"Accept": "application/json"}
        if token is not None:
            fields["Authorization"] = f"Bearer {token}"
        if body is not None:
            fields["Content-Type"] = content_type
        connection = self._connection()
        try:
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            return Answered(answer.status, answer.getheader("Date") or "", answer.read(_LIMIT_BYTES))
        except ssl.SSLError as error:
            raise Unavailable(
                "The gateway's certificate is not trusted. Name its authority with --ca.", detail=type(error).__name__
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                "The gateway cannot be reached. `maskproxy doctor` tells why.", detail=type(error).__name__
            ) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.context is None:
            return http.client.HTTPConnection(self.url.host, self.url.port, timeout=WAIT_S)
        return http.client.HTTPSConnection(self.url.host, self.url.port, timeout=WAIT_S, context=self.context)
