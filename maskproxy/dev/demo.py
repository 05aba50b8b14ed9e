"""`maskproxy dev demo`: real requests with made-up secrets through the real daemon, and proof of where they did not go.

Gives 0 only if no planted secret can be read, in any form, in what the stand-in received, in the answers, in the
recording or in the daemon's log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from maskproxy.dev import show
from maskproxy.dev.evidence import Evidence, read_recording
from maskproxy.dev.setting import DevSetting
from maskproxy.dev.talk import Developer

PACE_S = 0.004
FAILED = 1

Replay = Callable[[Path, str], None]


def run_demo(folder: Path, environ: Mapping[str, str], console: Console, replay: Replay) -> int:
    """Play the demo in `folder`, which is new. `replay` tells a session of a recording again. Gives the exit code."""
    # The stand-in shows what Claude would see; a real key has no part in this.
    quiet = {name: value for name, value in environ.items() if name != "ANTHROPIC_API_KEY"}
    show.show_opening(console, "a stand-in for Claude")
    evidence = asyncio.run(gather(folder, quiet))
    show.show_sides(console, evidence)
    show.show_turns(console, evidence)
    if evidence.session:
        show.show_replay_heading(console, evidence.session)
        replay(folder / "recordings", evidence.session)
    findings = evidence.verdict()
    show.show_verdict(console, findings)
    if not any(finding.against for finding in findings):
        return 0
    show.show_log(console, evidence.log)
    return FAILED


async def gather(folder: Path, environ: Mapping[str, str]) -> Evidence:
    """Bring the setting up, talk, and take it down, so that all is on disk."""
    async with DevSetting(folder, environ, pace_s=PACE_S) as setting:
        developer = Developer(setting)
        await developer.talk()
    assert setting.api is not None
    frames, segments = read_recording(setting.recordings)
    return Evidence(
        said=developer.said,
        received=setting.api.received,
        frames=frames,
        segments=segments,
        log=setting.log_path.read_bytes(),
        planted=developer.planted,
        made_up=setting.api.script.made_up,
    )
