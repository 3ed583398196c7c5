"""A camera looks elsewhere than it did: turned away, knocked, or taken down.

Source: EN 62676-1-1:2014 (video surveillance systems), which asks from grade 3 on for detection of a changed field of
view. The picture is usable, so that it is another matter than `camera.lost`; but what is drawn into it no longer fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.detect.physical.camera_lost import severity_of_camera
from safecare.detect.standing import Standing
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import CameraState
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

MORE = 10
"""Added to the severity of a lost camera: cameras do not turn themselves away; chosen."""


@detector("camera.moved", wants={CameraState}, domain=Domain.PHYSICAL)
@dataclass
class CameraMoved:
    """Alert once when a camera's view has changed, until it is the old one again; what still stands, once a day."""

    hospital: Hospital
    _standing: Standing = field(default_factory=Standing, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the cameras' states."""
        for event in batch:
            match event:
                case CameraState(asset=str(camera), state="moved" | "veiled" | "ok" as state):
                    if self._standing.news(camera, state == "moved", event.at):
                        yield self._alert(camera, event)
                case _:
                    pass

    def _alert(self, camera: str, event: CameraState) -> Alert:
        return Alert.of(
            self,
            event,
            severity=severity_of_camera(self.hospital, camera, event) + MORE,
            confidence=0.8,
            title=say("{camera} looks elsewhere than before", camera=Ref(camera)),
            why=[
                say(
                    "Its picture shows another view than it had learnt: it was turned, knocked or taken down, "
                    "or something large stands close before it."
                ),
                say("What is drawn into its picture no longer fits."),
            ],
        )
