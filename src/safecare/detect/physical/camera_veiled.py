"""A camera sees less than it did: a part of its lens is covered or painted, or all of it is greased.

Source: EN 62676-1-1:2014 (video surveillance systems), which asks for detection of a camera that is masked. The rest of
the picture is usable, so that it is another matter than `camera.lost`; but whoever covers half of a lens knows which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.detect.physical.camera_lost import severity_of_camera
from safecare.detect.physical.camera_moved import MORE
from safecare.detect.standing import Standing
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import CameraState
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say


@detector("camera.veiled", wants={CameraState}, domain=Domain.PHYSICAL)
@dataclass
class CameraVeiled:
    """Alert once when a part of a camera's view is hidden, until it is free; what still stands, once a day."""

    hospital: Hospital
    _standing: Standing = field(default_factory=Standing, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the cameras' states."""
        for event in batch:
            match event:
                case CameraState(asset=str(camera), state="veiled" | "ok" as state):
                    if self._standing.news(camera, state == "veiled", event.at):
                        yield self._alert(camera, event)
                case _:
                    pass

    def _alert(self, camera: str, event: CameraState) -> Alert:
        return Alert.of(
            self,
            event,
            severity=severity_of_camera(self.hospital, camera, event) + MORE,
            confidence=0.7,
            title=say("{camera} sees only a part of its view, or sees it blurred", camera=Ref(camera)),
            why=[
                say("What it showed there is gone, without the edges of a thing that stands before it."),
                say("The lens may be covered in part, painted or greased; smoke or steam that stays looks alike."),
            ],
        )
