"""A request to the sign-in server: its head checked, its parameters read without doubt, its body under a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web

from maskproxy.errors import BadRequest, UnsupportedCoding
from maskproxy.gateway.heads import RequestHead
from maskproxy.gateway.intake import pieces
from maskproxy.gateway.state import Gateway

FORM_BYTES = 32 * 1024
_MOST_PARAMETERS = 64


class Parameters:
    """Of a query or a form. Those that nobody asks for are ignored; one that is asked for stands there once."""

    def __init__(self, text: str) -> None:
        try:
            self._pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
        except ValueError:
            raise BadRequest("The parameters cannot be read. Send them URL-encoded, as UTF-8.") from None

    def get(self, name: str) -> str:
        """The value, or no text where there is none. Raises BadRequest where there are several."""
        values = [value for key, value in self._pairs if key == name]
        if len(values) > 1:
            raise BadRequest(f"Send {name} once.")
        return values[0] if values else ""

    def need(self, name: str) -> str:
        if not (value := self.get(name)):
            raise BadRequest(f"The parameter {name} is missing.")
        return value

    def all_once(self) -> Mapping[str, str]:
        """Everything, for somebody else to read. Raises BadRequest where a name stands twice."""
        named = dict(self._pairs)
        if len(named) != len(self._pairs):
            raise BadRequest("A parameter stands there twice. Start again.")
        return named


@dataclass(frozen=True, slots=True)
class Asked:
    gateway: Gateway
    request: web.BaseRequest
    head: RequestHead
    peer: str

    @property
    def query(self) -> Parameters:
        return Parameters(self.head.target.partition("?")[2])

    async def form(self, limit_bytes: int = FORM_BYTES) -> Parameters:
        """Raises BadRequest, TooLarge, TimedOut and UnsupportedCoding."""
        kind = (self.head.value("content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded" or self.head.value("content-encoding") is not None:
            raise UnsupportedCoding("Send a form: application/x-www-form-urlencoded, without a content coding.")
        body = b"".join([piece async for piece in pieces(self.gateway, self.request, limit_bytes)])
        try:
            return Parameters(body.decode("ascii"))
        except UnicodeDecodeError:
            raise BadRequest("The parameters cannot be read. Send them URL-encoded, as UTF-8.") from None
