"""From drawn pictures to alerts: what a staged intrusion shows is told, a normal day is not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import av
import msgspec
import pytest

from safecare.detect.physical.people_crowd import Crowd
from safecare.detect.physical.people_loitering import Loitering
from safecare.model.events.video import PeopleSeen
from safecare.model.hospital import Hospital
from safecare.scenarios.make.clips import make_clip
from safecare.sources.camera.decode import Decoder
from safecare.sources.camera.messages import View
from safecare.sources.camera.places import Teller
from safecare.sources.camera.vision.watch import Watch
from safecare.testing.hospital import small_hospital

pytestmark = pytest.mark.slow

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def hospital() -> Hospital:
    """Return the tiny hospital with limits that fit short clips: 40 s of loitering, 10 people."""
    base = small_hospital()
    limits: dict[str, dict[str, Any]] = {
        "aurore.corridor.pharmacy": {"loiter_after": 40.0},
        "aurore.vaccination.hall": {"crowd_at": 10},
    }
    zones = tuple(msgspec.structs.replace(zone, **limits.get(zone.id, {})) for zone in base.zones)
    return msgspec.structs.replace(base, zones=zones)


def sightings(scene: str, camera: str, seed: int, seconds: float) -> Iterator[PeopleSeen]:
    clip = make_clip(scene, seconds=seconds, seed=seed, fps=5)
    asset = hospital().asset(camera)
    assert asset is not None
    teller = Teller("test", asset)
    watch = Watch(View(person=clip.scene.calibration))
    with av.open(io.BytesIO(clip.raw), "r") as container:
        for picture, at in Decoder(container, 5.0).pictures():
            look = watch.look(picture, at)
            if look.people is not None:
                when = START + timedelta(seconds=at)
                yield teller.people(when, when, "clip", look.people, None)


@pytest.mark.parametrize("seed", [1, 2])
def test_loiterer_is_told_once(seed: int) -> None:
    alerts = list(Loitering(hospital()).feed(sightings("loitering", "camera.corridor", seed, 60)))
    assert [alert.rule for alert in alerts] == ["people.loitering"]


@pytest.mark.parametrize("seed", [1, 2])
def test_crowd_is_told_once(seed: int) -> None:
    alerts = list(Crowd(hospital()).feed(sightings("crowd", "camera.hall", seed, 60)))
    assert [alert.rule for alert in alerts] == ["people.crowd"]


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize(("scene", "camera"), [("normal_day", "camera.corridor"), ("hall_day", "camera.hall")])
def test_normal_day_is_quiet(scene: str, camera: str, seed: int) -> None:
    events = list(sightings(scene, camera, seed, 60))
    assert events
    assert not [*Loitering(hospital()).feed(events), *Crowd(hospital()).feed(events)]
