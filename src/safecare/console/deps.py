"""What the console is given. Nothing here is a global: tests and the platform build their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import msgspec

from safecare.console.provider import Provider
from safecare.correlate.rules.rule import Rule
from safecare.exchange.log import Entry, Log
from safecare.formats.hospital import Loaded, Placed
from safecare.locale.catalogue import Catalogue
from safecare.model.clock import Clock
from safecare.model.events.acts import Act
from safecare.model.events.video import ClipKept
from safecare.model.hospital import Hospital
from safecare.model.text import Text
from safecare.model.topics import Item, encode, topic_of
from safecare.notify.channels.webpush import Speak
from safecare.notify.webpush import Pusher
from safecare.scenarios.report import ScenarioRun
from safecare.settings import Settings
from safecare.share.taxii import Collection
from safecare.store.accounts import Accounts
from safecare.store.artifacts import Artifacts
from safecare.store.audit import AuditCheck
from safecare.store.credentials import Credentials
from safecare.store.devices import Devices
from safecare.store.drawings import Version, ZonesVersion
from safecare.store.glance import Glance
from safecare.store.read import Reader


class LineError(msgspec.Struct, frozen=True):
    """One unit of an ingest request that can't be read: where (1 = first), why, and its bytes."""

    line: int
    reason: str
    raw: bytes = b""


Parsed = tuple[list[Item], list[LineError]]
Parser = Callable[[bytes], Parsed]
"""Turns the body of an ingest request into items and errors; pure, never raises for what stands in the bytes."""


class Publish(Protocol):
    """Puts items on the road; durable when it returns. Raises `LogFullError`.

    `key` makes a repeat harmless: what was published under the same key is not stored again.
    """

    async def __call__(self, items: Sequence[Item], *, key: str | None = None) -> None:
        """Store `items`."""
        ...


class Refuse(Protocol):
    """Keeps what a door could not read, as `safecare.sources.api.Intake.reject` does. Raises `LogFullError`."""

    async def __call__(self, door: str, raw: bytes, reason: str, place: str = "") -> None:
        """Store `raw` with the reason."""
        ...


class SourceHealth(msgspec.Struct, frozen=True):
    """One door."""

    door: str
    source: str
    state: str
    detail: str
    last: datetime | None
    events: int
    rejects: int


class StageHealth(msgspec.Struct, frozen=True):
    """One group of the log: how many batches it is behind, and whether it runs."""

    group: str
    lag: int
    alive: bool


class PartMissing(msgspec.Struct, frozen=True):
    """A part that stepped aside, and why."""

    name: str
    reason: str


class Disk(msgspec.Struct, frozen=True):
    """Room that is left (MB), the reserve below which senders are refused, and whether they are."""

    free_mb: int
    reserve_mb: int
    refusing: bool


class Health(msgspec.Struct, frozen=True):
    """How the platform is. Every figure is counted, none estimated."""

    sources: tuple[SourceHealth, ...]
    stages: tuple[StageHealth, ...]
    parts_missing: tuple[PartMissing, ...]
    disk: Disk
    keys_apart: bool
    """The keys that seal secrets are outside of the data folder: a copy of it opens none."""
    memory_mb: float
    started: datetime
    version: str


class HealthProvider(Protocol):
    """Tells how the platform is. Blocking; called in a thread."""

    def health(self) -> Health:
        """Return the present state."""
        ...


class ScenarioInfo(msgspec.Struct, frozen=True):
    """A scenario that can be run; `quiet` is one in which nothing may be raised."""

    name: str
    title: Text
    description: Text
    steps: int
    quiet: bool


class KnownRun(msgspec.Struct, frozen=True):
    """A run by its id."""

    id: str
    run: ScenarioRun


class Exercise(msgspec.Struct, frozen=True):
    """The exercise that runs now: every screen shows it."""

    scenario: str
    since: datetime


