"""The files that the configuration names: that they are there and readable, and the keys readable by nobody else.

As `agreement`, it works on the plain document so that these faults are told together with all others. Keys in
systemd's credentials directory are exempt from the check of modes: systemd guards that directory itself.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from maskproxy.config.agreement import Part, lenient, maskings, part, parts, texts
from maskproxy.config.document import Faults, join
from maskproxy.config.quantities import parse_admin, parse_store
from maskproxy.store.postgres_url import PRIVATE_OPTIONS, PostgresUrl


def mode_of(path: Path) -> int:
    """The mode of a file that can be opened. Does not wait for the other end of a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.fstat(descriptor).st_mode
    finally:
        os.close(descriptor)


def is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


class Files:
    """Gathers the faults of one configuration file's neighbours."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.directory = directory
        self.environ = environ
        credentials = environ.get("CREDENTIALS_DIRECTORY")
        self.credentials = Path(credentials).resolve() if credentials else None
        self.faults: Faults = []

    def readable(self, place: str, value: object, *, private: bool = False, optional: bool = False) -> None:
        """A regular file that this process can read; a private one is its owner's alone."""
        if not isinstance(value, str):
            return
        path = self.directory / value
        try:
            mode = mode_of(path)
        except FileNotFoundError:
            if not optional:
                self.faults.append((place, "The file does not exist."))
            elif not is_directory(path.parent):
                self.faults.append((place, "The file's directory does not exist."))
            return
        except (OSError, ValueError):
            self.faults.append((place, "The file cannot be read by this user."))
            return
        if not stat.S_ISREG(mode):
            self.faults.append((place, "This is not a regular file."))
        elif private and mode & 0o077 and not self.guarded(path):
            self.faults.append((place, "Others than the owner have rights to this key file; chmod it to 600."))

    def guarded(self, path: Path) -> bool:
        return self.credentials is not None and path.resolve().is_relative_to(self.credentials)

    def directory_for(self, place: str, value: object) -> None:
        """A directory that exists and can be written, or that can be made."""
        if not isinstance(value, str):
            return
        path = self.directory / value
        try:
            existing = next(p for p in (path, *path.parents) if p.exists())
        except OSError:
            self.faults.append((place, "The directory cannot be reached, or its name is too long."))
            return
        if not existing.is_dir():
            self.faults.append((place, "A file stands in the way of this directory."))
        elif not os.access(existing, os.W_OK | os.X_OK):
            self.faults.append((place, "The directory cannot be written by this user."))

    def key_pair(self, place: str, pair: Part) -> None:
        self.readable(join(place, "certificate"), pair.get("certificate"))
        self.readable(join(place, "key"), pair.get("key"), private=True)

    def source(self, place: str, source: Part) -> None:
        """A secret's source can be read now; what it holds is looked at when it is used."""
        self.readable(join(place, "file"), source.get("file"), private=True)
        env, name, command = source.get("env"), source.get("systemd"), source.get("command")
        if isinstance(env, str) and not self.environ.get(env):
            self.faults.append((join(place, "env"), "The environment variable is not set, or is empty."))
        if isinstance(name, str) and "/" not in name:
            if self.credentials is None:
                sentence = "There is no credentials directory; systemd sets one for a unit with LoadCredential."
                self.faults.append((join(place, "systemd"), sentence))
            else:
                self.readable(join(place, "systemd"), str(self.credentials / name))
        if isinstance(command, list) and command and isinstance(command[0], str):
            program = command[0] if "/" not in command[0] else str(self.directory / command[0])
            if shutil.which(program, path=self.environ.get("PATH")) is None:
                self.faults.append((f"{join(place, 'command')}[0]", "There is no such program."))


def file_faults(document: Part, directory: Path, environ: Mapping[str, str]) -> Faults:
    """Every fault of a file, directory, variable or program that the document names."""
    files = Files(directory, environ)
    for path, listener in parts(document, "listeners"):
        tls = part(listener, "tls")
        files.key_pair(join(path, "tls"), tls)
        files.readable(join(path, "tls.client_ca"), tls.get("client_ca"))
    files.key_pair("interception.ca", part(part(document, "interception"), "ca"))
    for path, route in parts(document, "routes"):
        files.readable(join(path, "trust"), route.get("trust"))
        source = part(part(route, "credential"), "from")
        files.source(join(path, "credential.from"), source)
        oauth2 = part(source, "oauth2")
        files.source(join(path, "credential.from.oauth2.client_secret"), part(oauth2, "client_secret"))
        files.readable(join(path, "credential.from.oauth2.trust"), oauth2.get("trust"))
    for path, issuer in parts(part(document, "identity"), "issuers"):
        files.readable(f"identity.{path}.trust", issuer.get("trust"))
    for path, provider in parts(part(document, "identity"), "providers"):
        oidc, saml = part(provider, "oidc"), part(provider, "saml")
        files.source(f"identity.{path}.oidc.client_secret", part(oidc, "client_secret"))
        files.readable(f"identity.{path}.oidc.trust", oidc.get("trust"))
        files.readable(f"identity.{path}.saml.metadata", saml.get("metadata"))
        files.key_pair(f"identity.{path}.saml.signing", part(saml, "signing"))
    telemetry = part(part(document, "claude_code"), "telemetry")
    files.readable("claude_code.telemetry.trust", telemetry.get("trust"))
    key = part(part(document, "masking"), "key")
    files.readable("masking.key.file", key.get("file"), private=True, optional=True)
    for path, masking in maskings(document):
        for place, rules in texts(masking, "rules"):
            if not rules.startswith("builtin:"):
                files.readable(f"{path}.{place}", rules)
    for place, dictionary in parts(part(document, "masking"), "dictionaries"):
        files.source(f"masking.{place}", dictionary)
    for place, protected in parts(part(document, "masking"), "protected"):
        files.readable(f"masking.{join(place, 'file')}", protected.get("file"))
    files.directory_for("recording.directory", part(document, "recording").get("directory"))
    audit = part(document, "audit")
    files.readable("audit.file", audit.get("file"), private=True, optional=True)
    files.readable("audit.syslog.trust", part(audit, "syslog").get("trust"))
    for path, webhook in parts(audit, "webhooks"):
        files.source(f"audit.{path}.secret", part(webhook, "secret"))
        files.readable(f"audit.{path}.trust", webhook.get("trust"))
    files.faults.extend(admin_faults(document, directory))
    files.faults.extend(store_faults(document, directory))
    store = lenient(parse_store, document.get("store"))
    for name, value in store.files.items() if isinstance(store, PostgresUrl) else ():
        files.readable("store", value, private=name in PRIVATE_OPTIONS)
    return files.faults


def admin_faults(document: Part, directory: Path) -> Iterator[tuple[str, str]]:
    try:
        place = parse_admin(part(document, "admin").get("address"))
    except ValueError:
        return
    if isinstance(place, Path) and not is_directory((directory / place).parent):
        yield "admin.address", "The socket's directory does not exist."


def store_faults(document: Part, directory: Path) -> Iterator[tuple[str, str]]:
    """What a database needs beside its own file: a directory in which it can make others. Of PostgreSQL, the driver."""
    place = lenient(parse_store, document.get("store"))
    if place is None:
        return
    if isinstance(place, PostgresUrl):
        if find_spec("psycopg") is None:
            yield "store", "PostgreSQL needs its driver: pip install 'maskproxy[postgres]'."
        return
    parent = (directory / place).parent
    if not is_directory(parent):
        yield "store", "The file's directory does not exist."
    elif not os.access(parent, os.W_OK | os.X_OK):
        yield "store", "The file's directory cannot be written by this user."
