"""A camera without a usable picture: gone, frozen, covered, replayed, or unreadable.

Source: EN 62676-1-1:2014 (video surveillance systems), which asks for detection of signal loss and of a camera
that is masked; the waiting time is chosen: a camera restarts in less than half a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import CameraState
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, Text, say

SEVERITY = {"public": 25, "staff": 30, "restricted": 45, "critical": 55}
"""By the most protected place that the camera watches or guards; chosen."""
COVERED = 10
"""Added when the picture is covered or frozen: cables fail by themselves, tape does not stick itself; chosen."""


@detector("camera.lost", wants={CameraState}, domain=Domain.PHYSICAL)
@dataclass
class CameraLost:
    """Alert once when a camera has had no usable picture for longer than `longest` (time)."""

    hospital: Hospital
    longest: timedelta = timedelta(seconds=30)
    _bad: dict[str, CameraState] = field(default_factory=dict, init=False)
    _told: set[str] = field(default_factory=set, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the cameras' states."""
        for event in batch:
            yield from self.tick(event.at)
            match event:
                case CameraState(asset=str(camera), state="ok" | "moved"):  # a moved one is `camera.moved`
                    self._bad.pop(camera, None)
                    self._told.discard(camera)
                case CameraState(asset=str(camera)):
                    self._bad.setdefault(camera, event)
                case _:
                    pass

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge the cameras that have no picture at `now`."""
        for camera, event in self._bad.items():
            if camera not in self._told and now - event.at > self.longest:
                self._told.add(camera)
                yield self._alert(camera, event)

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
            return say("The pictures have been seen before, one by one: a recording is being shown.")
        case "covered":
            return say("The picture shows nothing: the lens is covered, turned away or in the dark.")
        case "unreadable":
            return say("What the camera sends can't be read.")
        case _:
            return say("The camera does not answer.")
