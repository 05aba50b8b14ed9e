from __future__ import annotations

from maskproxy.masking.checks.entropy import entropy


def test_entropy_is_in_bits_a_byte() -> None:
    assert entropy(b"aaaa") == 0
    assert entropy(b"abcd") == 2
    assert entropy("abcd") == 2
    assert entropy(b"") == 0
