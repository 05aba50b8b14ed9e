"""Seed phrases (BIP 39): words of the English list. Their checksum is not asked for: people shorten and retype them."""

from __future__ import annotations

import re
from pathlib import Path

_WORDS = frozenset(Path(__file__).with_name("bip39.txt").read_bytes().split())
_WORD = re.compile(rb"[a-z]+")
_SHORTEST = 12


def holds_seed_phrase(candidate: bytes) -> bool:
    """Tell whether twelve words of the list follow one another."""
    run = 0
    for word in _WORD.findall(candidate.lower()):
        run = run + 1 if word in _WORDS else 0
        if run == _SHORTEST:
            return True
    return False
