"""Follows one live stream, each in a worker of its own: what kills one leaves the other cameras alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from safecare.model.hospital import Asset
from safecare.sources.api import Intake
from safecare.sources.calls import DeviceError
from safecare.sources.camera.client import WorkerClient, WorkerDiedError
from safecare.sources.camera.clipping import Clipper
from safecare.sources.camera.messages import (
    ClipMade,
    Done,
    Failed,
    LiveJob,
    People,
    PictureChange,
    Progress,
    SpotsTold,
    Starved,
    ThingsTold,
)
from safecare.sources.camera.onvif_stream import asks, stream_of
from safecare.sources.camera.places import CameraSettings, Teller, view_of
from safecare.sources.camera.publish import Outlet, waits
from safecare.sources.camera.trust import Trust, UntrustedError, speaks_tls

PATIENCE = 10.0
"""Seconds without a picture after which a stream counts as lost; chosen: a switch restarts a port in less."""
RENEW = 600.0
"""Seconds after which a worker that lost its stream is started anew; chosen. Its rights hold for files as they were at
its start: a list of name servers or certificates that has been replaced since is open to a new one only."""

TOLD_EACH = 60.0
"""Seconds of pictures after which it is told how many were left out; chosen."""
MOST_SKIPPED = 5.0
"""Percent left out from which the camera counts as short of time; chosen."""


@dataclass
class LiveCamera:
    """Keeps a stream open, tells what is seen, and tells when the picture is lost, frozen, covered, back."""

    door: str
    camera: Asset
    settings: CameraSettings
    intake: Intake
    patience: float = PATIENCE
    first_wait: float = 1.0
    """Seconds before the first new attempt; it doubles up to 30."""
    worker: WorkerClient = field(default_factory=lambda: WorkerClient(network=True))
    clipper: Clipper | None = None
    """Keeps clips around alerts; None: no clips."""
    pace: Progress = field(default_factory=lambda: Progress(0), init=False)
    """The last sign of life: how many pictures were looked at and left out since the stream was opened."""
    _state: str = field(default="", init=False)
    _told: Progress = field(default_factory=lambda: Progress(0), init=False)

    def __post_init__(self) -> None:
        """Be patient with a full log."""
        self._outlet = Outlet(self.intake, self.door)
        self._trust = Trust(self.settings, self.patience)
        self._teller = Teller(self.door, self.camera)

    async def run(self) -> None:
        """Follow the stream until cancelled."""
        pauses = waits(self.first_wait)
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        try:
            while True:
                good, state, reason = await self._follow()
                await self._tell(state, reason)
                if loop.time() - renewed > RENEW:
                    await self.worker.stop()
                    renewed = loop.time()
                if good:
                    pauses = waits(self.first_wait)
                await asyncio.sleep(next(pauses))
        finally:
            await self.worker.stop()
            self._trust.close()

    async def _follow(self) -> tuple[bool, str, str]:
        """Follow one connection to its end; return whether there was a picture, then state and reason."""
        view = view_of(self.intake.hospital, self.camera, self.settings)
        url = self.settings.url
        try:
            if asks(url):
                url = await stream_of(url, self.intake.clock, await self._trust.context(url))
            anchors = await self._trust.anchors(url)
        except (DeviceError, UntrustedError) as error:
            return False, "lost", str(error)
        if anchors is not None:
            self.worker.anchors = self._trust.file
            self._tell_trust()
        elif speaks_tls(self.settings.url):
            place = f"{self.door}/{self.camera.id}/certificate"
            self.intake.report(place, "waiting", "it is asked over TLS, and gives its pictures without")
        job = LiveJob(self.camera.id, url, view, self.settings.format, self.patience, anchors)
        good = False
        starved = ""
        """The state of a picture that was good until there was no time to look at it."""
        try:
            # the worker gives up first and says why; if it can't, it is ended
            async for message in self.worker.answers(job, silence=2 * self.patience + 1):
                match message:
                    case People(people=people, late=late, size=size):
                        now = self.intake.clock.now()
                        at = now - timedelta(seconds=late)
                        still = await self._outlet.keep(message.still)
                        await self._outlet.publish([self._teller.people(at, now, "live", people, still, size)])
                    case ThingsTold(things=things, late=late, size=size):
                        now = self.intake.clock.now()
                        at = now - timedelta(seconds=late)
                        still = await self._outlet.keep(message.still)
                        await self._outlet.publish([self._teller.things(at, now, "live", things, still, size)])
                    case SpotsTold(spots=spots, late=late, size=size):
                        now = self.intake.clock.now()
                        at = now - timedelta(seconds=late)
                        still = await self._outlet.keep(message.still)
                        await self._outlet.publish([self._teller.spots(at, now, "live", spots, still, size)])
                    case PictureChange(state=state, late=late):
                        good, starved = True, ""
                        await self._tell(state, message.detail, late)
                    case ClipMade() if self.clipper is not None:
                        await self.clipper.keep(message, self._outlet)
                    case Starved():
                        starved = starved or self._state
                        await self._tell("lost", "there is no processor time for this camera")
                    case Progress():
                        if starved:
                            await self._tell(starved, "there is processor time again")
                            starved = ""
                        self._keeps_up(message)
                    case Failed(kind=kind, reason=reason):
                        return good, kind, reason
                    case Done():
                        return good, "lost", "the stream ended"
                    case _:
                        pass
        except WorkerDiedError as error:
            return good, "lost", str(error)
        finally:
            if self.clipper is not None:
                self.clipper.forget()
        raise AssertionError("answers end with Done or Failed")

    def _tell_trust(self) -> None:
        """Tell the health page how the camera's certificate was judged."""
        place = f"{self.door}/{self.camera.id}/certificate"
        if self.settings.unchecked:
            self.intake.report(place, "waiting", "its certificate is NOT checked: so the settings say")
        elif self.settings.fingerprint:
            self.intake.report(place, "ok", "its certificate is the one that the settings name")
        elif self.settings.authority:
            self.intake.report(place, "ok", "its certificate is good for the authority that the settings name")
        else:
            self.intake.report(place, "ok", "its certificate is good for the authorities of the system")

    def _keeps_up(self, progress: Progress) -> None:
        """Tell the health page, now and then, how many pictures are looked at and left out, and how late."""
        before, self.pace = self._told, progress
        looked, skipped = progress.frames - before.frames, progress.skipped - before.skipped
        late = max(before.late, progress.late)
        if looked < 0:
            self._told = progress
        elif looked + skipped < TOLD_EACH * self.settings.fps:
            self._told = Progress(before.frames, before.skipped, late)
        else:
            self._told = Progress(progress.frames, progress.skipped)
            share = 100 * skipped / (looked + skipped)
            told = (
                f"{share:.0f} % of the pictures are left out: too little time" if skipped else "all pictures are seen"
            )
            state = "waiting" if share > MOST_SKIPPED else "ok"
            told = f"{told}; at most {late:.1f} s late"
            self.intake.report(f"{self.door}/{self.camera.id}/pace", state, told)

    async def _tell(self, state: str, detail: str, late: float = 0.0) -> None:
        """Publish a change of state, and tell the health page."""
        layers = ", ".join(self.worker.layers)
        told = f"{detail or state}; confined by {layers}" if layers else detail or state
        if self.worker.problem:
            told = f"{told}; people are found by motion alone: {self.worker.problem}"
        self.intake.report(f"{self.door}/{self.camera.id}", "ok" if state == "ok" else "waiting", told)
        if state == self._state:
            return
        self._state = state
        now = self.intake.clock.now()
        at = now - timedelta(seconds=late)
        await self._outlet.publish([self._teller.state(at, now, "live", state, detail)])
