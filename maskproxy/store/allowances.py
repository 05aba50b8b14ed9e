"""What was found for people and what they may have as it is: a node's view of the store, for its loop's thread.

What is in force is kept in memory and looked up anew every `POLL_S` seconds when something changed, so that a decision
made on any node, or by an operator, is in force on all of them soon. An allowance's end needs no look: the clock is
asked at each exchange. A node that cannot read the store goes on with what it knows, until that ends.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence

from sqlalchemy import Connection

from maskproxy.errors import Denied, NotFound, StoreFailed
from maskproxy.masking import Lift, Lifting, Noted, PrintKey
from maskproxy.store import allowance_rows, finding_rows
from maskproxy.store.allowance_rows import AllowanceBounds, AllowanceRow, Event, Live
from maskproxy.store.finding_rows import FindingBounds, FindingRow
from maskproxy.store.following import Following
from maskproxy.store.sealing import derived
from maskproxy.store.sightings import Asker, Sighting
from maskproxy.store.store import Store

POLL_S = 1.0
CALL_S = 5.0
MOST_LISTED = 1_000

_MOST_BUFFERED = 20_000
_LONGEST_PLACE = 256


class Allowances:
    """`start` and `close` frame its life. Made anew with each configuration: its keys are the masking key's."""

    def __init__(
        self,
        store: Store,
        masking_key: bytes,
        *,
        wall_ns: Callable[[], int],
        audited: Callable[[Event], Awaitable[None]],
        unforeseen: Callable[[Exception], None],
        finding_bounds: FindingBounds | None = None,
        bounds: AllowanceBounds | None = None,
    ) -> None:
        """`audited` is told each event once, by one of the nodes; `unforeseen` what is not the store's to tell."""
        self._store = store
        self._person_key = derived(masking_key, b"maskproxy findings 1: person")
        self._prints = PrintKey(masking_key)
        self._wall_ns = wall_ns
        self._audited = audited
        self._unforeseen = unforeseen
        self._finding_bounds = finding_bounds or FindingBounds()
        self._bounds = bounds or AllowanceBounds()
        self._version = -1
        self._live: dict[bytes, list[Live]] = {}
        self._buffer: dict[tuple[bytes, str], FindingRow] = {}
        self._following: Following | None = None

    async def start(self, before: Allowances | None = None) -> None:
        """Begin to follow the store. `before` knew it until now: what it knows counts until the store was read."""
        if before is not None and before._person_key == self._person_key:
            self._live = before._live
        with contextlib.suppress(StoreFailed):
            await self.refresh()
        self._following = Following(
            self._flush, self.refresh, every_s=POLL_S, name="allowances", unforeseen=self._unforeseen
        )
        self._following.start()

    async def close(self) -> None:
        """Write what was noted, then follow no more."""
        if self._following is not None:
            await self._following.close()
        with contextlib.suppress(StoreFailed):
            await self._flush()

    # ---- in an exchange

    def lifting(self, person: str, lifts: Mapping[str, Lift], other: Lift) -> Lifting:
        """What the person may have as it is, in an exchange that begins now."""
        now_us = self._now_us
        granted: dict[bytes, Lift] = {}
        for live in self._live.get(self._hashed(person), ()):
            if live.expires_us > now_us:
                granted[live.fingerprint] = max(live.reach, granted.get(live.fingerprint, live.reach))
        return Lifting(self._prints.of(person), lifts, granted, other=other)

    def note(self, person: str, seen: Sighting, noted: Noted) -> None:
        """Keep a finding for its person, some time soon. Of too many at a time, those that come last are not kept."""
        hashed, now_us = self._hashed(person), self._now_us
        key = (hashed, seen.placeholder)
        known = self._buffer.get(key)
        if known is None and len(self._buffer) >= _MOST_BUFFERED:
            return
        said = seen._replace(place=seen.place[:_LONGEST_PLACE])._asdict()
        times, first_us = (1, now_us) if known is None else (known.times + 1, known.first_us)
        fingerprint, lift = noted if noted.lift < Lift.NEVER else (b"", noted.lift)
        self._buffer[key] = FindingRow(
            person=hashed, **said, fingerprint=fingerprint, lift=lift, times=times, first_us=first_us, seen_us=now_us
        )

    # ---- for people

    async def findings(self, person: str, most: int) -> list[FindingRow]:
        """What was found for a person, the latest first. Raises StoreFailed."""
        await self._flush()
        hashed, now_us, bounds = self._hashed(person), self._now_us, self._finding_bounds
        return await self._store.call(
            lambda connection: finding_rows.of_person(connection, hashed, now_us, bounds, min(most, MOST_LISTED)),
            timeout_s=CALL_S,
        )

    async def asked(self, person: str) -> list[AllowanceRow]:
        """What a person asked for, the latest first. Raises StoreFailed."""
        hashed = self._hashed(person)
        return await self._store.call(lambda connection: allowance_rows.listed(connection, hashed), timeout_s=CALL_S)

    async def ask(
        self, who: Asker, placeholder: str, for_s: float, reason: str, takes: Callable[[str], Lift]
    ) -> AllowanceRow:
        """Ask for one; `takes` tells what a rule takes today. Raises NotFound, Denied and StoreFailed."""
        await self._flush()
        hashed, now_us = self._hashed(who.key), self._now_us

        def write(connection: Connection) -> AllowanceRow:
            found = finding_rows.one(connection, hashed, placeholder, now_us, self._finding_bounds)
            if found is None:
                raise NotFound(_UNKNOWN)
            lift = max(Lift(found.lift), takes(found.rule))
            if lift >= Lift.NEVER:
                raise Denied(_WHY_NEVER[lift])
            for_us, at_once = int(for_s * 1e6), lift is Lift.AT_ONCE
            row = AllowanceRow(
                id=f"a{secrets.token_hex(6)}",
                person=hashed,
                person_key=who.key,
                person_name=who.name,
                placeholder=placeholder,
                rule=found.rule,
                fingerprint=found.fingerprint,
                reach=int(Lift.AT_ONCE),
                reason=reason,
                state="active" if at_once else "pending",
                for_us=for_us,
                asked_us=now_us,
                expires_us=now_us + for_us if at_once else 0,
            )
            return allowance_rows.add(connection, row, self._bounds)

        row = await self._store.call(write, timeout_s=CALL_S, reads_first=True)
        with contextlib.suppress(StoreFailed):
            await self.refresh()
        return row

    # ---- in step with the store

    async def refresh(self) -> None:
        """Read what changed, and tell the events that nobody has told. Raises StoreFailed."""
        now_us, seen = self._now_us, self._version

        def read(connection: Connection) -> tuple[int, bool, list[Live] | None]:
            version, waits = allowance_rows.version(connection)
            return version, waits, None if version == seen else allowance_rows.live(connection, now_us)

        version, waits, live = await self._store.call(read, timeout_s=CALL_S)
        if live is not None:
            self._take(live)
            self._version = version
        if waits:
            for event in await self._store.call(allowance_rows.take_events, timeout_s=CALL_S, reads_first=True):
                await self._audited(event)

    async def prune(self) -> None:
        """Forget what is over. Raises StoreFailed."""
        now_us = self._now_us

        def write(connection: Connection) -> None:
            finding_rows.prune(connection, now_us, self._finding_bounds)
            allowance_rows.prune(connection, now_us, self._bounds)

        await self._store.call(write, timeout_s=CALL_S)

    async def _flush(self) -> None:
        if not self._buffer:
            return
        rows, self._buffer = self._buffer, {}
        try:
            await self._store.call(
                lambda connection: finding_rows.write(connection, list(rows.values()), self._finding_bounds),
                timeout_s=CALL_S,
            )
        except BaseException:
            if len(rows) + len(self._buffer) <= _MOST_BUFFERED:
                self._buffer = rows | self._buffer
            raise

    def _take(self, live: Sequence[Live]) -> None:
        by_person: dict[bytes, list[Live]] = {}
        for one in live:
            by_person.setdefault(one.person, []).append(one)
        self._live = by_person

    def _hashed(self, person: str) -> bytes:
        return hmac.digest(self._person_key, person.encode(), "sha256")

    @property
    def _now_us(self) -> int:
        return self._wall_ns() // 1000


_UNKNOWN = (
    "No placeholder of yours is known by this name: it is another person's, or was not seen for a week. See `maskproxy "
    "findings`; send what it stands for again, then ask again."
)
_OPERATORS = "Ask the gateway's operators to change the rule."
_WHY_NEVER = {
    Lift.NEVER: f"What this placeholder stands for may not be lifted here. {_OPERATORS}",
    Lift.TOO_LONG: f"What this placeholder stands for is too long to be lifted. {_OPERATORS}",
}
