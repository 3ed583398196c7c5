"""Rules for which no public clip exists, on drawn clips only: these are figures of synthetic clips.

Each staged clip must be told by its rule within the window, in the manner of i-LIDS; its look-alikes and ordinary days
must be quiet. People are found by motion, since networks do not take drawn figures for people.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from safecare.model.scene import Area
from safecare.testing.bench import Row
from safecare.testing.staged_clips import Kind, judged, staged
from safecare.testing.staged_fires import TWINS, FireKind, TwinKind, staged_fire
from safecare.testing.staged_tampers import DONE, staged_tamper, told
from safecare.testing.staged_tampers import QUIET as STILL

SEEDS = range(100, 110)
"""Others than those that the method was built with."""
AGAINST = Area(id="way", kind="counterflow", polygon=((0, 0), (640, 0), (640, 360), (0, 360)), towards=(1.0, 0.0))
"""The whole picture, in which people are to go to the right."""
TAMPER = 9001
"""Seed of clips of tampered cameras; another than those that the method was built with."""
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
    said = [(kind, seed, one) for kind in QUIET for seed in SEEDS for one in judged(staged(kind, seed, per_minute=2))]
    number = len(QUIET) * len(SEEDS)
    yield Row(
        what=f"synthetic: false alarms in {number} quiet clips of a minute",
        figure=len(said),
        unit="",
        better="less",
        target=1,
        note=", ".join(f"{kind} {seed}: {rule}" for kind, seed, (rule, _) in said),
    )
    yield from _flames()
    yield from _counterflow()
    yield from _tampers()
    cpu = 1000 * (time.process_time() - began) / (pictures + number * 300)
    yield Row(what="drawing, vision by motion and rules, per picture of 640x360", figure=cpu, unit="ms", better="less")


def _flames() -> Iterable[Row]:
    """Measure flames, their look-alikes, and smoke, of which nothing may be told: no rule sees it."""
    hot = [[after for rule, after in judged(staged_fire("flames", seed)) if rule == "fire.seen"] for seed in SEEDS]
    hits = sum(any(0 <= after <= 30 for after in one) for one in hot)
    yield Row(
        what="synthetic: flames of a growing fire, told as fire.seen within 30 s",
        figure=hits / len(SEEDS),
        unit="",
        target=0.8,
        note=f"{hits} of {len(SEEDS)}",
    )
    quiet: tuple[FireKind | TwinKind, ...] = (*TWINS, "smoke")
    wrong = [
        (kind, seed)
        for kind in quiet
        for seed in SEEDS[:5]
        if any(rule == "fire.seen" for rule, _ in judged(staged_fire(kind, seed)))
    ]
    yield Row(
        what=f"synthetic: flames told in {5 * len(quiet)} clips of look-alikes and of smoke alone",
        figure=len(wrong),
        unit="",
        better="less",
        target=1,
        note=", ".join(f"{kind} {seed}" for kind, seed in wrong),
    )


def _tampers() -> Iterable[Row]:
    """Measure what is done to a camera, and what happens by itself; frozen pictures encoded anew are missed."""
    kinds = [kind for kind in DONE if not kind.startswith(("frozen", "loop300"))]
    missed = [kind for kind in kinds if DONE[kind] not in {state for state, after in told(staged_tamper(kind, TAMPER))}]
    yield Row(
        what="synthetic: cameras covered or painted in part, greased, or played a recording, told as that within 60 s",
        figure=1 - len(missed) / len(kinds),
        unit="",
        target=0.8,
        note=f"{len(kinds) - len(missed)} of {len(kinds)}; missed: {', '.join(missed)}",
    )
    wrong = [kind for kind in STILL if told(staged_tamper(kind, TAMPER))]
    yield Row(
        what=f"synthetic: {len(STILL)} clips of what happens to a camera's picture by itself, told as anything",
        figure=len(wrong),
        unit="",
        better="less",
        note=", ".join(wrong),
    )


def _counterflow() -> Iterable[Row]:
    """Measure who walks to the left on ordinary days where people are to go to the right."""
    going, hits, wrong = 0, 0, 0
    for seed in SEEDS:
        clip = staged("normal", seed, per_minute=6)
        seen_at = [clip.begin + after for rule, after in judged(clip, (AGAINST,)) if rule == "people.counterflow"]
        for actor in clip.scene.actors:
            seen = [at / 5 for at in range(300) if (place := actor.place(at / 5)) and 0 <= place[0] <= 1]
            if actor.way[-1][1] < actor.way[0][1] and len(seen) > 15:  # in the picture for three seconds
                going += 1
                match = next((at for at in seen_at if seen[0] <= at <= seen[-1] + 2), None)
                if match is not None:
                    hits += 1
                    seen_at.remove(match)
        wrong += len(seen_at)
    yield Row(
        what="synthetic: walks against the way, told as people.counterflow while they last",
        figure=hits / going,
        unit="",
        target=0.8,
        note=f"{hits} of {going}, {wrong} false in {len(SEEDS)} minutes",
    )
