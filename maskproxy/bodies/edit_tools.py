"""The arguments of the tools that edit files, where an owner gets their own secrets back.

A request teaches: what was masked in it is remembered for this exchange, and what edits of the past had got back is
masked in them again, as the API knows them. An answer gets: placeholders in such arguments become secrets, escaped for
the string they stand in, for the client and never for the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maskproxy.bodies.output import BodyFinding
from maskproxy.bodies.partial_json import PartialJson
from maskproxy.masking import Finding, Masking, Restorer, Vault


@dataclass(frozen=True, slots=True)
class EditTools:
    """Which tools, for one exchange, and what is known of its secrets."""

    names: frozenset[bytes]
    vault: Vault
    restores_new: bool = False
    """What the model made up itself reaches the client too, in these arguments alone."""


class Restoring:
    """One answer's arguments. `findings` is the list to which its masks add what they find."""

    def __init__(self, tools: EditTools, masking: Masking, findings: list[BodyFinding]) -> None:
        self.tools = tools
        self.masking = masking
        self._findings = findings
        self._new: set[bytes] = set()
        self._seen = 0

    def is_new(self, placeholder: bytes) -> bool:
        """Tell whether the masking of this answer made the placeholder, since nobody had sent the secret before."""
        self._new.update(found.placeholder.encode() for found in self._findings[self._seen :])
        self._seen = len(self._findings)
        return placeholder in self._new

    def restorer(self, *, escapes: bool) -> Restorer:
        """Start a string. Where its escapes are not known, nothing can be put back."""
        return Restorer(self.tools.vault if escapes else Vault(), self.masking.placeholders, self.is_new)


class _RestoredValue:
    """A string value, as `PartialJson` drives it."""

    __slots__ = ("_restorer",)

    def __init__(self, restorer: Restorer) -> None:
        self._restorer = restorer

    def feed(self, data: bytes) -> bytes:
        return self._restorer.feed(data)

    def finish(self) -> bytes:
        return self._restorer.finish()

    def news(self) -> Sequence[Finding]:
        return ()


class RestoredJson(PartialJson):
    """Masked arguments in, cut anywhere; arguments with their owner's secrets out. Keys stay masked."""

    def __init__(self, restoring: Restoring) -> None:
        super().__init__(restoring.masking, [])
        self._restoring = restoring

    def _begin_value(self) -> _RestoredValue:
        return _RestoredValue(self._restoring.restorer(escapes=not self._plain))

    def _masked_key(self, key: bytes) -> tuple[bytes, Sequence[Finding]]:
        return key, ()


def restored(arguments: bytes, restoring: Restoring) -> bytes:
    """Restore whole arguments."""
    mask = RestoredJson(restoring)
    return mask.feed(arguments) + mask.finish()
