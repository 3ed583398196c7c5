"""Clips around alerts: hears of alerts on the log, asks the cameras that may have seen it, and keeps what they make.

An alert about a camera, or about the place that a camera watches, gives a clip of that camera, or a word why there is
none. Clips exist around alerts only: nothing else of a live stream is ever kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from safecare.exchange.log import Log, LogFullError
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.video import ClipKept, ClipMissing
from safecare.model.hospital import Asset
from safecare.model.ids import AlertId
from safecare.model.topics import decode
from safecare.sources.api import Intake
from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.messages import ClipMade, Cut
from safecare.sources.camera.publish import Outlet
from safecare.store.clips import seal
from safecare.store.vault import Vault

WAIT = 0.5
"""Seconds that one wait for news takes at most. Chosen, as for other followers of the log."""
LATEST = 5.0
"""Seconds between an alert's last event and now from which there is nothing left to cut. Chosen: half of what a
camera's memory holds, so that a clip shows at least as much of before."""
MOST_WAITING = 200
"""Alerts of a camera whose clip is not made yet; more are not asked for. Chosen: bounds the state."""
MEDIA, SEALED = "video/webm", "video/sealed"
Why = Literal["late", "lost", "many", "empty", "store"]
"""As of `ClipMissing`."""


@dataclass
class Clipper:
    """Clips of one camera: `days` is how long they are kept, `vault` seals clear copies where the site wants them."""

    door: str
    camera: Asset
    intake: Intake
    worker: WorkerClient
    days: float
    vault: Vault | None = None
    _waiting: dict[int, AlertId] = field(default_factory=dict, init=False)
    _missed: deque[tuple[AlertId, Why]] = field(default_factory=lambda: deque(maxlen=MOST_WAITING), init=False)
    """Alerts that will have no clip, with the reason, until that is told."""
    _next: int = field(default=0, init=False)

    @property
    def waiting(self) -> int:
        """Alerts whose clip is not made yet."""
        return len(self._waiting)

    def wants(self, alert: Alert) -> bool:
        """Tell whether this camera may have seen what `alert` is about."""
        return self.camera.id in alert.assets or (
            self.camera.watches is not None and self.camera.watches in alert.zones
        )

    def ask(self, alert: Alert) -> None:
        """Ask for a clip around `alert`, if it is not too late."""
        ago = (self.intake.clock.now() - alert.last).total_seconds()
        if ago > LATEST:
            self._missed.append((alert.id, "late"))
        elif len(self._waiting) >= MOST_WAITING:
            self._missed.append((alert.id, "many"))
        elif self.worker.ask(Cut(self._next + 1, max(0.0, ago), self.vault is not None)):
            self._next += 1
            self._waiting[self._next] = alert.id
        else:
            self._missed.append((alert.id, "lost"))

    async def keep(self, made: ClipMade, outlet: Outlet) -> None:
        """Keep a clip, durably, and tell of it."""
        alerts = tuple(self._waiting.pop(number) for number in made.numbers if number in self._waiting)
        if not alerts:
            return
        now = self.intake.clock.now()
        at = now - timedelta(seconds=made.ago)
        key, clear, artifact = "", None, None
        with self._failing():
            artifact = await outlet.keep(made.raw, MEDIA)
        with self._failing():
            if artifact is not None and made.clear and self.vault is not None:
                name, sealed = await asyncio.to_thread(seal, self.vault, made.clear)
                clear, key = await outlet.keep(sealed, SEALED), name
        if artifact is None:
            self._missed.extend((one, "store" if made.raw else "empty") for one in alerts)
            return
        event = ClipKept(
            id=Event.id_for(at, self.door, f"{self.camera.id} clip {' '.join(alerts)}"),
            at=at,
            seen=now,
            source=self.door,
            site=self.camera.site,
            asset=self.camera.id,
            zone=self.camera.watches or self.camera.zone,
            alerts=alerts,
            seconds=round(made.seconds, 1),
            artifact=artifact,
            until=at + timedelta(days=self.days),
            clear=clear,
            key=key,
        )
        await outlet.publish([event])

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """Tell of what fails, and go on: the other cameras do, and so does this one."""
        try:
            yield
        except (OSError, SQLAlchemyError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            place = f"{self.door}/{self.camera.id}/clips"
            self.intake.report(place, "failed", f"a clip, or its clear copy, could not be stored: {reason}")

    def forget(self) -> None:
        """Forget what was asked for: the worker is gone, and all that it kept."""
        self._missed.extend((one, "lost") for one in self._waiting.values())
        self._waiting.clear()

    async def tell(self) -> None:
        """Tell which alerts will have no clip; later, where there is no room for it now."""
        while self._missed:
            alert, why = self._missed[0]
            now = self.intake.clock.now()
            event = ClipMissing(
                id=Event.id_for(now, self.door, f"{self.camera.id} no clip {alert}"),
                at=now,
                seen=now,
                source=self.door,
                site=self.camera.site,
                asset=self.camera.id,
                zone=self.camera.watches or self.camera.zone,
                alerts=(alert,),
                why=why,
            )
            try:
                await self.intake.publish([event])
            except LogFullError:
                return
            self._missed.remove((alert, why))


async def follow(log: Log, clippers: Sequence[Clipper]) -> None:
    """Ask for a clip around each new alert until cancelled."""
    after = await asyncio.to_thread(log.last)
    while True:
        await asyncio.to_thread(log.wait, after, WAIT)
        last = await asyncio.to_thread(log.last)
        batches = await asyncio.to_thread(log.read, ("alert",), after)
        for batch in batches:
            after = batch.seq
            for alert in _alerts(batch.items):
                for one in clippers:
                    if one.wants(alert):
                        one.ask(alert)
        if not batches:
            after = max(after, last)
        for one in clippers:
            await one.tell()


def _alerts(items: Sequence[bytes]) -> Iterator[Alert]:
    for raw in items:
        with contextlib.suppress(msgspec.ValidationError):  # one that another version wrote
            yield decode("alert", raw)
