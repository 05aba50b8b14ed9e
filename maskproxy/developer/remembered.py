"""What a machine remembers of its last sign-in: the gateway, whom to trust for it, and where the token is kept."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from maskproxy.developer.gateway import Gateway
from maskproxy.developer.keeping import InFile, InKeyring, Keeper, keyring_backend
from maskproxy.developer.private import read_private, state_directory, write_private
from maskproxy.developer.session import Session
from maskproxy.errors import Unavailable
from maskproxy.origins import Url


@dataclass(frozen=True)
class Remembered:
    gateway: str = ""
    ca: str = ""
    """An absolute path, or no text."""


class Places:
    """The files of this machine's state, by gateway."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.directory = state_directory(environ)
        self.secret = self.directory / "proxy-secret"
        self._last = self.directory / "gateway.json"

    def of(self, kind: str, url: Url) -> Path:
        return self.directory / f"{url.host.replace(':', '-')}_{url.port}.{kind}"

    def last(self) -> Remembered:
        data = read_private(self._last)
        try:
            told = json.loads(data or b"{}")
            return Remembered(str(told["gateway"]), str(told["ca"]))
        except (ValueError, KeyError, TypeError):
            return Remembered()

    def remember(self, gateway: Gateway) -> None:
        ca = "" if gateway.ca is None else str(gateway.ca.absolute())
        write_private(self._last, json.dumps(asdict(Remembered(str(gateway.url), ca))).encode())

    def session(self, gateway: Gateway) -> Session:
        """The sign-in wherever it is kept: a marker says which are in the keyring. Raises Unavailable."""
        return Session(gateway, self._keeper(gateway), self.of("lock", gateway.url))

    def new_session(self, gateway: Gateway, keep: str) -> Session:
        """One to be kept anew: in the keyring (`keep` auto or keyring) where there is one. Raises Unavailable.

        What was kept before is forgotten, wherever it was.
        """
        backend = keyring_backend() if keep != "file" else None
        if keep == "keyring" and backend is None:
            raise Unavailable(
                "There is no keyring here that the system guards. Install the keyring package and unlock it, or leave "
                "out --keep."
            )
        with contextlib.suppress(Unavailable):
            self._keeper(gateway).forget()
        marker = self.of("keyring", gateway.url)
        if backend is None:
            marker.unlink(missing_ok=True)
        else:
            write_private(marker, b"")
        return self.session(gateway)

    def _keeper(self, gateway: Gateway) -> Keeper:
        if not self.of("keyring", gateway.url).exists():
            return InFile(self.of("json", gateway.url))
        backend = keyring_backend()
        if backend is None:
            raise Unavailable("Your sign-in is in the system's keyring, which is not to be had now. Sign in again.")
        return InKeyring(str(gateway.url), backend)
