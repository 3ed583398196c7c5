"""What doors share that call cameras, recorders and controllers over HTTP: settings, words to events, silence.

Each device is kept in touch by itself: one that is gone, or sends noise, is told and tried again with growing pauses,
and never holds up the others.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.exchange.log import LogFullError
from safecare.formats.camera_words import Word
from safecare.formats.field import FieldError, signals_of
from safecare.model.event import Event
from safecare.model.events.video import CameraState
from safecare.model.hospital import Asset
from safecare.sources.api import Intake, UnreadableError
from safecare.sources.retry import FIRST, keep_calling
from safecare.sources.signals import Telling, events_about

AGAIN = timedelta(seconds=60)
"""Time after which a state that a device repeats is told again, and a sign of life (chosen: cameras repeat each second,
and rules want to know within minutes that somebody is still there)."""
NO_ROOM = 2.0
"""Seconds until what found no room is tried again (chosen); meanwhile the device is not read."""
MOST = 500
"""Most states of one device that are remembered (chosen: a recorder has 64 channels with some ten states)."""
SURE = timedelta(seconds=3)
"""How far a clock may be from ours without being put right: it is told in whole seconds, and the way takes time
(chosen)."""
FARTHEST = timedelta(days=200 * 365)
"""How far a device's clock may be from ours; what says more says nothing (chosen: NTP's era is 136 years)."""
LOOKS = 5
"""Times told by which a clock is known (chosen: heartbeats come every 0.3 to 30 s; a clock that was put back is noticed
within two minutes)."""
WRONG = timedelta(seconds=60)
"""How far it may be until somebody should set it (chosen: rules compare what is seconds apart)."""
KEPT = 4096
"""Bytes of noise that the reject store gets (chosen)."""


class DeviceError(Exception):
    """A device that can't be used now: it does not answer, refuses, or says what is no answer."""


class Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a device is, and who we are there."""

    url: str
    user: str = ""
    password: str = ""
    authority: str = ""
    """PEM file of its certificate's authority."""


def trusted(device: Device) -> ssl.SSLContext | bool:
    """Return by what a device's certificate is judged.

    Raises `OSError` for an authority that can't be read, `ValueError` for one that an address without TLS never shows.
    """
    if device.authority and not device.url.lower().startswith("https:"):
        raise ValueError("an authority is named, and the address has no TLS: https")
    return (
        ssl.create_default_context(cafile=device.authority or None) if device.url.lower().startswith("https:") else True
    )


@dataclass
class States:
    """What a device said last of each of its states, so that repetitions are told once a minute."""

    known: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)

    def news(self, word: Word, now: datetime) -> bool:
        """Tell whether `word` is to be published."""
        key, said = (word.channel, word.code), str(word.said)
        before = self.known.get(key)
        if not word.now and before and before[0] == said and now - before[1] < AGAIN:
            return False
        if key in self.known or len(self.known) < MOST:
            self.known[key] = (said, now)
        return True


@dataclass
class Ahead:
    """How far a clock is ahead of ours, by the times that it tells as it goes: the least delayed of the last few.

    A time that waited on its way makes a clock look behind; nothing makes it look ahead.
    """

    _last: deque[timedelta] = field(default_factory=lambda: deque(maxlen=LOOKS))

    def told(self, at: datetime, now: datetime) -> timedelta:
        """Take that the clock told `at` when ours was `now`; return by how much it is ahead. Nonsense says nothing."""
        if abs(at - now) < FARTHEST:
            self._last.append(at - now)
        return max(self._last, default=timedelta(0))


