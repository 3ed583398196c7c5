"""The video door: an upload folder for clips, and live streams."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safecare.exchange.log import Log
from safecare.model.event import Event
from safecare.model.hospital import Asset
from safecare.sources.api import Intake, source
from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.clipping import Clipper, follow
from safecare.sources.camera.clips import CLIPS, ClipReader
from safecare.sources.camera.live import PATIENCE, LiveCamera
from safecare.sources.camera.models import NONE, ModelError, choose, installed_folder
from safecare.sources.camera.places import MOST_DAYS, CameraSettings, camera_of, read_cameras
from safecare.sources.camera.replay import Gathering
from safecare.sources.upload import UploadFolder
from safecare.store.vault import Vault

CLIP_DAYS = 7.0
"""Days for which clips are kept where nothing is said; chosen: an incident is looked into within a week."""


@source("camera", needs=("av", "cv2"))
@dataclass
class Cameras:
    """Watches cameras of the hospital (assets of kind ``camera``).

    `folder`: where recorders put clips, named ``<camera>__<start, UTC, 20261123T141800Z>.<mp4|avi|mkv>``; if
    at all. `cameras`: by asset id, see `CameraSettings` (url, area, person, fps). `settle`: seconds for which a clip
    must not change before it counts as complete. `overtime`: seconds of work after which a clip is given up.
    `patience`: seconds without a picture after which a live stream counts as lost. Raises `ValueError` for
    settings that make no sense.

    `clip_days`: days for which clips around alerts are kept, where a camera says nothing else (0 to 30; 0: no clips).
    They need `log`, on which the alerts are heard, and `vault`, which seals those with clear heads; without, no clips.

    `model`: name of the network that finds people; empty: the best of those in `models` (a folder) and of the
    installation; ``none``: motion alone. Without a usable one the cameras go on by motion, and the health page says so.
    """

    door: str = "camera"
    folder: Path | None = None
    cameras: dict[str, Any] = field(default_factory=dict)
    settle: float = 2.0
    overtime: float = 900.0
    patience: float = PATIENCE
    clip_days: float = CLIP_DAYS
    log: Log | None = None
    vault: Vault | None = None
    model: str = ""
    models: Path = Path("models")

    def __post_init__(self) -> None:
        """Read the cameras' settings."""
        self._cameras = read_cameras(self.cameras)
        if not 0 <= self.clip_days <= MOST_DAYS:
            raise ValueError(f"clip_days {self.clip_days} is outside 0-{MOST_DAYS}")
        self._card: Path | None = None
        self._pose: Path | None = None
        self._special: Path | None = None

    async def run(self, intake: Intake) -> None:
        """Watch until cancelled. Raises `ValueError` if a live camera is not in the hospital."""
        self._choose(intake)
        parts = [self._reader(self.folder, intake)] if self.folder else []
        lives = [one for one in (self._live(name, intake) for name in self._cameras) if one is not None]
        intake.report(self.door, "ok", f"{len(lives)} streams{', upload folder' if parts else ''}")
        async with asyncio.TaskGroup() as group:
            for run in (*(part.run for part in parts), *(live.run for live in lives)):
                group.create_task(run())
            clippers = [live.clipper for live in lives if live.clipper is not None]
            if self.log is not None and clippers:
                group.create_task(follow(self.log, clippers))

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a whole clip again (`context`: its ``name``), in a worker. Blocks; call it in a thread."""
        gathering = Gathering(intake)
        with tempfile.TemporaryDirectory(prefix="safecare-clip-") as place:
            path = Path(place) / Path(context.get("name", "clip")).name
            path.write_bytes(raw)
            asyncio.run(self._again(path, gathering))
        if gathering.refused is not None:
            raise gathering.refused
        return gathering.events

    def _choose(self, intake: Intake) -> None:
        """Choose what finds people, and tell the health page which it is."""
        special = choose("", [self.models, installed_folder()], "special")
        self._special = special.card_path if special else None
        if special is not None:
            told = ", ".join(special.card.tells)
            intake.report(f"{self.door}/special", "ok", f"{special.card.name} looks for {told}")
        place = f"{self.door}/people"
        try:
            found = choose(self.model, [self.models, installed_folder()])
        except ModelError as error:
            intake.report(place, "failed", f"{error}; people are found by motion alone")
            return
        self._card = found.card_path if found else None
        pose = choose("", [self.models, installed_folder()], "pose") if self.model != NONE else None
        self._pose = pose.card_path if pose else None
        if self.model == NONE:
            intake.report(place, "ok", "found by motion alone: so the door's settings say")
        elif found is None:
            intake.report(place, "ok", "found by motion alone: there is no model")
        elif pose is None:
            intake.report(place, "ok", f"found by {found.card.name}; who lies is told by shapes alone")
        else:
            intake.report(place, "ok", f"found by {found.card.name}; who lies is told by {pose.card.name}")

    async def _again(self, path: Path, gathering: Gathering) -> None:
        reader = self._reader(path.parent, gathering)
        reader.stills = False
        try:
            await reader.read(path)
        finally:
            await reader.worker.stop()

    def _reader(self, folder: Path, intake: Intake) -> ClipReader:
        poll = min(1.0, max(0.05, self.settle / 2))
        upload = UploadFolder(folder.absolute(), self.settle, CLIPS)
        worker = WorkerClient(model=self._card, pose=self._pose, special=self._special)
        return ClipReader(self.door, upload, self._cameras, intake, self.overtime, poll, worker=worker)

    def _live(self, name: Any, intake: Intake) -> LiveCamera | None:
        settings = self._cameras[name]
        if not settings.url:
            return None
        camera = camera_of(intake.hospital, name)
        if camera is None:
            raise ValueError(f"{self.door}: the hospital has no camera {name}")
        worker = WorkerClient(network=True, model=self._card, pose=self._pose, special=self._special)
        clipper = self._clipper(camera, settings, intake, worker)
        return LiveCamera(self.door, camera, settings, intake, self.patience, worker=worker, clipper=clipper)

    def _clipper(self, camera: Asset, settings: CameraSettings, intake: Intake, worker: WorkerClient) -> Clipper | None:
        days = self.clip_days if settings.clip_days is None else settings.clip_days
        if self.log is None or not days:
            return None
        return Clipper(self.door, camera, intake, worker, days, self.vault if settings.clear else None)