class Site(Protocol):
    """The hospital as it is now, and the versions of its plans and of its cameras' zones.

    What is marked so blocks; called in a thread.
    """

    changes: int
    """Versions saved since the start: grows whenever `hospital` becomes another one."""

    @property
    def hospital(self) -> Hospital:
        """Return the hospital. Does not block."""
        ...

    def versions(self, level: str) -> list[Version]:
        """Return the saved versions of the plan of `level`. Blocking."""
        ...

    def plan(self, level: str, number: int | None = None) -> bytes:
        """Return a plan: the newest, version `number`, 0 that of the files. Blocking. Raises `KeyError`."""
        ...

    def placed(self) -> dict[str, Placed]:
        """Return where things stand that were placed in the console. Blocking."""
        ...

    def check(self, level: str, plan: bytes, placed: Mapping[str, Placed]) -> Loaded:
        """Return the hospital as it would be, or what is wrong then. Blocking."""
        ...

    def zones(self, camera: str) -> list[ZonesVersion]:
        """Return the saved versions of the zones of `camera`. Blocking."""
        ...

    def zones_file(self, camera: str, number: int | None = None) -> bytes:
        """Return a zones file, empty without one: the newest, version `number`, 0 that of the files. Blocking.

        Raises `KeyError`.
        """
        ...

    def check_zones(self, camera: str, text: str) -> Loaded:
        """Return the hospital as it would be with these zones, or what is wrong then. Blocking."""
        ...

    async def save(self, version: Version | ZonesVersion) -> str:
        """Keep `version` and let all parts work with it. Return its SHA-256. Raises `TakenError`."""
        ...


class BusyError(RuntimeError):
    """A scenario is running already."""


class ScenarioRunner(Protocol):
    """Lists and runs scenarios. Blocking calls; called in a thread."""

    def scenarios(self) -> Sequence[ScenarioInfo]:
        """Return what can be run."""
        ...

    def title(self, name: str) -> Text:
        """Return what people call scenario `name`; its name where there is none any more."""
        ...

    def start(self, name: str, actor: str) -> str:
        """Start scenario `name` for `actor` and return the run's id. Raises `KeyError`, `BusyError`."""
        ...

    def run(self, run: str) -> ScenarioRun | None:
        """Return how far `run` is; None when there is no such run."""
        ...

    def runs(self) -> Sequence[KnownRun]:
        """Return all runs there were, the latest first."""
        ...

    def exercise(self) -> Exercise | None:
        """Return the exercise that runs now. Does not block."""
        ...


@dataclass(frozen=True)
class ConsoleDeps:
    """Everything that the console needs."""

    reader: Reader
    glance: Glance
    verify: Callable[[], AuditCheck]
    """Checks the audit chain; blocking."""
    log: Log
    artifacts: Artifacts
    accounts: Accounts
    site: Site
    clock: Clock
    settings: Settings
    catalogue: Catalogue
    health: HealthProvider
    scenarios: ScenarioRunner
    local_token: str
    """Token in the data folder's ``local.token``: whoever can read that file acts as admin."""
    credentials: Credentials
    devices: Devices
    speak: Speak
    """Puts a sentence into a language, for push messages."""
    detectors: Callable[[], Sequence[str]]
    """Names of the rules that run now."""
    rules: Callable[[], Sequence[Rule]]
    """The correlation rules in use, those of the site included; blocking."""
    publish: Publish
    refuse: Refuse
    clear: Callable[[ClipKept], bytes]
    """Opens the clear copy of a clip; blocking. Raises `OSError`, `SealError`, `UnknownKeyError`."""
    pusher: Pusher | None = None
    """Sends push messages; none where the settings do not allow it."""
    ingest: Mapping[str, Parser] = field(default_factory=dict)
    """Parsers of further ingest formats by name (``idmef``, ``eve``); ``events`` is the console's own."""
    provider: Provider | None = None
    """The hospital's identity provider; none where the settings name none, or name it wrongly."""
    partners: Mapping[str, Collection] = field(default_factory=dict)
    """Collections of others into which people may send incidents, by name."""
    procedures: Mapping[str, Text] = field(default_factory=dict)
    """Titles of the procedures that people may begin, by id."""
    static: Path = field(default_factory=lambda: Path(str(files("safecare.console"))) / "static")
    """Folder of the built front end."""

    @property
    def hospital(self) -> Hospital:
        """The hospital as it is now: another one after somebody has drawn a plan anew."""
        return self.site.hospital


def appender(log: Log) -> Publish:
    """Return the plain `Publish` over `log`: one append for all items, in a thread.

    Acts of people may use the last of the room: a decision must not be refused because senders have filled the disk.
    """

    async def publish(items: Sequence[Item], *, key: str | None = None) -> None:
        by_topic: dict[str, list[bytes]] = {}
        for item in items:
            by_topic.setdefault(topic_of(item), []).append(encode(item))
        entries = [Entry(topic, tuple(raw), key and f"{key}:{topic}") for topic, raw in by_topic.items()]
        if entries:
            people = all(isinstance(item, Act) for item in items)
            await asyncio.to_thread(log.append, entries, reserve=not people)

    return publish
