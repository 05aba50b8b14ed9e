"""Content-Type values (RFC 9110, 8.3) and the charsets that can be read."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from maskproxy.errors import UnsupportedCoding

Charset = Literal["utf-8", "ascii", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]

_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_NAME = re.compile(rf"[ \t]*({_WORD}/{_WORD})[ \t]*")
_PARAMETER = re.compile(rf';[ \t]*(?:({_WORD})=(?:({_WORD})|"((?:[^"\\]|\\.)*)"))?[ \t]*')
_CHARSETS: dict[str, Charset] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "latin-1": "latin-1",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_TEXT = re.compile(
    r"application/(x-)?(javascript|ecmascript|xml|yaml|toml|sql|graphql|sh|shellscript|pem-file)|[a-z]+/.+\+(xml|yaml)|text/.+"
)
_LINES = re.compile(r"application/(x-)?(ndjson|jsonl|jsonlines|json-lines)")


class MediaType(NamedTuple):
    """A media type in lower case, with its parameters by lower-case name."""

    name: str
    parameters: dict[str, str]

    @property
    def is_json(self) -> bool:
        return self.name in {"application/json", "text/json"} or self.name.endswith("+json")

    @property
    def is_json_lines(self) -> bool:
        return _LINES.fullmatch(self.name) is not None

    @property
    def is_text(self) -> bool:
        return _TEXT.fullmatch(self.name) is not None

    @property
    def is_media(self) -> bool:
        """Media that a configuration may let pass unread."""
        return self.name.startswith("image/") or self.name in {"application/pdf", "application/octet-stream"}

    def charset(self) -> Charset:
        """The charset, UTF-8 where none is named. Any that we do not read: UnsupportedCoding."""
        named = self.parameters.get("charset", "utf-8").strip().lower()
        if named not in _CHARSETS:
            raise UnsupportedCoding("The body's charset is none of UTF-8, ASCII, Latin-1 and UTF-16; send it as UTF-8.")
        return _CHARSETS[named]


def parse(content_type: str) -> MediaType:
    """Read a Content-Type value strictly; one that two readers could read in two ways is UnsupportedCoding."""
    match = _NAME.match(content_type)
    if match is None:
        raise UnsupportedCoding("The Content-Type cannot be read.")
    parameters: dict[str, str] = {}
    at = match.end()
    while at < len(content_type):
        parameter = _PARAMETER.match(content_type, at)
        if parameter is None:
            raise UnsupportedCoding("The Content-Type cannot be read.")
        at = parameter.end()
        name, token, quoted = parameter.groups()
        if name is None:
            continue
        if name.lower() in parameters:
            raise UnsupportedCoding("The Content-Type names a parameter twice.")
        parameters[name.lower()] = token if token is not None else re.sub(r"\\(.)", r"\1", quoted)
    return MediaType(match[1].lower(), parameters)
