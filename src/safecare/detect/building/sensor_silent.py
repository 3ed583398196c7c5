"""A device that reported at regular intervals says nothing any more.

Source: supervision of field devices by their regular report, as EN 54-25:2008 (radio-linked fire detection, loss of
a link) and EN 50131-5-3:2017 (radio-linked intrusion alarm, periodic communication) ask for; the interval is
learned, unless the device agrees on one with its door (ANSI/SIA DC-09, supervision). Devices that speak only when
something happens, such as doors, have no regular interval: they may be silent all night.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.standing import Standing, part_of, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.acts import ExerciseSet
from safecare.model.events.building import FireSignal, PointChanged, PowerSignal, Reading
from safecare.model.events.doors import DoorClosed, DoorOpened
from safecare.model.events.panels import DeviceHeard, PanelSignal
from safecare.model.hospital import Asset, Hospital
from safecare.model.text import Ref, Span, say

Report = Reading | PointChanged | FireSignal | PowerSignal | DoorOpened | DoorClosed | DeviceHeard | PanelSignal

SEVERITY = {1: 20, 2: 30, 3: 45, 4: 55}
"""Severity by criticality of the asset (chosen: the order is what counts)."""
LEARNED = 20
"""Intervals that are remembered, all of which must be known before a device is judged (chosen: of 20 intervals
between random happenings, exponentially spread, 1 row in 17,000 looks regular; with 10 it is 1 in 200)."""
REGULAR = 1.25
"""A device is regular when nine of ten intervals are at most this times the usual one (chosen, see above; clocks of
sensors jitter by some percent, and one lost report in ten is borne)."""
TOGETHER = 1.0
"""Seconds within which reports belong to one message (chosen: a message gives several values)."""
LATE = 2.0
"""Times the usual interval from which a device counts as late when others of its door are silent (chosen)."""
DOOR = 5
"""Late devices from which, when they are most of a door's, the door is told instead of each of them (chosen)."""
LONGEST = timedelta(hours=2)
"""Longest exercise, as on the screens (chosen: all scripted ones are shorter)."""
AWAY = timedelta(seconds=90)
"""Time between two ticks from which we were not there ourselves (chosen: they come each second)."""


class Device(msgspec.Struct):
    """A device that reports: its last report, its last intervals (seconds), the usual one (0 = not regular)."""

    last: Report
    gaps: list[float] = []
    usual: float = 0.0
    told: bool = False
    agreed: float = 0.0
    """The interval (seconds) that the device has agreed on; it is then judged by that."""


