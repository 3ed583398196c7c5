"""A camera goes and comes back again and again: a bad cable or switch, or somebody who tries what is noticed.

Source: the waiting time of `camera.lost` hides outages of less than half a minute, of which EN 62676-1-1:2014 (signal
loss) makes no exception; flapping as monitors of networks have it (Nagios Core, "Detection and handling of state
flapping").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.detect.flapping import TIMES, WITHIN, Flaps
from safecare.detect.memory import remember
from safecare.detect.physical.camera_lost import GOOD, severity_of_camera
from safecare.detect.standing import MOST
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import CameraState
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, say


@detector("camera.flapping", wants={CameraState}, domain=Domain.PHYSICAL)
@dataclass
class CameraFlapping:
    """Alert once when a camera's picture has failed four times within ten minutes, however short each time."""

    hospital: Hospital
    _good: dict[str, bool] = field(default_factory=dict, init=False)
    _flaps: Flaps = field(default_factory=Flaps, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the cameras' states."""
        for event in batch:
            if isinstance(event, CameraState) and event.asset:
                good = event.state in GOOD
                failed = self._good.get(event.asset, True) and not good
                remember(self._good, event.asset, good, MOST)
                if failed and self._flaps.news(event.asset, event.at):
                    yield self._alert(event.asset, event)

    def _alert(self, camera: str, event: CameraState) -> Alert:
        return Alert.of(
            self,
            event,
            severity=severity_of_camera(self.hospital, camera, event),
            confidence=0.9,
            title=say("The picture of {camera} goes and comes back again and again", camera=Ref(camera)),
            why=[
                say("It has failed {count} times within {time}.", count=TIMES, time=Span(WITHIN.total_seconds())),
                say("A cable, a switch or the camera itself is failing, or somebody disturbs it."),
            ],
        )
