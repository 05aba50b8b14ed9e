"""Files and batches belong to who made them, though all people share one credential upstream.

What an answer shows to have been made is written down as its person's before they get it. Of what is others', or
nobody's that is known, a person gets 404, and lists leave it out. A request may name only files of its person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from maskproxy.access.grants import Endpoint
from maskproxy.bodies.events import Event, EventReader
from maskproxy.bodies.named import named
from maskproxy.errors import BadRequest, NotFound, StoreFailed, UpstreamFailed
from maskproxy.gateway.heads import RequestHead
from maskproxy.masking import Masked, Masking, trusted

if TYPE_CHECKING:
    from maskproxy.store.owner_rows import Kind
    from maskproxy.store.owners import Owners

_ID = r"(?P<id>[A-Za-z0-9_-]{1,256})"
_PATHS: dict[Endpoint, re.Pattern[str]] = {
    "files": re.compile(rf"/v1/files(?:/{_ID}(?:/[a-z_]+)?)?"),
    "batches": re.compile(rf"/v1/messages/batches(?:/{_ID}(?:/[a-z_]+)?)?"),
}
"""Any other spelling of such a path might mean another thing to the API than to us."""
_KINDS: dict[Endpoint, Kind] = {"files": "file", "batches": "batch"}
_FILE = b'"file_id"'
_MOST_LISTED = 1_000
_LISTED = 20
"""How many the API lists at most, and where nothing is said."""


class Ownership:
    """One exchange's."""

    def __init__(self, owners: Owners, person: str, endpoint: Endpoint, head: RequestHead, nothing: Masking) -> None:
        """`nothing` looks for nothing."""
        self._owners = owners
        self._person = person
        self._endpoint: Endpoint = endpoint
        self._head = head
        self._nothing = nothing
        self._kind: Kind | None = _KINDS.get(endpoint)
        self._id = ""
        self._most = _LISTED
        self._backwards = False

    @property
    def lists(self) -> bool:
        return self._kind is not None and not self._id and self._head.method == "GET"

    async def check_path(self) -> None:
        """Raises NotFound, and StoreFailed where nobody can tell."""
        if self._kind is None:
            return
        match = _PATHS[self._endpoint].fullmatch(self._head.path)
        if match is None:
            raise NotFound(f"There is nothing here by this path. Ask for a {self._kind} by its id.")
        self._id = match["id"] or ""
        if self._id and not await self._owned(self._kind, [self._id]):
            raise NotFound(f"No {self._kind} of yours has this id.")

    async def check_files(self, files: tuple[str, ...]) -> None:
        """What a request names. Raises NotFound, and StoreFailed where nobody can tell."""
        if files and len(await self._owned("file", list(files))) < len(files):
            raise NotFound("The request names a file that is not yours (file_id). Upload it yourself, then name that.")

    def target(self, target: str) -> str:
        """A list's target: as much as there is, since others' are left out of it. Raises BadRequest."""
        if not self.lists:
            return target
        path, _, query = target.partition("?")
        asked = parse_qsl(query, keep_blank_values=True)
        self._most = _limit(dict(asked).get("limit"))
        self._backwards = any(name == "before_id" for name, _ in asked)
        asked = [(name, value) for name, value in asked if name != "limit"]
        return f"{path}?{urlencode([*asked, ('limit', str(_MOST_LISTED))])}"

    async def whole(self, status: int, body: Masked) -> Masked:
        """A document on its way to the person. Raises UpstreamFailed and StoreFailed."""
        if status >= 300:
            return body
        if self._kind is None:
            await self._claim_files([body])
            return body
        value = _object(body)
        if self.lists:
            return await self._filtered(self._kind, value)
        if self._id and self._head.method == "DELETE" and self._kind == "file":
            await self._owners.forget(self._kind, self._id)
        elif not self._id and self._head.method == "POST" and isinstance(made := value.get("id"), str):
            await self._owners.claim(self._person, self._kind, [made])
        return body

    async def piece(self, data: bytes) -> None:
        """Whole events of a message, or lines of a batch's results: files that its tools made are the person's."""
        if _FILE not in data:
            return
        if self._kind is not None:
            await self._claim_files(data.split(b"\n"))
            return
        reader = EventReader()
        await self._claim_files([Event(raw).data or b"" for raw in [*reader.feed(data), reader.finish()]])

    @property
    def results_of(self) -> str:
        """The batch whose results are asked for, or nothing."""
        is_results = self._kind == "batch" and self._head.method == "GET" and self._head.path.endswith("/results")
        return self._id if is_results else ""

    def count(self, tokens: int, new: Callable[[int], None]) -> None:
        """Note what the results told so far took; `new` gets what no earlier look at them has counted."""
        self._owners.count("batch", self._id, tokens, new)

    async def _claim_files(self, documents: Sequence[bytes]) -> None:
        files = [name for one in documents if _FILE in one for name in named(one, self._nothing).files]
        if files:
            await self._owners.claim(self._person, "file", files)

    async def _filtered(self, kind: Kind, value: dict[str, object]) -> Masked:
        """A list without others'. Where nothing is left and there is more, only the API's own cursor leads there."""
        data = value.get("data")
        if not isinstance(data, list):
            raise UpstreamFailed("The API's list could not be read, so it was not passed on.")
        ids = [item["id"] for item in data if isinstance(item, dict) and isinstance(item.get("id"), str)]
        own = await self._owned(kind, ids)
        kept = [item for item in data if isinstance(item, dict) and item.get("id") in own]
        page = kept[-self._most :] if self._backwards else kept[: self._most]
        has_more = len(page) < len(kept) or value.get("has_more") is True
        told: dict[str, object] = {"data": page, "has_more": has_more, "first_id": page[0]["id"] if page else None}
        if page or not has_more:
            told["last_id"] = page[-1]["id"] if page else None
        changed = {name: told[name] for name in told if name in value or name == "data"}
        return trusted(json.dumps(value | changed).encode(), why="masked before, and others' left out")

    async def _owned(self, kind: Kind, ids: list[str]) -> frozenset[str]:
        try:
            return await self._owners.owned(self._person, kind, ids)
        except StoreFailed as error:
            raise StoreFailed(
                f"Nobody can tell at the moment whose this {kind} is. Try again soon.", detail=error.detail, retry=True
            ) from error


def _limit(named: str | None) -> int:
    if named is None:
        return _LISTED
    if not (named.isascii() and named.isdigit() and 0 < int(named[:6]) <= _MOST_LISTED):
        raise BadRequest(f"limit is a number from 1 to {_MOST_LISTED}.")
    return int(named)


def _object(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}
