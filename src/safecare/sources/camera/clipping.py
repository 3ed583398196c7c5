"""Clips around alerts: hears of alerts on the log, asks the cameras that may have seen it, and keeps what they make.

An alert about a camera, or about the place that a camera watches, gives a clip of that camera. Clips exist around
alerts only: nothing else of a live stream is ever kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from safecare.exchange.log import Log
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.video import ClipKept
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
        if ago > LATEST or len(self._waiting) >= MOST_WAITING:
            return
        self._next += 1
        if self.worker.ask(Cut(self._next, max(0.0, ago), self.vault is not None)):
            self._waiting[self._next] = alert.id

    async def keep(self, made: ClipMade, outlet: Outlet) -> None:
        """Keep a clip, durably, and tell of it."""
        alerts = tuple(self._waiting.pop(number) for number in made.numbers if number in self._waiting)
        if not alerts or not made.raw:
            return
        now = self.intake.clock.now()
        at = now - timedelta(seconds=made.ago)
        key, clear = "", None
        if made.clear and self.vault is not None:
            key, sealed = await asyncio.to_thread(seal, self.vault, made.clear)
            clear = await outlet.keep(sealed, SEALED)
        artifact = await outlet.keep(made.raw, MEDIA)
        if artifact is None:
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

    def forget(self) -> None:
        """Forget what was asked for: the worker is gone, and all that it kept."""
        self._waiting.clear()


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


def _alerts(items: Sequence[bytes]) -> Iterator[Alert]:
    for raw in items:
        with contextlib.suppress(msgspec.ValidationError):  # one that another version wrote
            yield decode("alert", raw)
