"""Where sign-ins are kept: the system's keyring where there is a real one, else a file that is its owner's alone.

The `keyring` package is used where it is installed, and only with a backend that the desktop guards: never one that
writes plain text, asks on a terminal or keeps nothing.
"""

from __future__ import annotations

import contextlib
import importlib.util
from pathlib import Path
from typing import Protocol

from maskproxy.developer import sign_in
from maskproxy.developer.private import read_private, write_private
from maskproxy.developer.sign_in import SignIn
from maskproxy.errors import Unavailable

SERVICE = "maskproxy"
_GUARDED = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
_LOCKED = "The system's keyring cannot be opened. Unlock it, or sign in again with --keep file."


class Backend(Protocol):
    """As the `keyring` package has it."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class Keeper(Protocol):
    where: str
    """For people."""

    def kept(self) -> SignIn | None:
        """Raises Unavailable where it cannot be read."""
        ...

    def keep(self, one: SignIn) -> None: ...
    def forget(self) -> None: ...


class InFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.where = str(path)

    def kept(self) -> SignIn | None:
        data = read_private(self._path)
        return None if data is None else sign_in.read(data)

    def keep(self, one: SignIn) -> None:
        write_private(self._path, one.written().encode())

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)


class InKeyring:
    def __init__(self, gateway: str, backend: Backend) -> None:
        self._gateway = gateway
        self._backend = backend
        self.where = "the system's keyring"

    def kept(self) -> SignIn | None:
        try:
            text = self._backend.get_password(SERVICE, self._gateway)
        except Exception as error:  # backends raise what they like
            raise Unavailable(_LOCKED, detail=type(error).__name__) from error
        return None if text is None else sign_in.read(text)

    def keep(self, one: SignIn) -> None:
        try:
            self._backend.set_password(SERVICE, self._gateway, one.written())
        except Exception as error:
            raise Unavailable(_LOCKED, detail=type(error).__name__) from error

    def forget(self) -> None:
        with contextlib.suppress(Exception):
            self._backend.delete_password(SERVICE, self._gateway)


def keyring_backend() -> Backend | None:
    """The system's keyring, or None where there is no real one."""
    if importlib.util.find_spec("keyring") is None:
        return None
    keyring = importlib.import_module("keyring")
    try:
        found = keyring.get_keyring()
    except Exception:  # noqa: BLE001 - a broken desktop is one without a keyring
        return None
    inner = getattr(found, "backends", None) or [found]
    # A chainer writes into its first backend.
    module = type(next(iter(inner))).__module__
    backend: Backend = found
    return backend if module.split(".")[:2] == ["keyring", "backends"] and module.endswith(_GUARDED) else None
