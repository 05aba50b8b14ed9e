"""How many tokens an answer took, by the API's own `usage`: read beside the mask, from what it was fed or gave.

Counted are input, what is written to the prompt cache, and output; what is read from the cache is not, as in the API's
own limits. A stream tells totals again and again, and of each the largest counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from maskproxy.bodies.events import Event, EventReader

_COUNTED = ("input_tokens", "cache_creation_input_tokens", "output_tokens")
_MOST = 1 << 40


class UsageReader:
    """One answer to a Messages request."""

    def __init__(self) -> None:
        self._reader = EventReader()
        self._seen: dict[str, int] = {}

    @property
    def tokens(self) -> int:
        """What is known by now; never less than before."""
        return sum(self._seen.values())

    def feed(self, data: bytes) -> None:
        """Take a piece of an event stream."""
        for raw in self._reader.feed(data):
            if b"usage" in raw:
                self._event(Event(raw).data or b"")

    def whole(self, body: bytes) -> None:
        """Take a message that is one document."""
        self.note(_parsed(body))

    def _event(self, data: bytes) -> None:
        event = _parsed(data)
        if event.get("type") == "message_start":
            self.note(event.get("message"))
        elif event.get("type") == "message_delta":
            self.note(event)

    def note(self, holder: object) -> None:
        """Take what has a `usage`, if it has one."""
        usage = holder.get("usage") if isinstance(holder, Mapping) else None
        if not isinstance(usage, Mapping):
            return
        for name in _COUNTED:
            value = usage.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST:
                self._seen[name] = max(value, self._seen.get(name, 0))


class BatchUsage:
    """A batch's results, in whole lines."""

    def __init__(self) -> None:
        self.tokens = 0

    def feed(self, lines: bytes) -> None:
        for line in lines.split(b"\n"):
            if b'"usage"' in line and isinstance(result := _parsed(line).get("result"), Mapping):
                reader = UsageReader()
                reader.note(result.get("message"))
                self.tokens += reader.tokens


def _parsed(data: bytes) -> Mapping[str, object]:
    """The object; nothing where it is none: what cannot be read was refused by the mask."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
