from __future__ import annotations

import pytest

from maskproxy.bodies.places import Kind, fits


@pytest.mark.parametrize(
    ("kind", "literal", "expected"),
    [
        (Kind.ID, b"toolu_01A-b.c:d", True),
        (Kind.ID, b"two words", False),
        (Kind.ID, b"", False),
        (Kind.ID, b"x" * 257, False),
        (Kind.OPAQUE, b"EqQB+/a\\/b_-==", True),
        (Kind.OPAQUE, b"", True),
        (Kind.OPAQUE, b"not base64", False),
        (Kind.MEDIA, b"\\u0041", False),
        (Kind.SIGNED, b"any text", True),
        (Kind.SIGNATURE, b"EqQBCkYIBxgCKkC+/w==", True),
        (Kind.SIGNATURE, b"EqQB\\u002b\\/w=\\u003D", True),
        (Kind.SIGNATURE, b"c2ln.maskproxy1.AAAA", False),
    ],
)
def test_an_exemption_holds_only_for_the_form_it_expects(kind: Kind, literal: bytes, expected: bool) -> None:
    assert fits(kind, literal) is expected
