"""The memory that masking a body of 30 MB takes beside it, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What each body repeats, and how many times its own size masking it may take. The gateway reserves three times; what
# the process takes by itself is a part of the figure here.
BODIES = {
    "clean": ('\'{"type":"text","text":"\' + prose * 130 + \'"},\'', 3.0),
    "40 secrets a MB": ('\'{"type":"text","text":"\' + prose * 800 + secret + \'"},\'', 3.0),
    "one text of line ends": ("'\"' + '\\\\n' * 14_000_000 + secret + '\",'", 3.0),
    "one text with emoji": ("'\"' + (prose * 100 + '\\\\ud83d\\\\ude00') * 13_000 + secret + '\",'", 3.0),
    "one text of many secrets": ("'\"' + (prose * 25 + secret + ' ') * 50_000 + '\",'", 3.0),
    "refused for the beginnings of secrets": ("'\"' + 'AKIA' * 7_000_000 + '\",'", 3.0),
    "refused for what looks like secrets": ("'\"' + 'password = ' * 2_600_000 + '\",'", 3.0),
    "refused for its secrets": ("'\"' + (secret + ' ') * 700_000 + '\",'", 3.0),
    "refused for its depth": ("'[' * 999", 1.0),
}
_PROGRAM = """
import re, sys
from maskproxy.bodies.claude import REQUEST
from maskproxy.bodies.json_text import mask_json
from maskproxy.errors import BadRequest, TooLarge
from maskproxy.masking import Masking, PlaceholderKey
from tests.compiled import built_in

def status(name):
    return 1024 * int(re.search(rf"^{name}:\\s+(\\d+) kB", open("/proc/self/status").read(), re.M)[1])

masking = Masking(built_in(), PlaceholderKey(bytes(32)).scoped("memory"))
prose, secret = "plain words and more ", "gh" + "p_" + "aB3dE5gH7jK9" * 3
part = %s
raw = ('{"model":"m","messages":[{"role":"user","content":["' + secret * %d + '",').encode()
raw += (part * (30_000_000 // len(part))).encode() + b"1]}]}"
mask_json(raw[:200].split(b"[{")[0] + b"[]}", masking, REQUEST)
masking.find(part[:300_000].encode())  # what is remembered of the rules' own automata is no body's
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
try:
    masked = mask_json(raw, masking, REQUEST)
    assert secret.encode() not in masked.forward
    print(len(masked.findings))
except (BadRequest, TooLarge) as refusal:
    print(type(refusal).__name__)
print((status("VmHWM") - before) / len(raw))
"""


@pytest.mark.parametrize("body", BODIES)
def test_masking_takes_little_memory_beside_the_body(body: str) -> None:
    part, most_times = BODIES[body]
    program = _PROGRAM % (part, 0 if body == "clean" else 1)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True)
    result, times = done.stdout.split()
    assert result.isdecimal() != body.startswith("refused")
    assert (result == "0") == (body == "clean")
    assert float(times) <= most_times
