"""Reads the clips of the upload folder, one after the other, in a worker."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from safecare.model.event import Event
from safecare.model.ids import AssetId
from safecare.sources.api import Intake, UnreadableError
from safecare.sources.camera.client import WorkerClient, WorkerDiedError
from safecare.sources.camera.decode import CLIP_FORMATS
from safecare.sources.camera.messages import (
    ClipJob,
    ClipMade,
    Done,
    Failed,
    Message,
    People,
    PictureChange,
    Progress,
    Ready,
    SpotsTold,
    Starved,
    ThingsTold,
)
from safecare.sources.camera.names import ClipName, read_name
from safecare.sources.camera.places import (
    CameraSettings,
    Teller,
    camera_of,
    time_of,
    view_of,
)
from safecare.sources.camera.publish import Outlet
from safecare.sources.upload import BAD, DONE, UploadFolder, open_regular, shown

SILENCE = 30.0
"""Seconds without a sign of life after which the worker is ended; it gives one every second."""
IDLE = 60.0
"""Seconds without a clip after which the worker is ended; chosen: recorders cut by the minute."""
BATCH = 50
"""Events published at once; chosen: about a minute of one camera."""
WHOLE = 32 * 1024 * 1024
"""Largest clip (bytes) that goes whole to the reject store; of a larger one the first part (``bad`` has it all)."""
PART = 1024 * 1024


CLIPS = frozenset(CLIP_FORMATS)
"""Suffixes of clips."""


class BrokenClipError(UnreadableError):
    """A part of the clip could not be read; what came before was seen."""


class _Clip(NamedTuple):
    name: ClipName
    camera: AssetId
    job: ClipJob
    teller: Teller


@dataclass
class ClipReader:
    """Takes complete clips from `folder`, publishes what is seen in them and puts them away."""

    door: str
    folder: UploadFolder
    cameras: Mapping[AssetId, CameraSettings]
    intake: Intake
    overtime: float
    poll: float = 1.0
    stills: bool = True
    worker: WorkerClient = field(default_factory=WorkerClient)
    _good: set[AssetId] = field(default_factory=set, init=False)
    """Cameras of which the last that was told is a good picture."""

    def __post_init__(self) -> None:
        """Be patient with a full log."""
        self._outlet = Outlet(self.intake, self.door)

    async def run(self) -> None:
        """Read until cancelled."""
        loop = asyncio.get_running_loop()
        busy = loop.time()
        try:
            while True:
                try:
                    ready = await asyncio.to_thread(self.folder.complete, loop.time())
                except OSError as error:
                    self.intake.report(self.door, "failed", f"the upload folder can't be read: {error.strerror}")
                    ready = []
                for path in ready:
                    try:
                        await self.read(path)
                    except OSError as error:  # one file that can't be read or moved does not keep the others waiting
                        self.folder.leave(path)
                        self.intake.report(self.door, "failed", f"{shown(path)}: {error.strerror}")
                    busy = loop.time()
                if loop.time() - busy > IDLE:
                    await self.worker.stop()
                await asyncio.sleep(self.poll)
        finally:
            await self.worker.stop()

    async def read(self, path: Path) -> None:
        """Read one clip and put it away; a worker that dies of it is tried once more."""
        try:
            clip = self._clip(path)
        except UnreadableError as error:
            await self._refuse(path, error.reason, error.place)
            return
        try:
            try:
                await self._look(clip)
            except WorkerDiedError:
                await self._look(clip)
        except BrokenClipError as error:
            await self._refuse(path, error.reason, error.place)
        except UnreadableError as error:
            await self._unreadable(clip, error.reason)
            await self._refuse(path, error.reason, error.place)
        except WorkerDiedError as error:
            await self._unreadable(clip, str(error))
            await self._refuse(path, str(error))
        else:
            await asyncio.to_thread(self.folder.put_away, path, DONE)
            self.intake.report(self.door, "ok", path.name)
            self.intake.report(f"{self.door}/decoder", "ok", f"confined by {', '.join(self.worker.layers)}")

    def _clip(self, path: Path) -> _Clip:
        """Return what the name of `path` says. Raises `UnreadableError`."""
        name = read_name(path.name)
        camera = camera_of(self.intake.hospital, name.camera)
        if camera is None:
            raise UnreadableError(f"the hospital has no camera {name.camera}", "file name")
        view = view_of(self.intake.hospital, camera, self.cameras.get(camera.id, CameraSettings()))
        if not self.stills:
            view = msgspec.structs.replace(view, still_people=None, still_after=None)
        job = ClipJob(camera.id, str(path), name.format, name.start.timestamp(), view)
        return _Clip(name, camera.id, job, Teller(self.door, camera))

    async def _look(self, clip: _Clip) -> None:
        """Publish what the worker sees. Raises `UnreadableError` and `WorkerDiedError`."""
        waiting: list[Event] = []
        async for message in self.worker.answers(clip.job, silence=SILENCE, overtime=self.overtime):
            waiting += await self._events(message, clip)
            if len(waiting) >= BATCH or isinstance(message, Done | Failed):
                await self._outlet.publish(waiting)
                waiting = []
            match message:
                case Failed(reason=reason, place=place):
                    raise UnreadableError(reason, place)
                case Done(broken=broken, place=place) if broken:
                    raise BrokenClipError(broken, place)
                case _:
                    pass

    async def _events(self, message: Message, clip: _Clip) -> list[Event]:
        seen = self.intake.clock.now()
        match message:
            case People(at=at, people=people):
                still = await self._outlet.keep(message.still)
                return [clip.teller.people(time_of(at), seen, "clip", people, still, message.size)]
            case ThingsTold(at=at, things=things):
                still = await self._outlet.keep(message.still)
                return [clip.teller.things(time_of(at), seen, "clip", things, still, message.size)]
            case SpotsTold(at=at, spots=spots):
                still = await self._outlet.keep(message.still)
                return [clip.teller.spots(time_of(at), seen, "clip", spots, still, message.size)]
            case PictureChange(at=at, state=state) if state != "ok" or clip.camera not in self._good:
                (self._good.add if state == "ok" else self._good.discard)(clip.camera)
                return [clip.teller.state(time_of(at), seen, "clip", state, message.detail)]
            case PictureChange() | Ready() | ClipMade() | Progress() | Starved() | Done() | Failed():
                return []

    async def _unreadable(self, clip: _Clip, reason: str) -> None:
        """Tell that the camera gave what can't be read: somebody may have tampered with it or with the clip."""
        self._good.discard(clip.camera)
        event = clip.teller.state(clip.name.start, self.intake.clock.now(), "clip", "unreadable", reason)
        await self._outlet.publish([event])

    async def _refuse(self, path: Path, reason: str, place: str = "") -> None:
        raw = await asyncio.to_thread(_bytes, path)
        await self._outlet.reject(raw, reason, place, {"name": shown(path), "kept_in": BAD})
        await asyncio.to_thread(self.folder.put_away, path, BAD)
        self.intake.report(self.door, "ok", f"{shown(path)}: {reason}")


def _bytes(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read(WHOLE if os.fstat(file.fileno()).st_size <= WHOLE else PART)
