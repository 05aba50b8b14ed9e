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
    child = await asyncio.create_subprocess_exec(*command, env=dict(environ))
    for number in _PASSED:
        loop.add_signal_handler(number, _send, child, number)
    for number in _OF_THE_TERMINAL:
        # The terminal sends these to the child as well, and it decides what they mean.
        loop.add_signal_handler(number, lambda: None)
    try:
        code = await child.wait()
    finally:
        for number in (*_PASSED, *_OF_THE_TERMINAL):
            loop.remove_signal_handler(number)
        if child.returncode is None:
            child.kill()
            await child.wait()
    return 128 - code if code < 0 else code


def _send(child: asyncio.subprocess.Process, number: int) -> None:
    if child.returncode is None:
        child.send_signal(number)
