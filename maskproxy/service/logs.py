"""Logs: one JSON object a line on standard error, or plain lines on a terminal.

Nothing should ever log a secret. Should something do so all the same, the last net masks what looks like a token and
every secret that the daemon knows. Exceptions are told by type, file and line, never by their text or values; of
foreign loggers only a message's first line is kept, since asyncio writes the repr of tasks on the next ones.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TextIO

MASK = "[masked]"
OURS = "maskproxy"
MIN_KNOWN = 6
LIMIT_TEXT = 2000
PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
TOKENS = re.compile(
    r"eyJ[\w-]{4,}\.[\w-]*\.?[\w.-]*"  # JWT, JWE, and one that was cut
    r"|\b(?:bearer|basic)\s+[\w.~+/=-]{8,}"
    r"|\b(?:sk|rk|pk|gh[pousr]|github_pat|glpat|xox[a-z]|hf|npm|pypi|dckr_pat|hvs|mpr)[-_][\w.-]{8,}"
    r"|\b(?:AKIA|ASIA|AIza)[\w-]{12,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY.*",
    re.IGNORECASE | re.DOTALL,
)


USER_OF_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")


class Net:
    """Masks token-like text and the secrets that the daemon knows of at the moment."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        fixed = tuple(secrets)
        self._source: Callable[[], Iterable[str]] = lambda: fixed

    def follow(self, source: Callable[[], Iterable[str]]) -> None:
        """Ask `source` for the known secrets whenever a line is written: they change while the daemon runs."""
        self._source = source

    def mask(self, text: str) -> str:
        return USER_OF_URL.sub(MASK, self.mask_identity(text))

    def mask_identity(self, text: str) -> str:
        """The same for a text in which an issuer's URL and a subject with an @ name somebody.

        Longest first, so that no secret hides behind its own prefix.
        """
        for secret in sorted({s for s in self._source() if len(s) >= MIN_KNOWN}, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return TOKENS.sub(MASK, text)


class LineFormatter(logging.Formatter):
    """A record as one line, whatever is in it."""

    def __init__(self, net: Net, *, json_lines: bool, priorities: bool = False) -> None:
        super().__init__()
        self._net = net
        self._json = json_lines
        self._priorities = priorities

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": self._text(self._message(record)),
        }
        if not record.name.startswith(OURS):
            fields["logger"] = record.name
        extra = getattr(record, "fields", None)
        for name, value in extra.items() if isinstance(extra, dict) else ():
            fields.setdefault(name, self._value(value))
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = chain_of(record.exc_info[1])
        line = json.dumps(fields, ensure_ascii=False) if self._json else self._plain(fields)
        return f"<{PRIORITIES.get(record.levelno, 6)}>{line}" if self._priorities else line

    @staticmethod
    def _message(record: logging.LogRecord) -> str:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            return "a log message that does not fit its values"
        return message if record.name.startswith(OURS) else message.partition("\n")[0]

    def _value(self, value: object) -> object:
        """Numbers stay numbers; everything else becomes masked text."""
        return value if value is None or isinstance(value, bool | int | float) else self._text(str(value))

    def _text(self, text: str) -> str:
        """Masked before it is cut, since half a token is not recognised."""
        return self._net.mask(text[: LIMIT_TEXT * 8])[:LIMIT_TEXT]

    @staticmethod
    def _plain(fields: dict[str, object]) -> str:
        time, level, event = str(fields.pop("time"))[11:23], fields.pop("level"), fields.pop("event")
        rest = "  ".join(f"{name}={value}" for name, value in fields.items() if value not in {"", None})
        return printable(f"{time} {level:<7} {event}  {rest}".rstrip())


def printable(text: str) -> str:
    """Control characters as escapes, so that no value can write lines or move a terminal's cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def chain_of(error: BaseException) -> list[str]:
    """An exception and its causes as `Type at file:line`, the outermost first."""
    chain: list[str] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 8:
        frames = traceback.extract_tb(current.__traceback__)
        place = f" at {'/'.join(frames[-1].filename.split('/')[-2:])}:{frames[-1].lineno}" if frames else ""
        chain.append(type(current).__name__ + place)
        current = current.__cause__ or current.__context__
    return chain


class EventLog:
    """`log("event", field=value)`: what the gateway calls. An event with an `error` field is a warning."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def __call__(self, event: str, **fields: object) -> None:
        level = logging.WARNING if fields.get("error") else logging.INFO
        self._logger.log(level, "%s", event, extra={"fields": fields})

    def failed(self, event: str, error: BaseException, **fields: object) -> None:
        """An error of ours or of the system, by type and place."""
        self._logger.error("%s", event, exc_info=error, extra={"fields": fields})


def start(
    level: str, form: str, *, secrets: Iterable[str] = (), stream: TextIO | None = None, journal: bool = False
) -> tuple[EventLog, Net]:
    """Make this process log through the net and nowhere else. Called again, it replaces what it set up before."""
    out = sys.stderr if stream is None else stream
    net = Net(secrets)
    json_lines = form == "json" or (form == "auto" and not out.isatty())
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter(net, json_lines=json_lines, priorities=journal))
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, LineFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logger = logging.getLogger(OURS)
    logger.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    return EventLog(logger), net