@detector("sensor.silent", wants={*Report.__args__, ExerciseSet}, domain=Domain.PHYSICAL)
@dataclass
class SilentSensor:
    """Alert once when an asset with a regular interval is silent for `times` (number) its usual interval.

    What another system supervises, it tells us: a `PanelSignal` ``silent`` is told at once, and ended by its "normal".

    `least`: shortest silence that is told (time). Everything is judged by the time when we heard of it: only our own
    clock knows what silence is. Time in which we were not there ourselves does not count.
    """

    hospital: Hospital
    times: float = 5.0
    least: timedelta = timedelta(minutes=5)
    _devices: dict[str, Device] = field(default_factory=dict, init=False)
    _standing: Standing = field(default_factory=Standing, init=False)
    _awake: datetime | None = field(default=None, init=False)
    """Since when ticks have come without a gap."""
    _ticked: datetime | None = field(default=None, init=False)
    _exercise: datetime | None = field(default=None, init=False)
    """Since when an exercise runs."""
    _before: list[str] = field(default_factory=list, init=False)
    """Devices that had spoken before it began."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Learn the intervals of the hospital's own devices. A report ends a silence."""
        for event in batch:
            if isinstance(event, ExerciseSet):
                self._play(event)
            if isinstance(event, PanelSignal) and event.what == "silent":
                if self._standing.news(thing_of(event), event.on, event.at):
                    yield self._supervised(event)
            elif isinstance(event, Report) and self.hospital.asset(event.asset):
                self._heard(str(event.asset), event)

    def _play(self, event: ExerciseSet) -> None:
        """Keep apart what only an exercise lets speak: its devices are simulated, and silent when it is over."""
        if event.running:
            self._exercise, self._before = event.seen, list(self._devices)
        elif self._exercise is not None:
            self._over()

    def _over(self) -> None:
        """Forget the devices that spoke in the exercise only; those that spoke before are judged as ever."""
        self._devices = {asset: self._devices[asset] for asset in self._before if asset in self._devices}
        self._exercise, self._before = None, []

    def _heard(self, asset: str, event: Report) -> None:
        device = self._devices.get(asset)
        if device is None:
            device = self._devices[asset] = Device(event)
        if isinstance(event, DeviceHeard) and event.every:
            device.agreed = device.usual = event.every
        if device.last is event or event.kept:
            return  # what a broker had kept is no sign of life
        gap = (event.seen - device.last.seen).total_seconds()
        if 0 <= gap < TOGETHER:
            return
        awake = self._awake is None or device.last.seen >= self._awake
        if gap > 0 and awake:  # a silence that was told too: somebody may have set another interval
            device.gaps = [*device.gaps, gap][-LEARNED:]
            device.usual = device.agreed or _usual(device.gaps)
        device.last, device.told = event, False

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge who is silent at `now`."""
        if self._ticked is None or not timedelta(0) <= now - self._ticked < AWAY:
            self._awake = now
        self._ticked = now
        if self._exercise is not None and now - self._exercise > LONGEST:
            self._over()  # its process was killed: no end is on record
        silent = [asset for asset, device in self._devices.items() if self._is_silent(device, now)]
        for asset in silent:
            device = self._devices[asset]
            if not device.told:  # not yet told with others of its door
                yield self._alert(asset, device, now)

    def _silence(self, device: Device, now: datetime) -> timedelta:
        return now - max(device.last.seen, self._awake or now)

    def _is_silent(self, device: Device, now: datetime) -> bool:
        longest = max(timedelta(seconds=device.usual * self.times), self.least)
        return device.usual > 0 and not device.told and self._silence(device, now) > longest

    def _alert(self, asset: str, device: Device, now: datetime) -> Alert:
        others = [one for one in self._devices.values() if one.usual and one.last.source == device.last.source]
        late = [one for one in others if self._silence(one, now) > timedelta(seconds=one.usual * LATE)]
        device.told = True
        if len(late) >= DOOR and len(late) * 2 > len(others):
            return self._door(late, device.last)
        about: Asset | None = self.hospital.asset(asset)
        return Alert.of(
            self,
            device.last,
            severity=SEVERITY[about.criticality if about else 1],
            confidence=0.7,
            title=say("{asset} says nothing any more", asset=Ref(asset)),
            why=[
                say(
                    "It used to report every {usual}; it has been silent for {silence}.",
                    usual=Span(round(device.usual)),
                    silence=Span(round(self._silence(device, now).total_seconds())),
                )
            ],
        )

    def _supervised(self, event: PanelSignal) -> Alert:
        about = self.hospital.asset(event.asset)
        return Alert.of(
            self,
            event,
            severity=SEVERITY[about.criticality if about else 1],
            confidence=0.85,
            title=say("{asset} says nothing any more", asset=Ref(event.asset))
            if event.asset
            else say("A system at {place} says nothing any more", place=Ref(event.zone or event.site)),
            why=[say("The system that supervises it reports it."), *part_of(event)],
        )

    def _door(self, late: list[Device], first: Report) -> Alert:
        """Return one alert for all: the way to them is cut, not each of them. It is about no place."""
        for device in late:
            device.told = True
        return Alert.of(
            self,
            first,
            window="door",
            severity=max(SEVERITY.values()),
            confidence=0.8,
            title=say("{count} devices say nothing any more", count=len(late)),
            why=[say("All of them come by {door}, which is silent.", door=first.source)],
            assets=[],
            zones=[],
        )


def _usual(gaps: list[float]) -> float:
    """Return the usual interval, 0 when the intervals are too few or not regular."""
    if len(gaps) < LEARNED:
        return 0.0
    ordered = sorted(gaps)
    middle, long = ordered[(LEARNED - 1) // 2], ordered[LEARNED - 1 - LEARNED // 10]
    return middle if long <= middle * REGULAR else 0.0
