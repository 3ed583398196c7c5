"""What `CameraMoved` raises and what not stands in the golden cases; here, that it starts empty."""

from __future__ import annotations

from safecare.detect.physical.camera_moved import CameraMoved
from safecare.testing.hospital_scenes import drawn_hospital


def test_starts_without_memory() -> None:
    assert list(CameraMoved(drawn_hospital()).feed([])) == []
