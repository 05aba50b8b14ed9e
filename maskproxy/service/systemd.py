"""sd_notify(3): tells systemd that the daemon is ready, reloading, stopping or alive. Does nothing elsewhere.

One datagram to the socket that NOTIFY_SOCKET names; a socket that cannot be reached never stops the daemon.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Mapping


def notify(*lines: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send assignments such as `READY=1` or `STATUS=...`. True if the datagram was handed over."""
    path = environ.get("NOTIFY_SOCKET", "")
    if path[:1] not in {"/", "@"}:
        return False
    address = "\0" + path[1:] if path[0] == "@" else path
    text = "\n".join(line.replace("\n", " ") for line in lines)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            channel.connect(address)
            channel.sendall(text.encode())
    except OSError:
        return False
    return True


def notify_reloading(environ: Mapping[str, str] = os.environ) -> bool:
    """`READY=1` must follow, whether or not the new configuration was taken."""
    return notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", environ=environ)


def watchdog_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """How often to say that we are alive: half of what systemd waits for. None where nobody waits for this process."""
    period_us = environ.get("WATCHDOG_USEC", "")
    if environ.get("WATCHDOG_PID", "") not in {"", str(os.getpid())} or not period_us.isdigit() or int(period_us) == 0:
        return None
    return int(period_us) / 2e6


async def keep_watchdog_fed(environ: Mapping[str, str] = os.environ) -> None:
    """Say so for as long as the loop turns; ends at once where nobody waits for it."""
    period_s = watchdog_s(environ)
    while period_s is not None:
        notify("WATCHDOG=1", environ=environ)
        await asyncio.sleep(period_s)
