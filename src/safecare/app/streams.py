"""Live cameras without the platform: the same workers and rules, alerts to one writer, nothing stored."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import msgspec

from safecare.app.film import SITE, facts_of, physical_rules
from safecare.locale.catalogue import Catalogue
from safecare.model.alert import Alert
from safecare.model.clock import Clock, SystemClock
from safecare.model.event import Event
from safecare.model.hospital import Asset, Hospital, Name, Site
from safecare.model.ids import ArtifactHash, AssetId
from safecare.model.scene import Scene
from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.live import LiveCamera
from safecare.sources.camera.places import CameraSettings

Write = Callable[[str], object]
TICK = 1.0
"""Seconds between two looks of rules that wait for time to pass."""


class Watching:
    """An intake that judges at once and writes alerts; pictures and rejects are not kept."""

    def __init__(
        self, hospital: Hospital, clock: Clock, tell: Callable[[Alert], None], note: Callable[[str, str], object]
    ) -> None:
        """Judge by all physical rules over `hospital`. `note` is given a camera and how it is, when that changes."""
        self.hospital = hospital
        self.clock = clock
        self._tell = tell
        self._note = note
        self._states: dict[str, str] = {}
        self._stage = physical_rules(hospital)

    async def publish(self, events: Sequence[Event], *, key: str | None = None) -> None:
        """Judge `events`."""
        del key
        for alert in self._stage.feed(events):
            self._tell(alert)

    def tick(self) -> None:
        """Let time pass."""
        for alert in self._stage.tick(self.clock.now()):
            self._tell(alert)

    async def keep(self, raw: bytes, media: str) -> ArtifactHash:
        """Give the name that these bytes would have."""
        del media
        return ArtifactHash(hashlib.sha256(raw).hexdigest())

    async def reject(
        self, door: str, raw: bytes, reason: str, place: str = "", context: Mapping[str, str] | None = None
    ) -> None:
        """Keep nothing; a live camera has nothing to reject."""

    def pseudonym(self, kind: str, value: str) -> str:
        """Return a name that says nothing."""
        return hashlib.sha256(f"{kind} {value}".encode()).hexdigest()[:16]

    def report(self, door: str, state: str, detail: str = "") -> None:
        """Say how a camera is, once while it stays so; that all is well only after it was not."""
        told = "" if state == "ok" else detail
        if told != self._states.get(door, ""):
            self._note(door.split("/")[1], detail)
        self._states[door] = told


def hospital_of(sources: Sequence[str], scene: Scene | None, timezone: str) -> Hospital:
    """Return a hospital of one camera for each source, all with the same scene."""
    cameras = tuple(
        Asset(
            id=AssetId(f"camera-{number}"), site=SITE, name=Name(f"camera {number}", f"caméra {number}"), kind="camera"
        )
        for number in range(1, len(sources) + 1)
    )
    site = Site(id=SITE, name=Name("", ""), timezone=timezone)
    scenes = {camera.id: scene for camera in cameras} if scene else {}
    return msgspec.structs.replace(Hospital.empty(), sites=(site,), assets=cameras, scenes=scenes)


async def follow(
    sources: Sequence[str],
    scene: Scene | None,
    card: Path | None,
    pose: Path | None = None,
    special: Path | None = None,
    *,
    settings: CameraSettings,
    seconds: float,
    timezone: str,
    as_json: bool,
    language: str,
    write: Write,
    note: Write,
) -> None:
    """Follow `sources` and write each alert, for `seconds` or (0) until cancelled. `note` is told how streams are."""
    hospital = hospital_of(sources, scene, timezone)
    render = Catalogue.load().render

    def tell(alert: Alert) -> None:
        title = render(alert.title, language, hospital)
        why = [render(one, language, hospital) for one in alert.why]
        if not as_json:
            write(f"{alert.last.isoformat(timespec='seconds')}  {alert.rule:<20} {title}: {' '.join(why)}")
            return
        facts = facts_of(alert)
        camera = next((one for one in alert.assets if one.startswith("camera-")), "")
        body = {
            "type": "alert",
            "rule": alert.rule,
            "source": sources[int(camera.rpartition("-")[2]) - 1] if camera else "",
            "zone": facts.pop("area", ""),
            "track": facts.pop("track", None),
            "time": alert.last.isoformat(),
            "since": alert.first.isoformat(),
            "severity": alert.severity,
            "confidence": alert.confidence,
            "facts": facts,
            "title": title,
            "why": why,
        }
        write(msgspec.json.encode(body).decode())

    def told(camera: str, detail: str) -> None:
        note(f"{_without_secrets(sources[int(camera.rpartition('-')[2]) - 1])}: {detail}")

    intake = Watching(hospital, SystemClock(), tell, told)
    lives = [
        LiveCamera(
            "watch",
            camera,
            msgspec.structs.replace(settings, url=url),
            intake,
            worker=WorkerClient(network=True, model=card, pose=pose, special=special),
        )
        for url, camera in zip(sources, hospital.assets, strict=True)
    ]
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds or None), asyncio.TaskGroup() as group:
                for live in lives:
                    group.create_task(live.run())
                group.create_task(_ticks(intake))
    except* BrokenPipeError:
        pass  # whoever reads the alerts has gone: that is the end


def _without_secrets(source: str) -> str:
    """Return the address `source` without user and password."""
    parts = urlsplit(source)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts.netloc else source


async def _ticks(intake: Watching) -> None:
    while True:
        await asyncio.sleep(TICK)
        intake.tick()
