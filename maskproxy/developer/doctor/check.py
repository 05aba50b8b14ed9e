"""The outcome of one look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    name: str
    told: str
    fix: str = ""
    """What to do. No text: there is no fault."""

    @property
    def is_fault(self) -> bool:
        return bool(self.fix)
