"""The daemon's life: build, listen, say so to systemd, reload, drain.

A reload that finds a fault changes nothing: the running configuration stays, and the log says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from maskproxy.config.load import load
from maskproxy.config.model import Config
from maskproxy.errors import ConfigurationFault, MaskproxyError, StartFailed, StoreFailed
from maskproxy.gateway.handler import Exchanges
from maskproxy.gateway.listener import Binding, Listeners
from maskproxy.service import logs
from maskproxy.service.admin import Admin
from maskproxy.service.build import Parts, build
from maskproxy.service.checks import deeper_faults
from maskproxy.service.systemd import Notifier
from maskproxy.service.trust import listener_context

_SECTIONS = ("listeners", "admin", "recording", "store")
_POOL_LIMITS = ("upstream_connect_s", "upstream_head_s", "upstream_idle_s")
"""What a reload keeps as it is: sockets, the recorder, the store, and the pool of connections to upstream."""
_PRUNE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the daemon listens, as bound: the listeners in the configuration's order, and the admin endpoint."""

    listeners: tuple[tuple[str, int], ...]
    admin: str


async def serve(path: Path, *, ready: Callable[[Addresses], None] | None = None) -> None:
    """Run from a configuration file until SIGTERM or SIGINT. Raises what keeps it from starting."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    config = checked(path)
    log, net = logs.start(
        config.log.level, config.log.format, stream=sys.stderr, journal="JOURNAL_STREAM" in os.environ
    )
    parts = await build(config, log, net)
    daemon = Daemon(path, config, parts)
    try:
        await daemon.run(ready)
    finally:
        await daemon.parts.close()
        log("stopped")


def checked(path: Path) -> Config:
    """The configuration, with every fault looked for, the ones that need the other rooms too."""
    config = load(path, os.environ)
    if faults := deeper_faults(config):
        raise ConfigurationFault(faults)
    return config


class Daemon:
    """Listeners and signals around the parts in force. `parts` is replaced by a reload."""

    def __init__(self, path: Path, config: Config, parts: Parts) -> None:
        self.path = path
        self.config = config
        self.parts = parts
        self._log = parts.log
        self._notifier = Notifier(os.environ)
        self._exchanges = Exchanges(parts.gateway)
        self._listeners = Listeners(parts.gateway, self._exchanges)
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()

    async def run(self, ready: Callable[[Addresses], None] | None) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)
        admin = self._admin()
        try:
            admin_place = await self._open_admin(admin)
            bound = await self._listen()
            self._log("ready", listeners=", ".join(f"{host}:{port}" for host, port in bound), admin=admin_place)
            self._notifier.ready()
            if ready is not None:
                ready(Addresses(tuple(bound), admin_place))
            await self._until_stopped()
            self._notifier.stopping()
            self._log("draining", at_most_s=self.config.limits.drain_s)
            await self._listeners.drain(self.config.limits.drain_s)
        finally:
            await self._listeners.close()
            if admin is not None:
                await admin.close()

    @staticmethod
    async def _open_admin(admin: Admin | None) -> str:
        try:
            return str(await admin.start()) if admin is not None else ""
        except OSError as error:
            raise StartFailed(f"The admin address cannot be bound: {os.strerror(error.errno or 0)}.") from error

    def _admin(self) -> Admin | None:
        if self.config.admin is None:
            return None
        registry = self.parts.metrics.registry
        return Admin(self.config.admin.address, registry=registry, unready=self._unready, status=self._status)

    async def _listen(self) -> list[tuple[str, int]]:
        bindings = [Binding(b.address.host, b.address.port, listener_context(b.tls)) for b in self.config.listeners]
        try:
            return await self._listeners.start(bindings)
        except OSError as error:
            raise StartFailed(f"A listener's address cannot be bound: {os.strerror(error.errno or 0)}.") from error

    def _unready(self) -> str:
        gateway = self.parts.gateway
        if gateway.draining:
            return "draining"
        if gateway.access is not None and gateway.access.is_stale:
            return "the store cannot be read"
        return "the recording cannot be written" if self.parts.recorder_failed else ""

    def _status(self) -> Mapping[str, object]:
        gateway = self.parts.gateway
        return {
            "ready": not self._unready(),
            "connections": gateway.open_connections,
            "routes": [route.name for route in gateway.routes.routes],
            "rules": len(gateway.handling.treatments.rules.rules),
            "recording": "failed" if self.parts.recorder_failed else "working",
            "store": self.parts.store_state,
        }

    async def _until_stopped(self) -> None:
        """Wait for SIGTERM; reload at SIGHUP; tell systemd's watchdog that the loop turns."""
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(self._feed_watchdog())
            reloads = tasks.create_task(self._reload_when_asked())
            prunes = tasks.create_task(self._prune_the_store())
            await self._stop.wait()
            watch.cancel()
            reloads.cancel()
            prunes.cancel()

    async def _feed_watchdog(self) -> None:
        while (every_s := self._notifier.watchdog_s) is not None:
            self._notifier.alive()
            await asyncio.sleep(every_s)

    async def _prune_the_store(self) -> None:
        """Have the store forget what has expired, now and every hour. That it fails is told by its alarm."""
        while True:
            gateway, kept = self.parts.gateway, (self.parts.vault, self.parts.allowances, self.parts.signing_in)
            for prunes in (*kept, gateway.turns, gateway.access, gateway.owners):
                if prunes is not None:
                    with contextlib.suppress(StoreFailed):
                        await prunes.prune()
            await asyncio.sleep(_PRUNE_S)

    async def _reload_when_asked(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            self._notifier.reloading(self.parts.gateway.mono_ns())
            await self._take_new_configuration()
            self._notifier.ready()

    async def _take_new_configuration(self) -> None:
        old = self.parts
        old.audit.reopen()
        try:
            # In a thread: rules that are new may take seconds to compile, and streams go on meanwhile.
            config = await asyncio.to_thread(checked, self.path)
            new = await build(config, old.log, old.net, keep=old)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with what is new, the old goes on
            self._log("reload failed, the old configuration stays", error=_told(error))
            old.metrics.alarm("reload")
            return
        self.config = self._with_what_stays(config)
        new.gateway.open_connections = old.gateway.open_connections
        self._listeners.gateway = self._exchanges.gateway = new.gateway
        self.parts = new
        await old.retire()
        self._log("reloaded")

    def _with_what_stays(self, config: Config) -> Config:
        """The new configuration, but for what this process cannot change while it runs; that is told."""
        now = self.config
        sections = {name: getattr(now, name) for name in _SECTIONS if getattr(config, name) != getattr(now, name)}
        old, new = now.limits, config.limits
        limits = {name: getattr(old, name) for name in _POOL_LIMITS if getattr(old, name) != getattr(new, name)}
        if sections or limits:
            told = [*sections, *(f"limits.{name}" for name in limits)]
            self._log("these changes need a restart", sections=", ".join(told))
        return config.model_copy(update={**sections, "limits": new.model_copy(update=limits)})


def _told(error: Exception) -> str:
    """What is wrong, for the log. An error that is not ours is told by its type alone."""
    if isinstance(error, ConfigurationFault):
        return "; ".join(f"{place}: {sentence}" if place else sentence for place, sentence in error.faults)
    return str(error) if isinstance(error, MaskproxyError) else f"unforeseen {type(error).__name__}"
