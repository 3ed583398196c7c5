"""A console over a real log, a real database and its real writer, without the rest of the platform."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI

from safecare.app.channels import speaker
from safecare.app.files import SiteFiles
from safecare.app.plans import SitePlans
from safecare.console.application import create_app
from safecare.console.deps import (
    BusyError,
    ConsoleDeps,
    Disk,
    Exercise,
    Health,
    KnownRun,
    Parser,
    PartMissing,
    ScenarioInfo,
    Site,
    SourceHealth,
    StageHealth,
    appender,
)
from safecare.console.provider import Provider
from safecare.correlate.rules.read import shipped
from safecare.demo import HOSPITAL as DEMO_FILES
from safecare.exchange.log import Entry, LogFullError
from safecare.exchange.memory import MemoryLog
from safecare.formats.hospital import Loaded, Placed
from safecare.locale.catalogue import Catalogue
from safecare.model.events.video import ClipKept
from safecare.model.hospital import Hospital
from safecare.model.ids import ArtifactHash
from safecare.model.text import Text, say
from safecare.model.topics import Item, decode, encode, topic_of
from safecare.notify.webpush import Pusher
from safecare.scenarios.report import RunCheck, RunStep, ScenarioRun
from safecare.settings import Console, Limits, Oidc, Settings
from safecare.share.taxii import Collection
from safecare.store.accounts import Accounts
from safecare.store.artifacts import Artifacts
from safecare.store.audit import verify
from safecare.store.clips import opened
from safecare.store.credentials import Credentials
from safecare.store.database import Database
from safecare.store.devices import Devices
from safecare.store.drawings import Drawings, Version, ZonesVersion
from safecare.store.glance import Glance
from safecare.store.keyring import Keyring
from safecare.store.read import Reader
from safecare.store.vault import Vault
from safecare.store.write import StoreWriter
from safecare.testing.clock import FakeClock
from safecare.testing.hospital import small_hospital

TOKEN = "local-token-of-the-test-folder"


@dataclass
class Runner:
    """Scenarios of a platform that has one of each kind."""

    clock: FakeClock
    running: str = ""

    def scenarios(self) -> list[ScenarioInfo]:
        return [ScenarioInfo("theft", say("Theft"), say("A theft"), 2, False)]

    def title(self, name: str) -> Text:
        return say("Theft") if name == "theft" else Text(name)

    def start(self, name: str, actor: str) -> str:
        if name != "theft":
            raise KeyError(name)
        if self.running:
            raise BusyError
        self.running = name
        return "run-1"

    def run(self, run: str) -> ScenarioRun | None:
        if run != "run-1":
            return None
        step = RunStep(1, say("Mail"), say("A mail"), say("An alert"), "alert-1", 0.4, True, ("guard",))
        checks = (RunCheck(say("One incident"), True, say("exactly one")),)
        return ScenarioRun("theft", "running", self.clock.now(), (step,), checks)

    def runs(self) -> list[KnownRun]:
        run = self.run("run-1")
        return [KnownRun("run-1", run)] if run and self.running else []

    def exercise(self) -> Exercise | None:
        return Exercise(self.running, self.clock.now()) if self.running else None


@dataclass
class Gauges:
    """Health of a platform with one door and one stage."""

    started: datetime

    def health(self) -> Health:
        return Health(
            sources=(SourceHealth("smtp", "mail", "ok", "", self.started, 7, 1),),
            stages=(StageHealth("detect", 0, True),),
            parts_missing=(PartMissing("video", "library av is not installed"),),
            disk=Disk(5000, 256, False),
            keys_apart=False,
            memory_mb=120.0,
            started=self.started,
            version="0.1.0",
        )


@dataclass
class StillSite:
    """A hospital in code, whose plans nobody draws anew."""

    hospital: Hospital
    changes: int = 0

    def versions(self, level: str) -> list[Version]:
        return []

    def plan(self, level: str, number: int | None = None) -> bytes:
        return b'{"features": []}'

    def placed(self) -> dict[str, Placed]:
        return {}

    def check(self, level: str, plan: bytes, placed: Mapping[str, Placed]) -> Loaded:
        return Loaded(self.hospital, (), [])

    def zones(self, camera: str) -> list[ZonesVersion]:
        return []

    def zones_file(self, camera: str, number: int | None = None) -> bytes:
        return b""

    def check_zones(self, camera: str, text: str) -> Loaded:
        return Loaded(self.hospital, (), [])

    async def save(self, version: Version | ZonesVersion) -> str:
        raise NotImplementedError


class RefusingLog(MemoryLog):
    """A log that can be told to be full."""

    full = False

    def append(self, entries: Sequence[Entry], *, reserve: bool = True) -> list[int]:
        if self.full:
            raise LogFullError("no room")
        return super().append(entries, reserve=reserve)


@dataclass
class Rig:
    """The console and everything around it."""

    folder: Path
    ingest: Mapping[str, Parser] = field(default_factory=dict)
    public_url: str = ""
    clock: FakeClock = field(default_factory=FakeClock)
    hospital: Hospital = field(default_factory=small_hospital)
    log: RefusingLog = field(default_factory=RefusingLog)
    pusher: Pusher | None = None
    site: Site | None = None
    static: Path | None = None
    provider: Provider | None = None
    oidc: Oidc = field(default_factory=Oidc)
    refused: list[tuple[str, bytes, str, str]] = field(default_factory=list)
    partners: Mapping[str, Collection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database = Database(self.folder / "central.db")
        self.database.migrate()
        self.writer = StoreWriter(self.log, self.database)
        self.accounts = Accounts(self.database, self.clock)
        self.keyring = Keyring(self.folder / "seal.keys")
        self.credentials = Credentials(self.database, self.clock, self.keyring)
        self.devices = Devices(self.database, self.clock, self.keyring)
        self.artifacts = Artifacts(self.folder / "artifacts", reserve_mb=0)
        self.runner = Runner(self.clock)
        self.screens = self.static or self.folder / "static"
        self.app: FastAPI = create_app(self.deps())
        self.app.state.feed._beat = 0.1

    def deps(self) -> ConsoleDeps:
        return ConsoleDeps(
            rules=lambda: shipped().rules,
            reader=Reader(self.database),
            glance=Glance(self.database),
            verify=lambda: verify(self.database),
            log=self.log,
            artifacts=self.artifacts,
            accounts=self.accounts,
            credentials=self.credentials,
            devices=self.devices,
            speak=speaker(Catalogue.load(), self.hospital),
            partners=self.partners,
            pusher=self.pusher,
            detectors=lambda: ("door.forced", "fire.alarm"),
            site=self.site or StillSite(self.hospital),
            clock=self.clock,
            settings=Settings(
                language="en",
                console=Console(public_url=self.public_url),
                oidc=self.oidc,
                limits=Limits(message_mb=1),
            ),
            provider=self.provider,
            catalogue=Catalogue.load(),
            health=Gauges(self.clock.now()),
            scenarios=self.runner,
            local_token=TOKEN,
            clear=self.opened,
            publish=appender(self.log),
            refuse=self.refuse,
            ingest=self.ingest,
            static=self.screens,
        )

    def opened(self, clip: ClipKept) -> bytes:
        """Open a clear copy, as the platform does."""
        vault = Vault(self.database, self.keyring, self.clock)
        return opened(vault, clip, self.artifacts.read(clip.clear or ArtifactHash("")))

    async def refuse(self, door: str, raw: bytes, reason: str, place: str = "") -> None:
        self.refused.append((door, raw, reason, place))

    def add(self, *items: Item) -> None:
        """Put items on the road and bring them into the store."""
        self.log.append([Entry(topic_of(item), (encode(item),)) for item in items])
        self.store()

    def store(self) -> None:
        while self.writer.step(0.0):
            pass

    def sign_in(self, role: str, site: str | None = None, name: str = "Someone", zones: Sequence[str] = ()) -> str:
        """Return the cookie of a fresh session."""
        user = self.accounts.add(name, role, site, zones)
        session = self.accounts.redeem(self.accounts.invite(user))
        assert session is not None
        return session.cookie

    def browser(
        self, role: str = "", site: str | None = None, zones: Sequence[str] = (), **headers: str
    ) -> httpx.AsyncClient:
        """Return a browser of our own page, signed in if a role is given."""
        cookies = {"safecare_session": self.sign_in(role, site, zones=zones)} if role else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://safecare.test",
            cookies=cookies,
            headers={"X-Safecare": "1", **headers},
        )

    def acts(self) -> list[Item]:
        """Return all acts that stand in the log."""
        batches = self.log.read({"event"}, 0, 10_000)
        events = [decode("event", raw) for batch in batches for raw in batch.items]
        return [event for event in events if event.kind.startswith("act.")]


@dataclass
class Running:
    """A rig whose console is served over TCP, with the store's writer at work."""

    rig: Rig
    port: int
    task: asyncio.Task[None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def later(clock: FakeClock, **delta: float) -> datetime:
    return clock.now() + timedelta(**delta)


def drawing_rig(folder: Path, renewed: list[SiteFiles]) -> Rig:
    """Return a console of the demo hospital whose plans and zones can be drawn; what is saved goes to `renewed`."""

    async def renew(files: SiteFiles) -> None:
        renewed.append(files)

    site = SitePlans(DEMO_FILES, Drawings(folder / "plans", folder / "cameras"), renew)
    return Rig(folder, hospital=site.hospital, site=site)
