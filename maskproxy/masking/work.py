"""How much may be looked into for one body that is held whole.

What looks like a secret costs microseconds each, and a body may hold millions of such. A body that asks for more than
its work is refused; how it was cut plays no part in that, since such bodies are masked in one go.
"""

from __future__ import annotations

from maskproxy.errors import TooLarge

MOST_LOOKS = 150_000
MOST_FOUND = 60_000
_BYTES_A_LOOK = 256


class Work:
    """What is left of it."""

    __slots__ = ("_found", "_looks")

    def __init__(self, looks: int = MOST_LOOKS, found: int = MOST_FOUND) -> None:
        self._looks = looks
        self._found = found

    def look(self, times: int) -> None:
        """Look at so many places. Raises TooLarge when that is too many."""
        self._looks -= times
        if self._looks < 0:
            raise TooLarge("The body holds too much that looks like secrets. Send it in parts.")

    def decode(self, size: int) -> None:
        """Decode a span of so many bytes, and look into it."""
        self.look(1 + size // _BYTES_A_LOOK)

    def find(self) -> None:
        """Mask one span. Raises TooLarge when that is one too many."""
        self._found -= 1
        if self._found < 0:
            raise TooLarge("The body holds more secrets than can be masked in one go. Send it in parts.")
