"""The vision on real clips: quiet with general thresholds; prints counts, dwell and cost (run with ``-s``).

Needs SAFECARE_DATA, and ``vtest.avi`` of Debian's ``opencv-doc``. The method was built with these two clips
in sight (evening out the light, the texture check and the slow background answer failures seen on them), so the
figures are those of known clips, not a prediction for others.
"""

from __future__ import annotations

import os
from pathlib import Path
from statistics import mean

import pytest
from video_truth import Result, alerts, count_errors, pets_truth, stays, true_stays, watch

from safecare.sources.camera.messages import View

VTEST = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
TRUE_FPS = 7.0
"""PETS2009 was taken at about 7 pictures per second; the file's header says 10."""
AREAS = {"path": (300, 150, 600, 350), "left": (0, 200, 400, 450), "right half": (384, 0, 768, 576)}

pytestmark = pytest.mark.slow


@pytest.fixture
def data() -> Path:
    folder = os.environ.get("SAFECARE_DATA")
    if not folder:
        pytest.skip("skipped: no data (SAFECARE_DATA is not set)")
    return Path(folder) / "video"


def tell(name: str, result: Result) -> None:
    print(f"\n{name}: {result.frames} pictures, {result.cpu_ms:.1f} CPU-ms per picture with decoding")


@pytest.mark.parametrize("person", [(), ((0.38, 0.123), (0.94, 0.248))], ids=["uncalibrated", "calibrated"])
def test_pets_is_quiet_and_counts_are_near_the_truth(data: Path, person: tuple[tuple[float, float], ...]) -> None:
    if not VTEST.exists():
        pytest.skip("skipped: opencv-doc is not installed")
    result = watch(VTEST, "avi", View(person=person), speed=10 / TRUE_FPS)
    truth = pets_truth(data / "PETS2009-S2L1.xml")
    errors = count_errors(result, truth, TRUE_FPS)
    tell("vtest.avi", result)
    print(f"count: mean absolute error {mean(map(abs, errors)):.2f}, bias {mean(errors):+.2f}, {len(errors)} tellings")
    for area, box in AREAS.items():
        found = sorted(stays(result, *box).values(), reverse=True)[:5]
        true = sorted(true_stays(truth, TRUE_FPS, *box).values(), reverse=True)[:5]
        print(f"longest stays, {area}: told {[round(x) for x in found]}, true {[round(x) for x in true]} s")
    assert not alerts(result.events("camera.corridor"), crowd_at=12, loiter_after=120)
    assert mean(map(abs, errors)) < 1.5


def test_people_at_a_counter_are_quiet(data: Path) -> None:
    result = watch(data / "one-by-one-person-detection.mp4", "mov", View())
    tell("one-by-one", result)
    counts = [len(people) for _, people in result.told]
    print(f"tellings by count: { ({count: counts.count(count) for count in sorted(set(counts))}) }")
    assert not alerts(result.events("camera.corridor"), crowd_at=12, loiter_after=120)
