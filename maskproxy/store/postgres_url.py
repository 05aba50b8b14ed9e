"""Where a store is in PostgreSQL, as the configuration writes it: `postgresql://user:password@host:port/database`.

Pure, and known without SQLAlchemy. No sentence repeats a part of the URL, and the password stands in no `repr`. What
goes to another machine is encrypted, and the server proves who it is unless the URL says `sslmode=require`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

PREFIXES = ("postgresql:", "postgresql+psycopg:", "postgres:")
FILE_OPTIONS = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")
PRIVATE_OPTIONS = frozenset({"sslkey", "passfile"})
SYSTEM_ROOTS = "system"

_OPTIONS = {
    *FILE_OPTIONS,
    "sslmode",
    "channel_binding",
    "target_session_attrs",
    "application_name",
}
_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]|/[^\0,]{1,100}")
_WRITE = "Write postgresql://user:password@host:5432/database, with the password's signs percent-encoded: %40 for an @."


@dataclass(frozen=True)
class PostgresUrl:
    """`hosts` are tried in turn; one that begins with a slash is the directory of a Unix socket."""

    hosts: tuple[tuple[str, int], ...]
    user: str
    password: str = field(repr=False)
    database: str
    options: tuple[tuple[str, str], ...]
    """Of libpq, by name."""

    def under(self, directory: Path) -> PostgresUrl:
        """Make files' paths relative to a directory."""
        return replace(self, options=tuple((name, _under(directory, name, value)) for name, value in self.options))

    @property
    def files(self) -> dict[str, str]:
        return {name: value for name, value in self.options if name in FILE_OPTIONS and value != SYSTEM_ROOTS}


def parse_postgres(text: str) -> PostgresUrl:
    """Raises ValueError with a sentence fit for `maskproxy check`."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(_WRITE) from None
    database = unquote(parts.path.removeprefix("/"))
    if not text.partition(":")[2].startswith("//") or parts.fragment or "\0" in unquote(text):
        raise ValueError(_WRITE)
    if not database or "/" in database or "@" in parts.path or len(database.encode()) > 63:
        raise ValueError("Name the database behind the host, and percent-encode the password. " + _WRITE)
    login, _, places = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    options = _options(parts.query)
    hosts = _hosts(places, options.pop("host", ""))
    return PostgresUrl(hosts, unquote(user), unquote(password), database, _with_tls(hosts, options))


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=32)
    except ValueError:
        raise ValueError(_WRITE) from None
    options = dict(pairs)
    if len(options) < len(pairs) or not options.keys() <= _OPTIONS | {"host"} or not all(options.values()):
        raise ValueError(f"Behind the question mark stand, once each: host, {', '.join(sorted(_OPTIONS))}.")
    return options


def _hosts(places: str, socket: str) -> tuple[tuple[str, int], ...]:
    if bool(places) is bool(socket) or (socket and not socket.startswith("/")):
        raise ValueError("Name one host, or a Unix socket's directory as ?host=/run/postgresql. " + _WRITE)
    hosts = []
    for place in (socket,) if socket else places.split(","):
        name, port = (place, "") if socket else _split(place)
        host = unquote(name)
        if not _HOST.fullmatch(host) or not re.fullmatch(r"\d{0,5}", port) or not 0 < int(port or 5432) < 65536:
            raise ValueError(_WRITE)
        hosts.append((host.removeprefix("[").removesuffix("]"), int(port or 5432)))
    return tuple(hosts)


def _split(place: str) -> tuple[str, str]:
    name, _, port = place.rpartition(":")
    return (place, "") if not name or place.endswith("]") else (name, port)


def _with_tls(hosts: tuple[tuple[str, int], ...], options: dict[str, str]) -> tuple[tuple[str, str], ...]:
    mode = options.get("sslmode")
    if mode is not None and mode not in _MODES:
        raise ValueError("sslmode is one of disable, allow, prefer, require, verify-ca and verify-full.")
    if not all(_is_here(host) for host, _ in hosts):
        mode = options.setdefault("sslmode", "verify-full")
        if mode in {"disable", "allow", "prefer"}:
            raise ValueError("To another machine sslmode is verify-full, verify-ca or require.")
    if mode in {"verify-ca", "verify-full"}:
        options.setdefault("sslrootcert", SYSTEM_ROOTS)
        if mode == "verify-ca" and options["sslrootcert"] == SYSTEM_ROOTS:
            raise ValueError("sslmode=verify-ca needs sslrootcert: the file of the authority that the server is of.")
    return tuple(sorted(options.items()))


def _is_here(host: str) -> bool:
    """A Unix socket, or loopback; no name is resolved."""
    try:
        return host.startswith("/") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _under(directory: Path, name: str, value: str) -> str:
    return value if name not in FILE_OPTIONS or value == SYSTEM_ROOTS else str(directory / value)


StorePlace = Path | PostgresUrl
"""Where a store is: a file of SQLite's, or a database of PostgreSQL's."""
