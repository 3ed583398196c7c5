"""What `CameraVeiled` raises and what not stands in the golden cases; here, that it weighs as a moved camera does."""

from __future__ import annotations

from safecare.detect.physical.camera_moved import CameraMoved
from safecare.detect.physical.camera_veiled import CameraVeiled
from safecare.model.events.video import CameraState
from safecare.testing.made import HOSPITAL, made


def test_it_weighs_as_much_as_a_moved_one() -> None:
    (veiled,) = CameraVeiled(HOSPITAL).feed([made(CameraState, 0, "camera.corridor", state="veiled")])
    (moved,) = CameraMoved(HOSPITAL).feed([made(CameraState, 0, "camera.corridor", state="moved")])
    assert veiled.severity == moved.severity
