"""Ask an identity provider for one document, and trust nothing about the answer.

Promises: only https, or http to loopback; no redirect is followed; no cookie, proxy variable or content coding is
heeded; the answer is bounded in size and the whole in time; the JSON is read strictly. Every failure is `FetchFailed`
with a sentence that holds nothing from the answer but its status.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Container, Mapping
from typing import NamedTuple

import aiohttp
from yarl import URL

from maskproxy.access import strict_json

LARGEST_ANSWER_BYTES = 1 << 20
_DEEPEST_JSON = 16
_PIECE_BYTES = 64 * 1024
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+([/?][!\"$-~]*)?", re.IGNORECASE)
_FIELDS = {"Accept-Encoding": "identity", "User-Agent": "maskproxy"}
_OK = frozenset({200})


class FetchFailed(Exception):
    """The document cannot be had. `status` is set where the provider answered."""

    def __init__(self, sentence: str, *, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


class Fetched(NamedTuple):
    status: int
    media_type: str
    """In lower case, without parameters. Empty where the answer names none."""
    body: bytes


def is_safe(url: str) -> bool:
    """True for an absolute https URL, or an http URL on loopback, without user-info, fragment or odd characters."""
    try:
        parsed = URL(url)
        host, port = parsed.host, parsed.port
    except ValueError:
        return False
    if not host or port is None or not _PLAIN_URL.fullmatch(url):
        return False
    return parsed.scheme == "https" or (parsed.scheme == "http" and _is_loopback(host))


async def fetch_json(
    url: str,
    *,
    trust: ssl.SSLContext | None,
    deadline_s: float,
    form: Mapping[str, str] | None = None,
    authorization: str | None = None,
    limit_bytes: int = LARGEST_ANSWER_BYTES,
) -> dict[str, object]:
    """GET, or with `form` POST, `url`, and read the JSON object of a 200 answer."""
    fetched = await fetch(
        url, trust=trust, deadline_s=deadline_s, form=form, authorization=authorization, limit_bytes=limit_bytes
    )
    return json_object(fetched.body)


def json_object(body: bytes) -> dict[str, object]:
    """The JSON object that an answer holds. Raises `FetchFailed`."""
    try:
        document = strict_json.parse(body, depth=_DEEPEST_JSON)
    except ValueError as fault:
        raise FetchFailed(f"the answer cannot be read: {fault}") from None
    if not isinstance(document, dict):
        raise FetchFailed("the answer is not a JSON object")
    return document


async def fetch(
    url: str,
    *,
    trust: ssl.SSLContext | None,
    deadline_s: float,
    form: Mapping[str, str] | None = None,
    authorization: str | None = None,
    accept: str = "application/json",
    limit_bytes: int = LARGEST_ANSWER_BYTES,
    statuses: Container[int] = _OK,
) -> Fetched:
    """GET, or with `form` POST, `url`. An answer whose status is not among `statuses` is a failure, and not read."""
    if not is_safe(url):
        raise FetchFailed("the URL is neither https nor http on loopback")
    fields = {**_FIELDS, "Accept": accept}
    if authorization is not None:
        fields["Authorization"] = authorization
    try:
        async with asyncio.timeout(deadline_s):
            return await _exchange(url, trust, form, fields, limit_bytes, statuses)
    except TimeoutError:
        raise FetchFailed(f"no whole answer within {deadline_s:g} s") from None
    except ssl.SSLError as fault:
        raise FetchFailed("TLS failed; check that the server's certificate is trusted and names the host") from fault
    except (aiohttp.ClientError, OSError, ValueError) as fault:
        # Not chained: aiohttp's errors quote what the peer sent.
        raise FetchFailed(f"the exchange failed ({type(fault).__name__})") from None


async def _exchange(
    url: str,
    trust: ssl.SSLContext | None,
    form: Mapping[str, str] | None,
    fields: Mapping[str, str],
    limit_bytes: int,
    statuses: Container[int],
) -> Fetched:
    # A session for each exchange: they are minutes apart, and nothing is left open or carried over.
    async with (
        aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False, headers=fields
        ) as session,
        session.request(
            "GET" if form is None else "POST",
            URL(url, encoded=True),
            data=form,
            ssl=trust if trust is not None else True,
            allow_redirects=False,
        ) as answer,
    ):
        if answer.status not in statuses:
            raise FetchFailed(f"the answer has status {answer.status}", status=answer.status)
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise FetchFailed("the answer has a content coding that was not asked for")
        body = bytearray()
        while piece := await answer.content.read(_PIECE_BYTES):
            body += piece
            if len(body) > limit_bytes:
                raise FetchFailed(f"the answer is larger than {limit_bytes} bytes")
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Fetched(answer.status, media_type, bytes(body))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
