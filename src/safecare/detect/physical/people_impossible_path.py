"""Somebody is in a zone without having passed any of the ways into it.

Source: the topology of cameras as in "inter-camera association" (Javed et al., "Tracking across multiple cameras with
disjoint views", ICCV 2003), without recognising anybody: if each way into a zone is watched by a camera or told by its
door, then nobody appears inside whom none of them saw. What remains is a way that nobody knows of, a door that does not
tell, somebody who hid, or a camera that shows a false picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from safecare.detect.api import detector
from safecare.detect.physical.scenes import SEVERITY
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted, DoorOpened
from safecare.model.events.video import CameraState, PeopleSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, say

WITHIN = timedelta(seconds=120)
"""Time for which somebody seen on a way in explains who appears; chosen: a walk of 100 m with a stop."""
SURE = 3.0
"""Seconds for which somebody must be followed before it counts; chosen: noise does not last."""
STARTED = timedelta(minutes=5)
"""Time that all cameras around must have been telling; chosen: who was inside before has been seen."""
INSIDE = timedelta(minutes=10)
"""Time for which somebody seen inside explains who appears there again; chosen: behind a bed, or a door within."""
CONFIDENCE = 0.5
"""Chosen: the plan may lack a way."""


@detector("people.impossible-path", wants={BadgeGranted, CameraState, DoorOpened, PeopleSeen}, domain=Domain.PHYSICAL)
@dataclass
class ImpossiblePath:
    """Alert when somebody is followed in a zone all of whose ways in were watched, and nobody was seen on any.

    A zone is judged while its own camera has a good picture, and each way into it is known to be watched: by a camera
    with a good picture in the zone beyond, or by doors that have told of themselves before.
    """

    hospital: Hospital
    _seen: dict[str, datetime] = field(default_factory=dict, init=False)
    """By zone: when somebody was last seen there."""
    _good: dict[str, datetime] = field(default_factory=dict, init=False)
    """By camera: since when its picture has been good."""
    _opened: dict[str, datetime] = field(default_factory=dict, init=False)
    """By zone: when a door of it was last passed."""
    _tells: set[str] = field(default_factory=set, init=False)
    """Doors that have told of themselves."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow where people are seen."""
        for event in batch:
            match event:
                case CameraState(asset=str(camera), state="ok"):
                    self._good.setdefault(camera, event.at)
                case CameraState(asset=str(camera)):
                    self._good.pop(camera, None)
                case DoorOpened(asset=str(door)) | BadgeGranted(asset=str(door)):
                    asset = self.hospital.asset(door)
                    self._tells.add(door)
                    self._opened.update(dict.fromkeys(asset.between or () if asset else (), event.at))
                case PeopleSeen(asset=str(camera), zone=str(zone)) if any(not one.unseen for one in event.people):
                    if self._strange(event, zone):
                        yield self._alert(event, camera, zone)
                    if any(one.since >= SURE for one in event.people) or zone in self._seen:
                        self._seen[zone] = event.at
                case _:
                    pass

    def _strange(self, event: PeopleSeen, zone: str) -> bool:
        """Tell whether somebody is in `zone` for sure, and nobody was seen inside or on any way in."""
        if not any(one.since >= SURE and not one.unseen for one in event.people):
            return False
        around = self.hospital.adjacent(zone)
        if not around or not self._watched(zone, event.at):
            return False
        if not all(self._watched(near, event.at) or self._doors_tell(zone, near) for near in around):
            return False
        if zone in self._seen and event.at - self._seen[zone] <= INSIDE:
            return False
        told = [self._opened.get(zone), *(self._seen.get(near) for near in around)]
        return not any(at is not None and event.at - at <= WITHIN for at in told)

    def _watched(self, zone: str, at: datetime) -> bool:
        """Tell whether a camera has had a good picture of `zone` for long enough."""
        return any(
            camera in self._good and at - self._good[camera] >= STARTED for camera in self._cameras.get(zone, ())
        )

    def _doors_tell(self, zone: str, near: str) -> bool:
        """Tell whether all that joins the two zones has told of itself."""
        doors = self._doors.get(frozenset((zone, near)), [])
        return bool(doors) and all(door in self._tells for door in doors)

    @cached_property
    def _cameras(self) -> dict[str, list[str]]:
        """Cameras by the zone that they watch."""
        found: dict[str, list[str]] = {}
        for asset in self.hospital.assets:
            if asset.kind == "camera" and asset.watches:
                found.setdefault(asset.watches, []).append(asset.id)
        return found

    @cached_property
    def _doors(self) -> dict[frozenset[str], list[str]]:
        """Doors by the two zones that they join."""
        found: dict[frozenset[str], list[str]] = {}
        for asset in self.hospital.assets:
            if asset.between:
                found.setdefault(frozenset(asset.between), []).append(asset.id)
        return found

    def _alert(self, event: PeopleSeen, camera: str, zone: str) -> Alert:
        found = self.hospital.zone(zone)
        return Alert.of(
            self,
            event,
            severity=SEVERITY[found.security if found else "staff"],
            confidence=CONFIDENCE,
            title=say("Somebody is in {zone} whom no camera saw come", zone=Ref(zone)),
            why=[
                say("{camera} follows somebody there.", camera=Ref(camera)),
                say(
                    "All ways in are watched, and for {time} nobody was seen on any of them.",
                    time=Span(WITHIN.total_seconds()),
                ),
            ],
            still=event.still,
        )
