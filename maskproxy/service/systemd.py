"""sd_notify(3): tells systemd that the daemon is ready, reloading, stopping or alive. Does nothing elsewhere.

One datagram to the socket that NOTIFY_SOCKET names; a socket that cannot be reached never stops the daemon.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Speaks to the socket that `environ` names, if it names one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._path = environ.get("NOTIFY_SOCKET", "")
        self._watchdog_us = environ.get("WATCHDOG_USEC", "")
        self._watched = environ.get("WATCHDOG_PID", "") in {"", str(os.getpid())}

    def ready(self) -> bool:
        return self.send("READY=1")

    def reloading(self, mono_ns: int) -> bool:
        """`ready` must follow, whether or not the new configuration was taken."""
        return self.send("RELOADING=1", f"MONOTONIC_USEC={mono_ns // 1000}")

    def stopping(self) -> bool:
        return self.send("STOPPING=1")

    def alive(self) -> bool:
        return self.send("WATCHDOG=1")

    @property
    def watchdog_s(self) -> float | None:
        """How often to call `alive`: half of what systemd waits for. None where nobody waits for this process."""
        if not self._watched or not self._watchdog_us.isdigit() or int(self._watchdog_us) == 0:
            return None
        return int(self._watchdog_us) / 2e6

    def send(self, *lines: str) -> bool:
        """True if the datagram was handed over."""
        if self._path[:1] not in {"/", "@"}:
            return False
        address = "\0" + self._path[1:] if self._path[0] == "@" else self._path
        text = "\n".join(line.replace("\n", " ") for line in lines)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.setblocking(False)
                channel.connect(address)
                channel.sendall(text.encode())
        except OSError:
            return False
        return True
