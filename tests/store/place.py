"""A store in a folder with a clock that a test moves, and all bytes that it leaves on the disk."""

from __future__ import annotations

from pathlib import Path

from maskproxy.masking import Known, PlaceholderKey
from maskproxy.store.sealed_vault import SealedVault
from maskproxy.store.store import Store
from maskproxy.store.vault_rows import Bounds

KEY = b"\x01" * 32
DAY_S = 86400.0


class Shelf:
    """`await open()`, then `store` and `vault()`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.db"
        self.now_s = 1_800_000_000.0
        self.told: list[tuple[bool, str]] = []
        self.counted: list[int] = []
        self.tampered: list[int] = []
        self.store: Store

    async def open(self) -> Store:
        def alarm(*, failed: bool, sentence: str) -> None:
            self.told.append((failed, sentence))

        self.store = Store(self.path, alarm=alarm)
        await self.store.start()
        return self.store

    def vault(self, key: bytes = KEY, *, keep_s: float = 7 * DAY_S, bounds: Bounds | None = None) -> SealedVault:
        return SealedVault(
            self.store,
            key,
            keep_s=keep_s,
            wall_ns=lambda: int(self.now_s * 1e9),
            counted=self.counted.append,
            tampered=self.tampered.append,
            bounds=bounds,
        )

    def bytes_on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.path.parent.glob(self.path.name + "*")))


def known(secret: bytes, scope: str = "ada", rule: str = "some-rule") -> Known:
    return Known(PlaceholderKey(KEY).scoped(scope).make(rule, secret), rule, secret)
