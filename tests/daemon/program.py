"""The real program in a process of its own, and what can be seen of it from outside: its log, memory, files, metrics.

Whatever a test sends, no secret that the setting knows may stand in the log; `end` looks for each of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.gateway.house import Answer, read_answer

WAIT_S = 20.0
PAUSE_S = 0.02


async def until(condition: Callable[[], bool], what: str, within_s: float = WAIT_S) -> None:
    """Wait for something that nobody tells us of."""
    try:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(PAUSE_S)
    except TimeoutError:
        raise AssertionError(f"waited in vain: {what}") from None


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "maskproxy", *arguments]


class Program:
    """`maskproxy run -c FILE`."""

    def __init__(self, config: Path, **environ: str) -> None:
        self.said = b""
        self._said_more = threading.Lock()
        self._process = subprocess.Popen(
            command("run", "-c", str(config)),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **environ},
        )
        self._listen = threading.Thread(target=self._keep_said, daemon=True)
        self._listen.start()
        self.ports: list[int] = []
        self.admin = 0

    def _keep_said(self) -> None:
        assert self._process.stderr is not None
        while data := self._process.stderr.read1(65536):  # type: ignore[attr-defined] # a BufferedReader
            with self._said_more:
                self.said += data

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def over(self) -> bool:
        return self._process.poll() is not None

    def events(self) -> list[dict[str, Any]]:
        """Every whole line of its log."""
        with self._said_more:
            lines = self.said.split(b"\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith(b"{")]

    async def told(self, event: str, count: int = 1) -> dict[str, Any]:
        """The event of the log, waited for."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [e for e in self.events() if e["event"] == event]
            return len(found) >= count or self.over

        await until(there, f"the event {event!r}")
        assert len(found) >= count, self.said.decode()
        return found[count - 1]

    async def ready(self) -> None:
        event = await self.told("ready")
        self.ports = [int(place.rpartition(":")[2]) for place in event["listeners"].split(", ")]
        self.admin = int(event["admin"].rpartition(":")[2])

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def exit_code(self, within_s: float = WAIT_S) -> int:
        await until(lambda: self.over, "the program's end", within_s)
        self._listen.join()
        return self._process.wait()

    async def end(self) -> None:
        """Stop it, whatever state it is in."""
        if not self.over:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(AssertionError):
                await self.exit_code()
        if not self.over:
            self.signal(signal.SIGKILL)
        await self.exit_code()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def memory_bytes(self) -> int:
        return self._status("VmRSS")

    def begin_peak(self) -> int:
        """Forget the peak so far; gives what is held now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.memory_bytes()

    def peak_bytes(self) -> int:
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    async def ask(self, path: str) -> Answer:
        """A GET at the admin endpoint."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.admin)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            async with asyncio.timeout(WAIT_S):
                return await read_answer(reader)
        finally:
            await gone(writer)

    async def metrics(self) -> Mapping[str, float]:
        """Samples by name and labels, as they are written: maskproxy_alarms_total{kind="reload"}."""
        text = (await self.ask("/metrics")).body.decode()
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    async def measured(self, sample: str, fits: Callable[[float], bool]) -> None:
        """Wait until a sample is as it should be."""
        value = 0.0
        try:
            async with asyncio.timeout(WAIT_S):
                while not fits(value := (await self.metrics()).get(sample, 0.0)):
                    await asyncio.sleep(PAUSE_S)
        except TimeoutError:
            raise AssertionError(f"{sample} stays at {value}") from None


async def gone(writer: asyncio.StreamWriter) -> None:
    """Cut a connection and wait until its socket is closed."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
