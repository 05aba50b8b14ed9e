from __future__ import annotations

import pytest

from maskproxy.bodies.media_types import parse
from maskproxy.errors import UnsupportedCoding


def test_names_and_parameters_are_read() -> None:
    media_type = parse(' Text/Plain ; Charset="UTF-8";; boundary="a \\"b" ; x=1')
    assert media_type.name == "text/plain"
    assert media_type.parameters == {"charset": "UTF-8", "boundary": 'a "b', "x": "1"}


@pytest.mark.parametrize(
    "value", ["", "text", "text/plain; charset", "text/plain, text/html", "a/b; x=1; X=2", 'a/b; x="1', "a /b"]
)
def test_what_two_readers_could_read_differently_is_refused(value: str) -> None:
    with pytest.raises(UnsupportedCoding):
        parse(value)


@pytest.mark.parametrize(
    ("charset", "read"), [("UTF-8", "utf-8"), ("utf8", "utf-8"), ("US-ASCII", "ascii"), ("ISO-8859-1", "latin-1")]
)
def test_charsets_that_are_read(charset: str, read: str) -> None:
    assert parse(f"text/plain; charset={charset}").charset() == read
    assert parse("text/plain").charset() == "utf-8"


@pytest.mark.parametrize("charset", ["utf-7", "utf-32", "utf-16-le", "shift_jis", "ebcdic", '""'])
def test_other_charsets_are_refused(charset: str) -> None:
    with pytest.raises(UnsupportedCoding):
        parse(f"text/plain; charset={charset}").charset()


def test_what_a_type_is() -> None:
    def kinds(name: str) -> set[str]:
        media_type = parse(name)
        return {kind for kind in ("is_json", "is_json_lines", "is_text", "is_media") if getattr(media_type, kind)}

    assert kinds("application/json") == kinds("application/problem+json") == {"is_json"}
    assert kinds("application/x-ndjson") == kinds("application/jsonl") == {"is_json_lines"}
    assert kinds("text/html") == kinds("application/xml") == kinds("application/x-yaml") == {"is_text"}
    assert "is_text" in kinds("image/svg+xml")
    assert kinds("image/png") == kinds("application/pdf") == kinds("application/octet-stream") == {"is_media"}
    assert kinds("application/zip") == kinds("video/mp4") == set()
