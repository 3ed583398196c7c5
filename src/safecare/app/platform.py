"""The main process: doors, console, and the engine as its child."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import secrets
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil

from safecare import __version__
from safecare.app.certificates import Certificates
from safecare.app.channels import build_channels, speaker
from safecare.app.child import Child
from safecare.app.doors import EXAMINER, Built, DoorTasks, build_doors
from safecare.app.files import SiteFiles, demo_hospital
from safecare.app.health import Doors
from safecare.app.ingest import parsers
from safecare.app.intake import DoorIntake
from safecare.app.partners import partners_of
from safecare.app.plans import SitePlans
from safecare.app.procedures import procedures_of
from safecare.app.provider import provider_of
from safecare.app.scenarios import ScenarioProcesses
from safecare.app.service import ServiceManager
from safecare.app.siterules import SiteRules
from safecare.app.status import told
from safecare.app.times import believed
from safecare.console.application import create_app
from safecare.console.deps import ConsoleDeps, Disk, Health, Parser, PartMissing, SourceHealth, StageHealth, appender
from safecare.console.server import serve
from safecare.exchange.sqlite import SqliteLog
from safecare.locale.catalogue import Catalogue
from safecare.model.clock import Clock, SystemClock
from safecare.model.ids import ArtifactHash
from safecare.model.text import Text
from safecare.model.topics import Item
from safecare.notify.channels.webpush import WebPush
from safecare.settings import Settings
from safecare.sources.api import sources
from safecare.sources.files.clamd import second_engine
from safecare.sources.files.judging import Judging
from safecare.sources.files.memory import Memory
from safecare.sources.files.release import HeldStore
from safecare.sources.files.resolver import Resolver
from safecare.sources.files.wire import Setup as FilesSetup
from safecare.store.accounts import Accounts
from safecare.store.artifacts import Artifacts
from safecare.store.audit import verify
from safecare.store.clips import opened
from safecare.store.credentials import Credentials
from safecare.store.database import Database
from safecare.store.devices import Devices
from safecare.store.drawings import Drawings
from safecare.store.folder import DataFolder
from safecare.store.glance import Glance
from safecare.store.keyring import Keyring
from safecare.store.read import Reader
from safecare.store.vault import Vault

CONSOLE = "console"
"""Name under which the health page counts what comes over HTTP: batches of machines, and acts of people."""

LOOK = 0.05
"""Seconds between looks whether the engine works, at the start (chosen)."""


class Runtime(msgspec.Struct, frozen=True):
    """What a local program must know to reach the running platform (file ``runtime.json``)."""

    pid: int
    url: str
    started: datetime
    doors: dict[str, dict[str, Any]]


@dataclass
class Platform:
    """One running platform over one data folder."""

    folder: DataFolder
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    _group: asyncio.TaskGroup | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Read the site's files and open log and database. Raises `BadHospitalError`, `SettingsError`."""
        self.source = Path(self.settings.hospital) if self.settings.hospital else demo_hospital()
        self.site = SitePlans(self.source, Drawings(self.folder.plans, self.folder.cameras), self._renew)
        self.log = SqliteLog(self.folder.log, reserve_mb=self.settings.limits.disk_reserve_mb)
        self.database = Database(self.folder.database)
        self.database.migrate()
        self.keyring = Keyring.chosen(self.settings.seal_keys, self.folder.keys)
        self.vault = Vault(self.database, self.keyring, self.clock)
        self.vault.seal_old()
        self.artifacts = Artifacts(self.folder.artifacts, reserve_mb=self.settings.limits.disk_reserve_mb)
        console = self.settings.console
        self.accounts = Accounts(
            self.database, self.clock, link_minutes=console.link_minutes, session_hours=console.session_hours
        )
        self.doors = Doors(self.clock)
        self.port = self.settings.console.port
        self.started = self.clock.now()
        self.engine = Child(
            "engine", ("-m", "safecare.app.engine", str(os.getpid()), str(self.folder.path), str(self.source))
        )
        self.door_tasks = DoorTasks(self._intake, self.doors)
        self.parsers: dict[str, Parser] = {}
        self._build(self.site.files)
        self.token = self._local_token()
        self.provider, self.unset = provider_of(self.settings.oidc, self.site.hospital, self.vault, self.clock)
        self.partners, unreachable = partners_of(self.settings, self.vault)
        self.unset += unreachable

    @property
    def url(self) -> str:
        """Address of the console."""
        return self.settings.console.public_url or f"http://{self.settings.console.host}:{self.port}"

    def sign_in_link(self, role: str, name: str) -> str:
        """Return a fresh one-time link that signs `name` in as `role`; the same name is the same user."""
        known = next(
            (one for one in self.accounts.users() if (one.role, one.name, one.revoked) == (role, name, None)), None
        )
        token = self.accounts.invite(known.id) if known else self.accounts.invite(role=role, name=name)
        return f"{self.url}/sign-in/{token}"

    async def run(self, ready: Callable[[], None]) -> None:
        """Run until cancelled; call `ready` once the console answers and the engine works."""

        def listening(port: int) -> None:
            self.port = port
            self._write_runtime()
            group.create_task(self._tell_ready(ready))

        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self.engine.run())
            self.door_tasks.start(self.built, group)
            papers = Certificates(lambda: self.built.papers, self.doors, lambda: self._intake("certificates"))
            group.create_task(papers.run())
            group.create_task(self._intake("").tell_floods())
            console = self.settings.console
            await serve(create_app(self._console()), console.host, console.port, listening)

    def _build(self, files: SiteFiles) -> None:
        """Build the doors and the parsers of what comes over HTTP for the hospital of `files`."""
        given = {"hospital": files.hospital, "log": self.log, "artifacts": self.artifacts}
        given["models"] = self.folder.path / "models"
        given["positions"] = self.folder.path / "positions"
        given["held"] = HeldStore(self.log, self.artifacts, self.folder.path / "positions")
        given["data"] = self.folder.path
        given["vault"] = self.vault
        given["judging"] = Judging(
            FilesSetup(sealers=tuple(one.lower() for one in self.settings.sealers)),
            rules=self.folder.path / (self.settings.file_rules or "file-rules"),
            mail_model=self.folder.path / (self.settings.mail_model or "mail-model.json"),
            memory=Memory(self.folder.path / "verdicts.db"),
            clamd=second_engine(self.settings.clamd),
            resolver=Resolver(self.settings.resolver) if self.settings.resolver else None,
        )
        self.built: Built = build_doors(
            (*files.doors, EXAMINER), self.settings, given, self.folder.path, self.vault.filled
        )
        self.parsers.update(parsers(files.hospital, self.clock))

    async def _renew(self, files: SiteFiles) -> None:
        """Let doors and engine work with the hospital of `files`: both begin anew, and go on where they were."""
        await self.door_tasks.stop()
        self._build(files)
        if self._group is not None:
            self.door_tasks.start(self.built, self._group)
        self.engine.renew()
        self._write_runtime()

    def health(self) -> Health:
        """Return how the platform is (`safecare.console.deps.HealthProvider`)."""
        last = self.log.last()
        alive = self.engine.pid is not None
        engine = told(self.folder.path)
        cursors = dict.fromkeys(engine.groups if engine else (), 0) | self.log.positions()
        free = shutil.disk_usage(self.folder.path).free // 2**20
        reserve = self.settings.limits.disk_reserve_mb
        missing = [
            PartMissing(one.name, one.reason) for one in (*sources().missing, *(engine.missing if engine else ()))
        ]
        missing += [PartMissing(one.name, one.reason) for one in self.unset]
        if fault := self.keyring.fault():
            missing.append(PartMissing(self.keyring.path.name, fault))
        if self.site.files.aside:
            missing.append(PartMissing("what was drawn in the console", self.site.files.aside))
        missing += [PartMissing(door, one.state_of()) for door, one in self.doors.not_kept().items()]
        if engine:
            missing += [PartMissing(name, reason) for name, reason in engine.faults.items()]
        return Health(
            sources=tuple(
                SourceHealth(one.door, one.source, one.state, one.detail, one.last, one.events, one.rejects)
                for one in self.doors.states()
            ),
            stages=tuple(StageHealth(group, max(0, last - at), alive) for group, at in sorted(cursors.items())),
            parts_missing=tuple(missing),
            disk=Disk(free, reserve, free < reserve),
            keys_apart=not self.keyring.path.resolve().is_relative_to(self.folder.path.resolve()),
            memory_mb=round(_memory_mb(), 1),
            started=self.started,
            version=__version__,
        )

    def _console(self) -> ConsoleDeps:
        intake = self._intake("")
        catalogue, devices = Catalogue.load(), Devices(self.database, self.clock, self.keyring)
        channels, _ = build_channels(
            self.settings, self.site.hospital, self.clock, devices, self.folder.secret(), self.vault
        )
        push = channels.get("webpush")
        pusher = push.pusher if isinstance(push, WebPush) else None
        return ConsoleDeps(
            reader=Reader(self.database),
            glance=Glance(self.database),
            verify=lambda: verify(self.database),
            log=self.log,
            artifacts=self.artifacts,
            accounts=self.accounts,
            credentials=Credentials(self.database, self.clock, self.keyring),
            devices=devices,
            speak=speaker(catalogue, self.site.hospital),
            pusher=pusher,
            detectors=lambda: status.detectors if (status := told(self.folder.path)) else (),
            site=self.site,
            rules=SiteRules(self.source).current,
            clock=self.clock,
            settings=self.settings,
            catalogue=catalogue,
            health=self,
            scenarios=ScenarioProcesses(self.folder, self.clock),
            provider=self.provider,
            local_token=self.token,
            clear=lambda clip: opened(self.vault, clip, self.artifacts.read(clip.clear or ArtifactHash(""))),
            publish=self._publish,
            refuse=intake.reject,
            ingest=self.parsers,
            partners=self.partners,
            procedures={one.id: Text(one.book.name) for one in procedures_of(self.folder.path)},
        )

    async def _publish(self, items: Sequence[Item], *, key: str | None = None) -> None:
        """Store what came over HTTP, and count it (`safecare.console.deps.Publish`)."""
        now = self.clock.now()
        await appender(self.log)([believed(item, now) for item in items], key=key)
        self.doors.took(CONSOLE, len(items))

    def _intake(self, door: str) -> DoorIntake:
        return DoorIntake(
            door,
            self.log,
            self.artifacts,
            self.doors,
            self.clock,
            self.site.hospital,
            self.folder.secret(),
            self.settings.limits.batch_events,
        )

    async def _tell_ready(self, ready: Callable[[], None]) -> None:
        while (status := told(self.folder.path)) is None or status.pid != self.engine.pid:  # noqa: ASYNC110 - a file
            await asyncio.sleep(LOOK)
        ready()

    def _write_runtime(self) -> None:
        fresh = self.folder.runtime.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self._runtime()))
        fresh.replace(self.folder.runtime)

    def _runtime(self) -> Runtime:
        doors = {
            name: {"source": self.built.names[name], "settings": self.built.settings[name]} for name in self.built.doors
        }
        here = f"http://{self.settings.console.host}:{self.port}"  # for programs on this machine, past any proxy
        return Runtime(os.getpid(), here, self.started, doors)

    def _local_token(self) -> str:
        token = secrets.token_urlsafe(32)
        path = self.folder.local_token
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
        return token


def _memory_mb() -> float:
    """Return the memory of this process and all its children, each shared page counted once (PSS), in MB."""
    me = psutil.Process()
    total = 0
    for process in (me, *me.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total / 2**20


def raise_file_limit() -> None:
    """Allow as many open files as the system lets us: every browser and device is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def run_until_stopped(platform: Platform, ready: Callable[[], None], manager: ServiceManager) -> None:
    """Run `platform` until SIGTERM or SIGINT; `manager` is told when it is ready, and that it lives."""

    def working() -> None:
        ready()
        manager.tell("READY=1")

    task, beats = asyncio.create_task(platform.run(working)), asyncio.create_task(manager.beat())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        print("stopped", file=sys.stderr)
    finally:
        beats.cancel()
        manager.tell("STOPPING=1")
