"""The small words of the configuration: sizes, durations, addresses and what else a key may hold.

Each has one parser that raises ValueError with a sentence fit for `maskproxy check`, and a type for the model. No
sentence repeats the value: it may have come from the environment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo

from maskproxy.access.hours import Hours, parse_hours
from maskproxy.access.patterns import as_text
from maskproxy.origins import Address, Url, is_loopback, parse_address, parse_host, parse_url, safe_url
from maskproxy.store.postgres_url import PREFIXES, StorePlace, parse_postgres

SIZE_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
DURATION_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_size(value: object) -> int:
    """`256MiB` or a plain number of bytes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = re.fullmatch(r"(\d{1,15})\s?(B|KiB|MiB|GiB|TiB)?", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("Write a size as bytes or with B, KiB, MiB, GiB or TiB, such as 64MiB.")
    return int(match[1]) * SIZE_UNITS[match[2] or "B"]


def parse_duration(value: object) -> float:
    """`30m`, `1h30m`: seconds. A bare number is refused, since it could mean anything."""
    if not isinstance(value, str) or not re.fullmatch(r"(\d{1,9}[smhd])+", value):
        raise ValueError("Write a duration with its unit, s, m, h or d, such as 8h or 1h30m.")
    return float(sum(int(n) * DURATION_UNITS[unit] for n, unit in re.findall(r"(\d+)([smhd])", value)))


def parse_target(value: object) -> Address:
    """An address to dial: as `parse_address`, but port 0 means nothing here."""
    address = parse_address(value)
    if address.port == 0:
        raise ValueError("Name the port to connect to.")
    return address


def safe_endpoint(value: object) -> str:
    """An issuer or token endpoint: https with any path, or http on loopback. Kept as it is written."""
    if not isinstance(value, str):
        raise ValueError("Write a URL.")
    try:
        parts = urlsplit(value)
        host, user = parts.hostname or "", parts.username or parts.password
    except ValueError:
        raise ValueError("Write a URL, such as https://idp.example.com.") from None
    if parts.scheme not in {"https", "http"} or not host or user or parts.fragment:
        raise ValueError("Write an https URL without a user name or a fragment.")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("Plain http is allowed only to a loopback address; use https.")
    return value


@dataclass(frozen=True)
class SyslogPlace:
    """A syslog server."""

    transport: Literal["udp", "tcp", "tls"]
    host: str
    port: int


def parse_syslog(value: object) -> SyslogPlace:
    """`udp://host:port`, `tcp://` or `tls://`."""
    scheme, _, rest = value.partition("://") if isinstance(value, str) else ("", "", "")
    if scheme not in {"udp", "tcp", "tls"}:
        raise ValueError("Write a server as udp://host:port, tcp://host:port or tls://host:port.")
    place = parse_target(rest)
    return SyslogPlace(cast("Literal['udp', 'tcp', 'tls']", scheme), place.host, place.port)


def parse_admin(value: object) -> Address | Path:
    """The admin server's place: a loopback `host:port`, or the path of a Unix socket (it holds a slash)."""
    if isinstance(value, str) and "/" in value:
        return Path(value)
    address = parse_address(value)
    if not address.loopback:
        raise ValueError("The admin server may listen only on loopback or on a Unix socket.")
    return address


def resolve(path: Path, info: ValidationInfo) -> Path:
    """Make a path of the file relative to the file's own directory, which the loader hands in as context."""
    directory = (info.context or {}).get("directory")
    return path if directory is None else Path(directory) / path


def resolve_admin(place: Address | Path, info: ValidationInfo) -> Address | Path:
    return resolve(place, info) if isinstance(place, Path) else place


def parse_store(value: object) -> StorePlace:
    """`sqlite:///` and a file's path, as SQLAlchemy writes it: a fourth slash begins an absolute one.

    Or a URL of PostgreSQL.
    """
    sentence = "Write sqlite:/// and the path of a file, such as sqlite:///state.db, or a URL of PostgreSQL."
    if not isinstance(value, str):
        raise ValueError(sentence)
    if value.startswith(PREFIXES):
        return parse_postgres(value)
    name = value.removeprefix("sqlite:///")
    if name == value or not name.strip("/.") or "?" in name or "\0" in name or name.startswith((":", "file:")):
        raise ValueError(sentence)
    return Path(name)


def resolve_store(place: StorePlace, info: ValidationInfo) -> StorePlace:
    if isinstance(place, Path):
        return resolve(place, info)
    directory = (info.context or {}).get("directory")
    return place if directory is None else place.under(Path(directory))


def parse_rules(value: object) -> str | Path:
    """`builtin:NAME` stays text; anything else is the path of a rule file."""
    if not isinstance(value, str) or not value or value == "builtin:":
        raise ValueError("Write builtin:default, a pack such as builtin:cards, or the path of a rule file.")
    return value if value.startswith("builtin:") else Path(value)


def resolve_rules(source: str | Path, info: ValidationInfo) -> str | Path:
    return resolve(source, info) if isinstance(source, Path) else source


def resolve_command(command: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """A program named with a slash is relative to the file; a plain name is looked up in PATH."""
    program, *arguments = command
    return (str(resolve(Path(program), info)) if "/" in program else program, *arguments)


def parse_week(value: object) -> tuple[Hours, ...]:
    """One text of hours, or a list of them."""
    return tuple(parse_hours(one) for one in (value if isinstance(value, list) and value else [value]))


def parse_claim(value: object) -> tuple[str, ...]:
    """One pattern of a claim, or a list of them. `true`, `false` and whole numbers are what they look like."""
    texts = [as_text(one) for one in (value if isinstance(value, list) and value else [value])]
    if not all(text is not None and 0 < len(text) <= 1024 for text in texts):
        raise ValueError("Write a text, in which * stands for any characters, or a list of such texts.")
    return tuple(str(text) for text in texts)


Size = Annotated[int, BeforeValidator(parse_size), Field(gt=0, le=1 << 50)]
Duration = Annotated[float, BeforeValidator(parse_duration), Field(gt=0, le=366 * 86400 * 10)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
Host = Annotated[str, BeforeValidator(parse_host)]
ListenAddress = Annotated[Address, BeforeValidator(parse_address)]
Target = Annotated[Address, BeforeValidator(parse_target)]
AnyUrl = Annotated[Url, BeforeValidator(parse_url)]
SafeUrl = Annotated[Url, BeforeValidator(safe_url)]
SafeEndpoint = Annotated[str, BeforeValidator(safe_endpoint)]
SyslogAddress = Annotated[SyslogPlace, BeforeValidator(parse_syslog)]
AdminPlace = Annotated[Address | Path, BeforeValidator(parse_admin), AfterValidator(resolve_admin)]
FilePath = Annotated[Path, AfterValidator(resolve)]
StoreUrl = Annotated[StorePlace, PlainValidator(parse_store), AfterValidator(resolve_store)]
RuleSource = Annotated[str | Path, BeforeValidator(parse_rules), AfterValidator(resolve_rules)]
HoursOfWeek = Annotated[tuple[Hours, ...], PlainValidator(parse_week)]
ClaimTexts = Annotated[tuple[str, ...], PlainValidator(parse_claim)]
Command = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=4096)], ...],
    Field(min_length=1, max_length=64),
    AfterValidator(resolve_command),
]
