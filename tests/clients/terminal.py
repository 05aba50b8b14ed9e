"""The real Claude Code in a terminal of its own, on a machine with the company's managed settings.

Those lie in /etc: the client gets a mount namespace with an /etc that holds little else, so that nobody else's changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.clients.desk import CLAUDE

WAIT_S = 60.0
UP, ENTER = "\x1b[A", "\r"

_CONTROL = re.compile(r"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>()][0-9A-B]?|\s")


def machine(folder: Path, managed_settings: str) -> Path:
    """An /etc for `in_machine`."""
    etc = folder / "etc"
    (etc / "claude-code").mkdir(parents=True)
    (etc / "claude-code" / "managed-settings.json").write_text(managed_settings)
    (etc / "hosts").write_text("127.0.0.1 localhost\n")
    (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    return etc


def in_machine(etc: Path, *arguments: str) -> list[str]:
    """The command that runs Claude Code with another /etc."""
    alone = 'mount --make-rprivate / && mount --bind "$0" /etc && exec "$@"'
    return ["unshare", "-m", "sh", "-c", alone, str(etc), str(CLAUDE), *arguments]


class Terminal:
    """`async with Terminal(command, environment, folder) as terminal`. What is on the screen is read without spaces."""

    def __init__(self, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self._command = command
        self._environment = environment
        self._folder = folder
        self._said = bytearray()
        self._process: asyncio.subprocess.Process
        self._master = -1

    async def __aenter__(self) -> Self:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._folder,
            env=self._environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        os.close(self._master)

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the program is gone, and the terminal with it
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._master)
        self._said += data

    @property
    def screen(self) -> str:
        return _CONTROL.sub("", self._said.decode("utf-8", "replace"))

    async def shows(self, text: str) -> None:
        """Wait until a text was shown, which is written here without spaces."""
        try:
            async with asyncio.timeout(WAIT_S):
                while text not in self.screen:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{text} was not shown, but: {self.screen[-3000:]}") from None
        await asyncio.sleep(0.5)  # it draws before it listens

    async def press(self, *keys: str) -> None:
        for key in keys:
            os.write(self._master, key.encode())
            await asyncio.sleep(0.5)
