"""The store as an operator's command uses it, on the gateway's machine and beside the running gateway.

Who may is up to the rights of the store's file (its owner and root), or of the configuration that holds PostgreSQL's
password. Every decision is kept with the name of whoever is logged in; the nodes tell it in their logs and recordings.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection

from maskproxy.config.load import load
from maskproxy.errors import BadRequest, StartFailed
from maskproxy.masking import Masking, PlaceholderKey
from maskproxy.recording.catalog import iso_time
from maskproxy.service.logged_in import logged_in
from maskproxy.service.masking_key import masking_key
from maskproxy.service.rules import ConfiguredRules
from maskproxy.store import allowance_rows, finding_rows
from maskproxy.store.allowance_rows import AllowanceRow, Decision, Event
from maskproxy.store.database import open_existing
from maskproxy.store.finding_rows import FindingBounds, RuleCount
from maskproxy.store.transactions import transact

T = TypeVar("T")

LONGEST_REASON = 400


class OnSite:
    """`with OnSite(configuration) as store`. Raises StartFailed (exit 69) and Denied (77)."""

    def __init__(self, config_path: Path) -> None:
        self._config = load(config_path, os.environ)
        if self._config.store is None:
            raise StartFailed("This configuration names no store, so no findings and no allowances are kept.")
        self._engine = open_existing(self._config.store)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._engine.dispose()

    def findings_by_rule(self) -> list[RuleCount]:
        now_us = time.time_ns() // 1000
        return self._run(lambda connection: finding_rows.by_rule(connection, now_us, FindingBounds()))

    def allowances(self) -> list[dict[str, object]]:
        """Everybody's, the latest first, each with its history."""

        def read(connection: Connection) -> tuple[list[AllowanceRow], dict[str, list[Event]]]:
            return allowance_rows.listed(connection), allowance_rows.history(connection)

        rows, events = self._run(read)
        return [_told(row, events.get(row.id, [])) for row in rows]

    def decide(self, allowance: str, decision: Decision, reason: str) -> dict[str, object]:
        """Raises NotFound, Denied and BadRequest, too. A secret in the reason is masked."""
        reason = " ".join(reason.split())
        if not 0 < len(reason) <= LONGEST_REASON or not reason.isprintable():
            raise BadRequest(f"Say why, in 1 to {LONGEST_REASON} printable characters.")
        masked, _ = self._masking().text(reason.encode())
        by, now_us = logged_in(), time.time_ns() // 1000
        row = self._run(
            lambda connection: allowance_rows.decide(
                connection, allowance, decision, by=by, reason=masked.decode(), now_us=now_us
            )
        )
        return _told(row, [])

    def _masking(self) -> Masking:
        masking = self._config.masking
        rules = ConfiguredRules().treatments(masking).request.record
        key = PlaceholderKey(masking_key(masking.key.file, make=False))
        return Masking(rules, key.scoped("operators"))

    def _run(self, work: Callable[[Connection], T]) -> T:
        return transact(self._engine, work, alone=True)


def _told(row: AllowanceRow, events: list[Event]) -> dict[str, object]:
    now_us = time.time_ns() // 1000
    return {
        "id": row.id,
        "person": row.person_key,
        "person_name": row.person_name,
        "placeholder": row.placeholder,
        "rule": row.rule,
        "state": row.state_at(now_us),
        "reason": row.reason,
        "asked": iso_time(row.asked_us * 1000),
        "for_s": row.for_us / 1e6,
        "expires": iso_time(row.expires_us * 1000) if row.expires_us else None,
        "history": [
            {"event": one.event, "by": one.by, "reason": one.reason, "at": iso_time(one.at_us * 1000)} for one in events
        ],
    }
