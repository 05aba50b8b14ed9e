"""XML from outside, read without doubt or not at all.

Promises: nothing is read but UTF-8 of bounded size and depth; no document type, entity, network or file is touched. A
message (`message`) moreover holds nothing that two readers could see differently: no comment, no processing
instruction, no CDATA section, so that an element's text is one piece. `Unreadable` says why in constant words.
"""

from __future__ import annotations

import re

from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
REDIRECT_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

LONGEST_MESSAGE_BYTES = 256 * 1024
LONGEST_METADATA_BYTES = 2 * 1024 * 1024
_DEEPEST = 32
_MOST_ELEMENTS = 10_000
_MOST_ATTRIBUTES = 64
"""Of one element. They are compared with one another."""
_MOST_PREFIXES = 32
"""Canonical form looks for each at each element. Many providers declare the same few at every value."""
_LONGEST_NAMESPACE = 256
"""Canonical form may repeat it at every element."""

_DECLARATION = re.compile(
    r"""<\?xml\s+version=("1\.0"|'1\.0')(\s+encoding=("utf-8"|'utf-8'))?(\s+standalone=("(yes|no)"|'(yes|no)'))?\s*\?>""",
    re.IGNORECASE,
)


class Unreadable(ValueError):
    """The document cannot be read without doubt. The text is constant."""


def named(namespace: str, name: str) -> str:
    """The tag of an element, as lxml writes it."""
    return f"{{{namespace}}}{name}"


def message(data: bytes) -> etree._Element:
    """The root of a protocol message. Raises `Unreadable`."""
    if len(data) > LONGEST_MESSAGE_BYTES:
        raise Unreadable("larger than 256 KiB")
    text = _plain(data)
    # Outside of such markup a "<" can only begin an element: text and attributes must write it as a reference.
    if "<!" in text or "<?" in text:
        raise Unreadable("a document type, comment, CDATA section or processing instruction")
    root = _parsed(data)
    _check_bounds(root)
    return root


def canonical(data: bytes) -> etree._Element:
    """The root of what was a message before it was put into canonical form, which may be longer."""
    return _parsed(data)


def metadata(data: bytes) -> etree._Element:
    """The root of a metadata document, which people write comments into. Raises `Unreadable`."""
    if len(data) > LONGEST_METADATA_BYTES:
        raise Unreadable("larger than 2 MiB")
    text = _plain(data)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable("a document type")
    return _parsed(data)


def _plain(data: bytes) -> str:
    """The text after the XML declaration, which must be of UTF-8, so that bytes and text say the same."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    declaration = _DECLARATION.match(text)
    if declaration is None and text.startswith("<?xml"):
        raise Unreadable("an XML declaration other than of version 1.0 in UTF-8")
    return text[declaration.end() :] if declaration else text


def _parsed(data: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("not well-formed") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("a document type")
    return root


def _check_bounds(root: etree._Element) -> None:
    """Refuse what takes more time or memory to put into canonical form than its size tells."""
    depth = elements = 0
    prefixes: set[str] = set()
    for event, found in etree.iterwalk(root, events=("start", "end", "start-ns")):
        if event == "end":
            depth -= 1
        elif event == "start":
            depth += 1
            elements += 1
            if depth > _DEEPEST:
                raise Unreadable("nested too deeply")
            if elements > _MOST_ELEMENTS:
                raise Unreadable("too many elements")
            if len(found.attrib) > _MOST_ATTRIBUTES:
                raise Unreadable("an element with too many attributes")
        else:
            prefixes.add(found[0])
            if len(prefixes) > _MOST_PREFIXES or len(found[1]) > _LONGEST_NAMESPACE:
                raise Unreadable("too many namespaces, or too long ones")
