"""A camera without a usable picture: gone, frozen, covered, replayed, or unreadable.

Source: EN 62676-1-1:2014 (video surveillance systems), which asks for detection of signal loss and of a camera
that is masked; the waiting time is chosen: a camera restarts in less than half a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.standing import AGAIN, CALM, LONGEST, MOST
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import CameraState
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, Text, say

SEVERITY = {"public": 25, "staff": 30, "restricted": 45, "critical": 55}
"""By the most protected place that the camera watches or guards; chosen."""
COVERED = 10
"""Added when the picture is covered or frozen: cables fail by themselves, tape does not stick itself; chosen."""
GOOD = frozenset({"ok", "moved", "veiled"})
"""States in which the camera gives pictures of what is before it."""


class Outage(msgspec.Struct):
    """A camera without a picture: since which event, when that was last said, when it ended (None: it lasts)."""

    event: CameraState
    said: datetime
    over: datetime | None = None
    told: bool = False

    def goes_on(self, event: CameraState) -> bool:
        """Tell whether `event` (no picture) is of this outage, whatever word of its end was lost."""
        if self.over is not None:
            return self.told and event.at - self.over < CALM
        return event.at - self.said < AGAIN and event.at - self.event.at < LONGEST


@detector("camera.lost", wants={CameraState}, domain=Domain.PHYSICAL)
@dataclass
class CameraLost:
    """Alert once when a camera has had no usable picture for longer than `longest` (time), by our clock.

    One that is lost again within a minute of an outage that was told is not told anew. One that is said to be lost
    after an hour without a word, or still after a day, is: the word that it was back may have been lost.
    """

    hospital: Hospital
    longest: timedelta = timedelta(seconds=30)
    _outages: dict[str, Outage] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the cameras' states."""
        for event in batch:
            yield from self.tick(event.seen)
            if isinstance(event, CameraState) and event.asset:
                self._state(event, event.asset)

    def _state(self, event: CameraState, camera: str) -> None:
        known = self._outages.get(camera)
        if event.state in GOOD:  # a moved one is `camera.moved`, a veiled one `camera.veiled`
            if known and event.at >= known.event.at:
                known.over = known.over or event.at
        elif known is None or not known.goes_on(event):
            remember(self._outages, camera, Outage(event, event.at), MOST)
        else:
            known.said, known.over = max(known.said, event.at), None

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge the cameras that have no picture at `now`."""
        for camera, one in self._outages.items():
            if not one.told and one.over is None and now - one.event.seen > self.longest:
                one.told = True
                yield self._alert(camera, one.event)

    def _alert(self, camera: str, event: CameraState) -> Alert:
        masked = event.state in {"covered", "frozen", "replayed"}
        return Alert.of(
            self,
            event,
            severity=severity_of_camera(self.hospital, camera, event) + (COVERED if masked else 0),
            confidence=0.9,
            title=say("{camera} has no usable picture", camera=Ref(camera)),
            why=[
                _reason(event.state),
                say("It has lasted for more than {longest}.", longest=Span(self.longest.total_seconds())),
            ],
        )


def severity_of_camera(hospital: Hospital, camera: str, event: CameraState) -> int:
    """Return the severity by the most protected place that `camera` watches or guards."""
    asset = hospital.asset(camera)
    places = (event.zone, asset.watches, *asset.protects) if asset else (event.zone,)
    zones = [zone for zone in map(hospital.zone, places) if zone is not None]
    return max((SEVERITY[zone.security] for zone in zones), default=SEVERITY["staff"])


def _reason(state: str) -> Text:
    match state:
        case "frozen":
            return say("The picture has not changed at all, as if a recording were shown.")
        case "replayed":
            return say("What is seen has been seen before, in the same order: a recording is being shown.")
        case "covered":
            return say("The picture shows nothing: the lens is covered, turned away or in the dark.")
        case "unreadable":
            return say("What the camera sends can't be read.")
        case _:
            return say("The camera does not answer.")
