"""What hostile text costs: `python -m benchmarks.worst [NAME...]`. Prints a table; no figure of it may stand out.

Each text is masked whole as text, whole as a JSON string, and as events of deltas of 1, 4 and 40 bytes, each in a
process of its own. Shown are processor seconds per MB and, for whole bodies, the peak of memory per byte beside the
body. A mark tells where four times the text takes much more than four times as long.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import re
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console
from rich.table import Table

from maskproxy.bodies.claude import REQUEST
from maskproxy.bodies.claude_stream import ClaudeStream
from maskproxy.bodies.json_text import mask_json
from maskproxy.errors import MaskproxyError
from maskproxy.masking import Masking, PlaceholderKey, SealKey, load_rules

WHOLE_BYTES = 400_000
STREAM_BYTES = 20_000
_MOST_S = 20
_STANDS_OUT = 8.0
_TOKEN = "gh" + "p_" + "aB3dE5gH7jK9" * 3
_AWS = "AK" + "IA"
_JWT = "ey" + "JhbGciOiJIUzI1NiJ9."
_PEM = "-----BEGIN " + "RSA PRIVATE KEY-----"
_BASE64_TOKEN = base64.b64encode(f"token = {_TOKEN} and so on".encode()).decode()
_EVENT = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":%s}\n\n'

TEXTS: dict[str, Callable[[int], str]] = {
    "prose": lambda size: _again("plain words and more of them ", size),
    "key ids": lambda size: _again(_AWS, size),
    "key ids in a run": lambda size: _again(_AWS + "QWERTYUIOPASDFGH", size),
    "passwords": lambda size: _again("password = ", size),
    "passwords glued": lambda size: _again("password=", size),
    "passwords with values": lambda size: _again("password = hunter2pw ", size),
    "user names": lambda size: _again("curl -u a:", size),
    "addresses": lambda size: _again("http://a:b@", size),
    "an address without end": lambda size: "https://u:" + _again("p", size),
    "bearers": lambda size: _again("Bearer ", size),
    "tokens": lambda size: _again(_TOKEN + " ", size),
    "tokens glued": lambda size: _again(_TOKEN, size),
    "token beginnings": lambda size: _again("ghp" + "_", size),
    "long prefixes": lambda size: _again(_TOKEN[:38] + " ", size),
    "web tokens' heads": lambda size: _again(_JWT, size),
    "armour heads": lambda size: _again(_PEM + "\n", size),
    "an armour without end": lambda size: _PEM + "\n" + _again("aB3dE5gH7jK9" * 5 + "\n", size),
    "placeholders' look": lambda size: _again("MASKED" + "_", size),
    "placeholders' look, whole": lambda size: _again("MASKED_A_" + "a" * 16 + "_" + "b" * 8, size),
    "one letter": lambda size: _again("M", size),
    "hexadecimal": lambda size: _again("0123456789abcdef", size),
    "base64 of prose": lambda size: base64.b64encode(_again("plain words and more ", size * 3 // 4).encode()).decode(),
    "base64 runs, short": lambda size: _again(base64.b64encode(b"plain words and more").decode() + " ", size),
    "base64 with images": lambda size: _again(base64.b64encode(b"password = ").decode(), size),
    "base64 with images, short": lambda size: _again(_BASE64_TOKEN[:24] + "\n", size),
    "base64 of tokens": lambda size: _again(_BASE64_TOKEN + " ", size),
    "base64 in lines": lambda size: _again(("cGxhaW4gd29yZHMg" * 4)[:64] + "\n", size),
    "base64 in lines, with images": lambda size: _again(("cGFzc3dvcmQgPSBh" * 4)[:64] + "\n", size),
    "base64 run, no core": lambda size: _again("zzzz", size),
    "runs of sixty": lambda size: _again("z" * 60 + "\n", size),
    "percent blanks": lambda size: _again("%20", size),
    "percent words": lambda size: _again("%20plainwords", size),
    "percent words apart": lambda size: _again("%20plainwords ", size),
    "percent near-secrets": lambda size: _again("password%3D", size),
    "percent tokens": lambda size: _again("%20" + _TOKEN + "%20 ", size),
    "line ends and a secret": lambda size: _again("\n", size) + _TOKEN,
    "quotes and a secret": lambda size: _again('"', size) + _TOKEN,
    "high characters": lambda size: _again("\u00e9", size) + _TOKEN,
    "names before values": lambda size: _again("API_KEY_", size),
    "gutters": lambda size: _PEM + _again("\n  12\taB3dE5gH7jK9", size),
}


def _again(part: str, size: int) -> str:
    return part * (size // len(part.encode()))


def _masking() -> Masking:
    return Masking(load_rules(["builtin:default"]), PlaceholderKey(bytes(32)).scoped("worst"))


def _as_text(masking: Masking, text: str) -> Callable[[], object]:
    data = text.encode()
    return lambda: masking.text(data)


def _as_json(masking: Masking, text: str) -> Callable[[], object]:
    raw = json.dumps({"messages": [{"role": "user", "content": text}]}, ensure_ascii=False).encode()
    return lambda: mask_json(raw, masking, REQUEST)


def _as_events(masking: Masking, text: str, size: int) -> Callable[[], object]:
    deltas = [{"type": "text_delta", "text": text[at : at + size]} for at in range(0, len(text), size)]
    pieces = [(_EVENT % json.dumps(delta)).encode() for delta in deltas]
    stream = ClaudeStream(masking, seals=SealKey(bytes(32)).of("worst"))
    return lambda: [stream.feed(piece) for piece in pieces]


WAYS: dict[str, tuple[int, Callable[[Masking, str], Callable[[], object]]]] = {
    "text": (WHOLE_BYTES, _as_text),
    "json": (WHOLE_BYTES, _as_json),
    "1": (STREAM_BYTES, lambda masking, text: _as_events(masking, text, 1)),
    "4": (STREAM_BYTES, lambda masking, text: _as_events(masking, text, 4)),
    "40": (STREAM_BYTES, lambda masking, text: _as_events(masking, text, 40)),
}


def _memory_kib(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def _measure(masking: Masking, name: str, way: str, size: int, answer: Connection) -> None:
    """Tell seconds and peak of memory beside the body, per byte. Runs in a process that may be ended at any time."""
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_S, _MOST_S))
    text = TEXTS[name](size)
    WAYS[way][1](masking, text[:2000])()  # what fills itself is full
    run = WAYS[way][1](masking, text)
    Path("/proc/self/clear_refs").write_text("5")
    before, begun, refused = _memory_kib("VmRSS"), time.process_time(), ""
    try:
        run()
    except MaskproxyError as error:
        refused = type(error).__name__
    answer.send((time.process_time() - begun, (_memory_kib("VmHWM") - before) * 1024 / len(text.encode()), refused))


def _measured(masking: Masking, name: str, way: str, size: int) -> tuple[float, float, str] | None:
    """The same, None where it took too long."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_measure, args=(masking, name, way, size, there))
    process.start()
    there.close()
    try:
        result: tuple[float, float, str] = here.recv()
    except EOFError:
        return None
    finally:
        process.join()
    return result


def _cell(masking: Masking, name: str, way: str) -> str:
    size = WAYS[way][0]
    small, large = (_measured(masking, name, way, part) for part in (size // 4, size))
    if large is None or small is None:
        return f"[bold red]> {_MOST_S / size * 1e6:.0f}"
    seconds, memory, refused = large
    shown = f"{seconds / size * 1e6:.2f}"
    if way in {"text", "json"}:
        shown += f"  {memory:.1f}x"
    if seconds > _STANDS_OUT * small[0] and seconds > 0.1:
        shown += " (!)"
    return f"{shown} {refused}" if refused else shown


def main(names: list[str]) -> int:
    masking = _masking()
    table = Table("s/MB", *WAYS, title="Hostile texts, builtin rules", title_justify="left")
    console = Console(width=120)
    for name in names or TEXTS:
        row = [_cell(masking, name, way) for way in WAYS]
        table.add_row(name, *row)
        print(name, "|", *row, file=sys.stderr, sep="  ", flush=True)
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
