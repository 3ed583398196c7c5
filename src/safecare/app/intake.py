"""The platform's intake: what every door is given. Durable before it returns."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from safecare.app.floods import TELL
from safecare.app.health import Doors
from safecare.app.times import believed
from safecare.exchange.log import Entry, Log
from safecare.exchange.together import Together
from safecare.model.clock import Clock
from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.hospital import Hospital
from safecare.model.ids import ArtifactHash, derived_id
from safecare.model.topics import Reject, encode
from safecare.store.artifacts import Artifacts


@dataclass(frozen=True)
class DoorIntake:
    """The intake of one door (`safecare.sources.api.Intake`).

    `door` is the site's own id of it, whatever the source calls itself; empty: as the caller says.
    """

    door: str
    log: Log
    artifacts: Artifacts
    doors: Doors
    clock: Clock
    hospital: Hospital
    secret: bytes
    batch: int = 1000
    """Most events in one entry of the log."""

    @cached_property
    def _together(self) -> Together:
        """What is published or rejected while the disk is busy shares the next transaction."""
        return Together(self.log, self.batch)

    async def publish(self, events: Sequence[Event], *, key: str | None = None) -> None:
        """Store `events`, once for each `key`; durable when it returns. Raises `LogFullError`."""
        if not events:
            return
        now = self.clock.now()
        raw = [encode_event(believed(event, now)) for event in events]
        entries = [
            Entry("event", tuple(raw[at : at + self.batch]), key and f"{key}\x1f{at}")
            for at in range(0, len(raw), self.batch)
        ]
        await self._together.append(entries)
        self.doors.took(self.door or "console", len(events))

    async def keep(self, raw: bytes, media: str) -> ArtifactHash:
        """Store bytes as an artifact; durable when it returns. Raises `LogFullError`."""
        return await asyncio.to_thread(self.artifacts.keep, raw, media)

    async def reject(
        self, door: str, raw: bytes, reason: str, place: str = "", context: Mapping[str, str] | None = None
    ) -> None:
        """Store what could not be read, with the reason; durable when it returns. Raises `LogFullError`.

        In a flood it is counted instead, and the count is stored (`safecare.app.floods`).
        """
        door = self.door or door
        if not self.doors.may_keep(door, len(raw)):
            self.doors.refused(door)
            await self.tell_not_kept()
            return
        try:
            artifact = await self.keep(raw, "application/octet-stream")
            at = self.clock.now()
            reject = Reject(
                id=derived_id(at, "reject", door, artifact),
                at=at,
                door=door,
                artifact=artifact,
                size=len(raw),
                reason=reason,
                place=place,
                context=dict(context or {}),
            )
            await self._together.append([Entry("reject", (encode(reject),))])
        except OSError:
            self.doors.keeps_not(door, len(raw))
            raise
        self.doors.refused(door)

    async def tell_not_kept(self, *, last: bool = False) -> None:
        """Put among the rejects how many were not kept, by door, where due or the `last` time. Raises `LogFullError`.

        Cancelled meanwhile, it may tell the same twice.
        """
        missing = self.doors.untold(last=last)
        if not missing:
            return
        try:
            nothing, at = await self.keep(b"", "application/octet-stream"), self.clock.now()
            rejects = [
                Reject(
                    id=derived_id(at, "reject", door, "not-kept", one.first.isoformat()),
                    at=at,
                    door=door,
                    artifact=nothing,
                    size=0,
                    reason=one.state_of(),
                    context={"not_kept": str(one.pieces)},
                )
                for door, one in missing.items()
            ]
            await self._together.append([Entry("reject", tuple(map(encode, rejects)))])
        except BaseException:
            self.doors.tell_again(missing)
            raise

    async def tell_floods(self) -> None:
        """Tell until cancelled what the last minute of a flood did not keep, also when the flood is over."""
        try:
            while True:
                await asyncio.sleep(TELL)
                with contextlib.suppress(OSError):  # no room, which the health page tells: once more a minute later
                    await self.tell_not_kept()
        finally:
            with contextlib.suppress(OSError):
                await self.tell_not_kept(last=True)

    def pseudonym(self, kind: str, value: str) -> str:
        """Return the keyed pseudonym of `value` (HMAC-SHA-256, 96 bits): same value, same pseudonym, no way back."""
        return hmac.new(self.secret, f"{kind}\x1f{value}".encode(), hashlib.sha256).hexdigest()[:24]

    def report(self, door: str, state: str, detail: str = "") -> None:
        """Tell the health page how `door` is."""
        part = bool(self.door) and door.startswith(f"{self.door}/")  # one camera, one broker of a door
        self.doors.report(door if part else self.door or door, state, detail)