@dataclass
class Callers:
    """The devices of one door. `system` is the address by which the hospital's files know their parts."""

    door: str
    system: str
    devices: Mapping[str, Device]
    first_wait: float = FIRST
    _lost: dict[str, bool] = field(default_factory=dict)
    _ahead: dict[str, timedelta] = field(default_factory=dict)

    async def run(self, call: Callable[[str, Device], Awaitable[None]], intake: Intake) -> None:
        """Keep in touch with all devices until cancelled. `call` ends, or raises `DeviceError`, when a line breaks."""

        async def tended(name: str, device: Device) -> None:
            try:
                await call(name, device)
            except DeviceError:
                await self._state(name, "lost", intake)
                raise
            await self._state(name, "lost", intake)

        self._report(intake)
        async with asyncio.TaskGroup() as group:
            for name, device in self.devices.items():
                group.create_task(
                    keep_calling(
                        lambda name=name, device=device: tended(name, device),  # type: ignore[misc]
                        (DeviceError,),
                        intake,
                        f"{self.door}/{name}",
                        first=self.first_wait,
                    )
                )

    async def there(self, name: str, intake: Intake) -> None:
        """Tell that the line to `name` stands."""
        intake.report(f"{self.door}/{name}", "ok", self.devices[name].url.rpartition("@")[2])
        await self._state(name, "ok", intake)

    def clocked(self, name: str, ahead: timedelta, intake: Intake) -> None:
        """Take that the clock of `name` is `ahead` of ours: the times that it tells are put right by it."""
        known = self._ahead.get(name, timedelta(0))
        if abs(ahead - known) > SURE:  # else the same again is the same event
            self._ahead[name] = known = ahead if abs(ahead) > SURE else timedelta(0)
        if name not in self._ahead:
            return
        away = f"{abs(known.total_seconds()):.0f} s"
        state = "waiting" if abs(known) > WRONG else "ok"
        if not known:
            intake.report(f"{self.door}/{name}/clock", state, "its clock is right again")
        elif known > timedelta(0):
            intake.report(f"{self.door}/{name}/clock", state, f"{away} ahead of ours: what it tells is put right")
        else:
            intake.report(f"{self.door}/{name}/clock", state, f"{away} behind ours: what it tells is put right")

    async def take(self, words: Iterable[Word], states: States, name: str, ref: str, intake: Intake) -> None:
        """Publish what is news among `words`; waits while there is no room."""
        now = intake.clock.now()
        events: list[Event] = []
        for number, word in enumerate(words):
            if states.news(word, now):
                try:
                    events += self.events(word, name, f"{ref}\x1f{number}", now, intake)
                except UnreadableError as error:
                    raw = msgspec.json.encode(word)
                    await self._keep(raw, error, {"device": name, "ref": ref}, intake)
        await self._until_room(lambda: intake.publish(events), intake)

    def events(self, word: Word, name: str, ref: str, now: datetime, intake: Intake) -> list[Event]:
        """Return the events of `word`. Raises `UnreadableError`."""
        at = self._put_right(word.at, name)
        telling = Telling(self.door, f"{name}\x1f{word.channel}\x1f{word.code}\x1f{ref}", at, now, word.kept)
        asset = self.asset(name, word.channel, intake)
        whole = asset is not None and asset == self.asset(name, "", intake)
        if asset is None:
            called = f"{self.system} {name}/{word.channel}".rstrip("/")
            raise UnreadableError(f"no asset of the hospital has the address {called[:160]}", word.code)
        if state := word.said.get("camera"):
            return [_camera(asset, str(state), telling)]
        try:
            signals = signals_of({"code": word.code, **word.said} if "alarm" in word.said else word.said)
        except FieldError as error:
            raise UnreadableError(error.reason, error.place) from error
        part = word.channel if whole else ""
        return list(events_about(asset, signals, telling, intake, called=asset.id, part=part))

    def _put_right(self, at: datetime | None, name: str) -> datetime | None:
        """Return the time `at` of the device's clock by ours; None where it tells none, or one out of this world."""
        try:
            return at - self._ahead.get(name, timedelta(0)) if at else None
        except OverflowError:
            return None

    def asset(self, name: str, channel: str, intake: Intake) -> Asset | None:
        """Return the asset of a device's part, else of the device."""
        hospital = intake.hospital
        part = hospital.at_address(self.system, f"{name}/{channel}") if channel else None
        return part or hospital.at_address(self.system, name)

    async def noise(self, name: str, raw: bytes, reason: str, intake: Intake) -> None:
        """Keep what a device sent and nobody can read."""
        await self._keep(raw[:KEPT], UnreadableError(reason, name), {"device": name}, intake)

    async def _keep(self, raw: bytes, error: UnreadableError, context: dict[str, str], intake: Intake) -> None:
        await self._until_room(lambda: intake.reject(self.door, raw, error.reason, error.place, context), intake)

    async def _until_room(self, act: Callable[[], Awaitable[None]], intake: Intake) -> None:
        while True:
            try:
                await act()
            except LogFullError:
                intake.report(self.door, "failed", "no room: devices are not read")
                await asyncio.sleep(NO_ROOM)
            else:
                return

    async def _state(self, name: str, state: str, intake: Intake) -> None:
        """Publish that a device that is a camera is lost, or there again; once each."""
        lost = state == "lost"
        if self._lost.get(name, False) is lost:
            return
        self._lost[name] = lost
        self._report(intake)
        asset = self.asset(name, "", intake)
        if asset is None or asset.kind != "camera":
            return
        now = intake.clock.now()
        try:
            await intake.publish([_camera(asset, state, Telling(self.door, f"{name}\x1f{state}", None, now))])
        except LogFullError:
            self._lost[name] = not lost  # told with the next try

    def _report(self, intake: Intake) -> None:
        gone = sum(self._lost.values())
        intake.report(
            self.door, "failed" if gone else "ok", f"{len(self.devices) - gone} of {len(self.devices)} reached"
        )


def _camera(asset: Asset, state: str, telling: Telling) -> CameraState:
    return CameraState(
        **telling.common(0), site=asset.site, asset=asset.id, zone=asset.watches or asset.zone, state=state
    )
