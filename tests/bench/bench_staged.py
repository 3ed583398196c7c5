"""Rules for which no public clip exists, on drawn clips only: these are figures of synthetic clips.

Each staged clip must be told by its rule within the window, in the manner of i-LIDS; its look-alikes and ordinary days
must be quiet. People are found by motion, since networks do not take drawn figures for people.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from safecare.testing.bench import Row
from safecare.testing.staged_clips import Kind, judged, staged

SEEDS = range(100, 110)
"""Others than those that the method was built with."""
STAGED: tuple[tuple[Kind, str, float], ...] = (
    ("abandoned", "object.abandoned", 45.0),
    ("removed", "object.removed", 15.0),
    ("turned", "camera.moved", 10.0),
    ("knocked", "camera.moved", 10.0),
    ("fall", "people.down", 15.0),
)
QUIET: tuple[Kind, ...] = ("attended", "stumble", "lights", "normal")


def rows() -> Iterable[Row]:
    """Measure."""
    pictures, began = 0, time.process_time()
    for kind, rule, within in STAGED:
        hits = 0
        for seed in SEEDS:
            clip = staged(kind, seed, per_minute=2)
            hits += any(one == rule and 0 <= after <= within for one, after in judged(clip))
            pictures += round(clip.scene.seconds * clip.fps)
        yield Row(
            what=f"synthetic: {kind}, told as {rule} within {within:.0f} s",
            figure=hits / len(SEEDS),
            unit="",
            target=0.8,
            note=f"{hits} of {len(SEEDS)}",
        )
    told = [(kind, seed, one) for kind in QUIET for seed in SEEDS for one in judged(staged(kind, seed, per_minute=2))]
    number = len(QUIET) * len(SEEDS)
    yield Row(
        what=f"synthetic: false alarms in {number} quiet clips of a minute",
        figure=len(told),
        unit="",
        better="less",
        target=1,
        note=", ".join(f"{kind} {seed}: {rule}" for kind, seed, (rule, _) in told),
    )
    cpu = 1000 * (time.process_time() - began) / (pictures + number * 300)
    yield Row(what="drawing, vision by motion and rules, per picture of 640x360", figure=cpu, unit="ms", better="less")
