"""A command run beside the loopback proxy: it has our terminal, gets our signals, and its outcome is ours."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence

_PASSED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT)


async def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Its exit code; 128 and the signal's number where one ended it. Raises OSError where it cannot be started."""
    loop = asyncio.get_running_loop()
    # From before the child is there, lest one come in between and end us alone.
    came: asyncio.Queue[int] = asyncio.Queue(maxsize=64)
    for number in _PASSED:
        loop.add_signal_handler(number, _note, came, number)
    for number in _OF_THE_TERMINAL:
        # The terminal sends these to the child as well, and it decides what they mean.
        loop.add_signal_handler(number, lambda: None)
    try:
        child = await asyncio.create_subprocess_exec(*command, env=dict(environ))
        passing = asyncio.create_task(_pass_on(came, child), name="pass signals on")
        try:
            code = await child.wait()
        finally:
            passing.cancel()
            if child.returncode is None:
                child.kill()
                await child.wait()
    finally:
        for number in (*_PASSED, *_OF_THE_TERMINAL):
            loop.remove_signal_handler(number)
    return 128 - code if code < 0 else code


def _note(came: asyncio.Queue[int], number: int) -> None:
    if not came.full():
        came.put_nowait(number)


async def _pass_on(came: asyncio.Queue[int], child: asyncio.subprocess.Process) -> None:
    while True:
        number = await came.get()
        if child.returncode is None:
            child.send_signal(number)
