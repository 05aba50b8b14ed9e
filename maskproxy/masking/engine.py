"""Compiled Hyperscan databases: compile or load from a cache, scan for the ends of matches.

Start-of-match is not asked for: it is several times slower and refuses rules. Databases are shared by threads; each
thread has its own scratch space. A cached database is native code's input, so it is read only from a file that
is ours alone, and only when its digest holds. Beside databases such a file holds what else was worked out of the rules.
"""

from __future__ import annotations

import os
import platform
import stat
import tempfile
import threading
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import hyperscan

from maskproxy.errors import RuleRefused

_MAGIC = b"maskproxy rules 8\n"
_DIGEST_BYTES = 32
Hit = tuple[int, int]
"""Index of the expression, end of a match."""


class Cached(NamedTuple):
    """What a cache file holds."""

    databases: tuple[Database, ...]
    notes: tuple[bytes, ...]
    """What its writer wanted to find again."""


def _collect(expression: int, _start: int, end: int, _flags: int, hits: Any) -> None:
    hits.append((expression, end))


def _stop(_expression: int, _start: int, _end: int, _flags: int, _context: object) -> bool:
    return True


def _first(expression: int, _start: int, end: int, _flags: int, found: Any) -> bool:
    most, hits = found
    hits.append((expression, end))
    return bool(len(hits) > most)


class Database:
    """Expressions compiled together."""

    __slots__ = ("_database", "_local")

    def __init__(self, database: hyperscan.Database) -> None:
        self._database = database
        self._local = threading.local()
        database.scratch = hyperscan.Scratch(database)

    @classmethod
    def compile(cls, expressions: Sequence[str]) -> Database:
        """Compile. Raises RuleRefused naming no rule: the caller finds out which.

        Each expression has a number of its own: the engine takes three times as long over shared ones.
        """
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(
                expressions=[expression.encode("ascii") for expression in expressions],
                ids=list(range(len(expressions))),
                elements=len(expressions),
                flags=[0] * len(expressions),
            )
        except hyperscan.error as error:
            raise RuleRefused("The matching engine cannot compile this rule.", detail=str(error)) from error
        return cls(database)

    def hits(self, data: bytes) -> list[Hit]:
        """Give every place where a match ends, in no particular order, perhaps more than once."""
        hits: list[Hit] = []
        try:
            scratch = self._local.scratch  # spares every delta a call
        except AttributeError:
            scratch = self._scratch()
        self._database.scan(data, _collect, 0, hits, scratch)
        return hits

    def any(self, data: bytes) -> bool:
        """Tell whether anything matches."""
        try:
            self._database.scan(data, _stop, 0, None, self._scratch())
        except hyperscan.ScanTerminated:
            return True
        return False

    def few_hits(self, data: bytes, most: int) -> list[Hit] | None:
        """Give the same; None as soon as there are more than `most`."""
        hits: list[Hit] = []
        try:
            self._database.scan(data, _first, 0, (most, hits), self._scratch())
        except hyperscan.ScanTerminated:
            return None
        return hits

    def dump(self) -> bytes:
        return bytes(hyperscan.dumpb(self._database))

    def _scratch(self) -> hyperscan.Scratch:
        """This thread's own."""
        try:
            scratch: hyperscan.Scratch = self._local.scratch
        except AttributeError:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        return scratch


class Part(Database):
    """Some of a database's expressions, under numbers of their own; what the others match is left out."""

    __slots__ = ("_numbers", "_whole")

    def __init__(self, whole: Database, expressions: Sequence[int]) -> None:
        """`expressions`: their numbers in `whole`, in the order of the new ones."""
        self._whole = whole
        self._numbers = {number: own for own, number in enumerate(expressions)}

    def hits(self, data: bytes) -> list[Hit]:
        return self._own(self._whole.hits(data))

    def any(self, data: bytes) -> bool:
        return bool(self.hits(data))

    def few_hits(self, data: bytes, most: int) -> list[Hit] | None:
        """Give the same; None as soon as there are more than `most`, of the others, too."""
        hits = self._whole.few_hits(data, most)
        return None if hits is None else self._own(hits)

    def dump(self) -> bytes:
        raise TypeError("a part is not kept: its whole is")

    def _own(self, hits: list[Hit]) -> list[Hit]:
        numbers = self._numbers
        return [(numbers[number], end) for number, end in hits if number in numbers]


def cache_key(content: bytes) -> str:
    """Name what was compiled: the rules' whole content, the versions of engine and Python, the machine."""
    machine = f"{version('hyperscan')}\0{platform.python_version()}\0{platform.machine()}\0{platform.node()}\0"
    return sha256(machine.encode() + content).hexdigest()[:40]


def read_cached(path: Path) -> Cached | None:
    """Read a cache file; None if there is none that can be trusted."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            return None
        content = file.read()
    body = content[len(_MAGIC) + _DIGEST_BYTES :]
    if not content.startswith(_MAGIC) or sha256(body).digest() != content[len(_MAGIC) :][:_DIGEST_BYTES]:
        return None
    try:
        blobs = _split(body[1:])
        notes, databases = blobs[: body[0]], blobs[body[0] :]
        return Cached(tuple(_loaded(blob) for blob in databases), tuple(notes))
    except (hyperscan.error, ValueError, IndexError):
        return None


def _loaded(blob: bytes) -> Database:
    return Database(hyperscan.loadb(blob, hyperscan.HS_MODE_BLOCK))


def _split(body: bytes) -> list[bytes]:
    blobs = []
    while body:
        size = int.from_bytes(body[:8], "big")
        blob, body = body[8 : 8 + size], body[8 + size :]
        if len(blob) != size or not size:
            raise ValueError("a cached database is cut short")
        blobs.append(blob)
    return blobs


def write_cached(path: Path, databases: Sequence[Database], notes: Sequence[bytes] = ()) -> None:
    """Write a cache file whole or not at all. A cache that cannot be written is only slower."""
    blobs = (*notes, *(database.dump() for database in databases))
    body = bytes((len(notes),)) + b"".join(len(blob).to_bytes(8, "big") + blob for blob in blobs)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".rules-")
    except OSError:
        return
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC + sha256(body).digest() + body)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
