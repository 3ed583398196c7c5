"""Runs the vision on a file and compares it with boxes of a truth; used by the benches, and by hand."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from safecare.detect.physical.people_crowd import Crowd
from safecare.detect.physical.people_loitering import Loitering
from safecare.model.alert import Alert
from safecare.model.events.video import PeopleSeen, Seen
from safecare.sources.camera.decode import Decoder, open_clip
from safecare.sources.camera.messages import View
from safecare.sources.camera.places import Teller
from safecare.sources.camera.vision.watch import Watch
from safecare.testing.hospital import small_hospital

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
Boxes = dict[int, list[tuple[int, float, float, float, float]]]
"""By frame number: (id, left, top, width, height) in pixels."""


@dataclass
class Result:
    """What the vision told of a file."""

    told: list[tuple[float, tuple[Seen, ...]]] = field(default_factory=list)
    frames: int = 0
    cpu_ms: float = 0.0

    def events(self, camera: str) -> list[PeopleSeen]:
        """Return the tellings as events of `camera`."""
        asset = small_hospital().asset(camera)
        assert asset is not None
        teller = Teller("bench", asset)
        return [
            teller.people(START + timedelta(seconds=at), START + timedelta(seconds=at), "bench", people, None)
            for at, people in self.told
        ]


def watch(path: Path, format: str, view: View, speed: float = 1.0) -> Result:
    """Run the pipeline on `path`. `speed` is true seconds per second of the file's own time."""
    result = Result()
    pipeline = Watch(view)
    began = time.process_time()
    with path.open("rb") as file, open_clip(file.fileno(), format) as container:
        for picture, at in Decoder(container, view.fps * speed).pictures():
            result.frames += 1
            look = pipeline.look(picture, at * speed)
            if look.people is not None:
                result.told.append((at * speed, look.people))
    result.cpu_ms = (time.process_time() - began) * 1000 / max(1, result.frames)
    return result


def pets_truth(path: Path) -> Boxes:
    """Read PETS2009 boxes (centre and size) from OpenTraj's XML."""
    truth: Boxes = {}
    for frame in ET.parse(path).getroot().iter("frame"):
        found = []
        for one in frame.iter("object"):
            box = one.find("box")
            assert box is not None
            x, y, w, h = (float(box.attrib[name]) for name in ("xc", "yc", "w", "h"))
            found.append((int(one.attrib["id"]), x - w / 2, y - h / 2, w, h))
        truth[int(frame.attrib["number"])] = found
    return truth


def count_errors(result: Result, truth: Boxes, fps: float) -> list[int]:
    """Return told minus true count for each telling."""
    last = max(truth)
    return [len(people) - len(truth.get(min(last, round(at * fps)), [])) for at, people in result.told]


def stays(result: Result, left: float, top: float, right: float, bottom: float) -> dict[int, float]:
    """Return by told track the seconds spent in a rectangle of pixels."""
    found: dict[int, float] = {}
    for (at, people), (after, _) in zip(result.told, result.told[1:], strict=False):
        for one in people:
            if left <= one.x <= right and top <= one.y <= bottom:
                found[one.track] = found.get(one.track, 0.0) + min(after - at, 2.0)
    return found


def true_stays(truth: Boxes, fps: float, left: float, top: float, right: float, bottom: float) -> dict[int, float]:
    """Return by true identity the seconds spent in a rectangle of pixels."""
    found: dict[int, float] = {}
    for boxes in truth.values():
        for one, x, y, w, h in boxes:
            if left <= x + w / 2 <= right and top <= y + h <= bottom:
                found[one] = found.get(one, 0.0) + 1 / fps
    return found


def alerts(events: list[PeopleSeen], crowd_at: int, loiter_after: float) -> list[Alert]:
    """Return what the two rules raise, with these limits for the corridor."""
    import msgspec

    hospital = small_hospital()
    zones = tuple(
        msgspec.structs.replace(zone, crowd_at=crowd_at, loiter_after=loiter_after)
        if zone.id == "aurore.corridor.pharmacy"
        else zone
        for zone in hospital.zones
    )
    hospital = msgspec.structs.replace(hospital, zones=zones)
    return [*Crowd(hospital).feed(events), *Loitering(hospital).feed(events)]
