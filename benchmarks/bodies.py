"""How fast bodies are: events of Claude's stream and JSON documents. `python -m benchmarks.bodies`. Prints a table.

Events come as the API sends them: no blanks but those before the last brace, which hide how long a text is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.texts import DELTA, chat_json, code_text, dirty, each, prose_text, rate
from maskproxy.bodies.claude import REQUEST
from maskproxy.bodies.claude_stream import ClaudeStream
from maskproxy.bodies.json_text import mask_json
from maskproxy.masking import Masking, PlaceholderKey, SealKey, load_rules

_EVENT = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":%s%s}\n\n'
_PADS = 16


def events(kind: str, field: str, text: str, size: int = DELTA) -> list[bytes]:
    made = []
    for at in range(0, len(text), size):
        delta = json.dumps({"type": kind, field: text[at : at + size]}, ensure_ascii=False, separators=(",", ":"))
        made.append((_EVENT % (delta, " " * (at // size * 7 % _PADS))).encode())
    return made


def dirty_json(size: int) -> bytes:
    """Chat JSON with about 40 secrets a MB, inside long texts, as files that a tool read."""
    code = dirty(code_text(size).decode(errors="ignore"))
    results = [
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{at:024d}", "content": part}]}
        for at in range(0, len(code), 8000)
        if (part := code[at : at + 8000])
    ]
    return json.dumps({"model": "m", "max_tokens": 1024, "messages": results}, ensure_ascii=False).encode()


def main() -> int:
    table = Table("what", "measured", "goal", title="Bodies, builtin rules", title_justify="left")
    masking = Masking(load_rules(["builtin:default"]), PlaceholderKey(bytes(range(32))).scoped("bench"))
    prose, code = prose_text(120_000).decode(errors="ignore"), code_text(120_000).decode(errors="ignore")
    arguments = json.dumps({"path": "a/b.py", "new_string": code}, ensure_ascii=False)
    rows: Sequence[tuple[str, list[bytes], str]] = (
        ("prose in text_delta", events("text_delta", "text", prose), "3 us"),
        ("code in text_delta", events("text_delta", "text", code), "3 us"),
        ("prose in thinking_delta", events("thinking_delta", "thinking", prose), "3 us"),
        ("code in input_json_delta", events("input_json_delta", "partial_json", arguments), ""),
        ("prose in text_delta, 40 characters", events("text_delta", "text", prose, 40), ""),
    )
    for name, pieces, goal in rows:
        seconds = each(lambda: ClaudeStream(masking, seals=SealKey(bytes(32)).of("bench")).feed, pieces)
        table.add_row(f"an event, {name}", f"{seconds * 1e6:.2f} us", goal)
    for size in (1_000_000, 10_000_000):
        clean, found = chat_json(size, masking), dirty_json(size)
        table.add_row(
            f"clean JSON of {len(clean) / 1e6:.1f} MB, whole", rate(lambda raw: _mask(masking, raw), clean), ""
        )
        count = len(mask_json(found, masking, REQUEST).findings)
        name = f"dirty JSON of {len(found) / 1e6:.1f} MB, {count} secrets"
        table.add_row(name, rate(lambda raw: _mask(masking, raw), found), "0.3 GB/s")
        table.add_row(f"the same as text: {len(found) / 1e6:.1f} MB", rate(masking.text, found), "")
    Console(width=110).print(table)
    return 0


def _mask(masking: Masking, raw: bytes) -> object:
    return mask_json(raw, masking, REQUEST)


if __name__ == "__main__":
    sys.exit(main())
