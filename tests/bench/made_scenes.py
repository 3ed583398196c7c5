"""Stays, runs and tailgating on made walks (`safecare.testing.walks`, `staged_walks`), whose feet are known.

Nothing of these is recorded, and no constant of a rule was chosen on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import hypot

from physical_truth import OUTSIDE, f1

from safecare.app.film import CAMERA, SITE, one_camera
from safecare.detect.physical.door_tailgating import Tailgating
from safecare.detect.physical.people_loitering import Loitering
from safecare.detect.physical.people_running import Running
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted
from safecare.model.hospital import Asset, Hospital, Name
from safecare.model.ids import AssetId
from safecare.model.scene import Area, Scene
from safecare.sources.camera.places import Teller
from safecare.testing.bench import Row
from safecare.testing.staged_walks import DOOR, made_runs, made_visits
from safecare.testing.walks import SIZE, Walks, floor, made_walks

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SEEDS = range(400, 412)
"""Looked at by nothing before."""
AREAS = {"left": (0, 120, 640, 720), "middle": (320, 120, 960, 720), "near": (0, 400, 1280, 720)}
LATE = 3.0
"""Seconds before and after a stay's time limit in which its alert counts, as on the recorded clip."""
IN_VIEW = 3.0
"""Seconds in the picture from which a run is counted: a second until it is measured, one that it must last, and a
third for the tracker to be sure."""
DOOR_ASSET = AssetId("door")
AFTER = 3.0
"""Seconds after somebody has slipped in within which it must be told."""


def rows() -> Iterable[Row]:
    """Measure."""
    for seconds in (10.0, 20.0):
        yield _stays(seconds)
    yield from _runs()
    yield from _tailgating()


def _stays(seconds: float) -> Row:
    """Measure who stays in drawn areas."""
    areas = tuple(
        Area(id=name, kind="loitering", seconds=seconds, polygon=((x, y), (right, y), (right, low), (x, low)))
        for name, (x, y, right, low) in AREAS.items()
    )
    hits = true = told = 0
    for seed in SEEDS:
        walks = made_walks(seed)
        alerts = _told(walks, one_camera(Scene(areas=areas, size=SIZE), "UTC"), Loitering)
        for name in AREAS:
            here = [at for at, one in alerts if one.why[0].args["area"] == name]
            told += len(here)
            for at in sorted(_dwells(walks, name, seconds)):
                true += 1
                near = [one for one in here if abs(one - at) <= LATE]
                if near:
                    here.remove(min(near, key=lambda one: abs(one - at)))
                    hits += 1
    what = f"made walks (not recorded): dwell of {seconds:.0f} s, F1"
    return Row(what=what, figure=f1(hits, true, told), unit="", note=f"{hits} of {true}, {told} told")


def _dwells(walks: Walks, area: str, seconds: float) -> Iterator[float]:
    """Yield when each true stay in `area` has lasted `seconds`."""
    left, top, right, low = AREAS[area]
    for feet in walks.feet.values():
        since = inside = None
        for at, x, y in feet:
            if not (left <= x <= right and top <= y <= low):
                continue
            if inside is None or at - inside > OUTSIDE:
                since = at
            inside = at
            if since is not None and at - since >= seconds:
                yield at
                since = None


def _runs() -> Iterator[Row]:
    """Measure who runs among those who walk."""
    scene = Scene(areas=(Area(id="all", kind="running"),), size=SIZE, ground=floor())
    seen = hits = wrong = again = 0
    walking = 0.0
    for seed in SEEDS:
        runs = made_runs(seed)
        told = set()
        for at, alert in _told(runs.walks, one_camera(scene, "UTC"), Running):
            one = _nearest(runs.walks, int(str(alert.why[0].args["track"])), at)
            wrong, again = wrong + (one not in runs.runners), again + (one in told)
            told.add(one)
        for one, feet in runs.walks.feet.items():
            if one not in runs.runners:
                walking += feet[-1][0] - feet[0][0]
            elif feet[-1][0] - feet[0][0] >= IN_VIEW:
                seen, hits = seen + 1, hits + (one in told)
    what = "made walks (not recorded): people who run at 2.8 to 5 m/s, told as people.running"
    yield Row(
        what=what, figure=hits / seen, unit="", note=f"{hits} of {seen} in view for {IN_VIEW:g} s; {again} told again"
    )
    yield Row(
        what="made walks (not recorded): running told, for 1,000 person-seconds of walks of up to 2.1 m/s",
        figure=1000 * wrong / walking,
        unit="",
        better="less",
        note=f"{wrong} in {walking:.0f} person-seconds",
    )


def _nearest(walks: Walks, track: int, at: float) -> int:
    """Return who is nearest to where `track` was seen at `at`."""
    looks = [(abs(when - at), one) for when, people in walks.seen for one in people if one.track == track]
    [_, seen] = min(looks, key=lambda one: one[0])
    feet = [
        (abs(when - at), hypot(x - seen.x, y - seen.y), who) for who, way in walks.feet.items() for when, x, y in way
    ]
    return min((far, who) for off, far, who in feet if off <= 0.2)[1]


def _tailgating() -> Iterator[Row]:
    """Measure visits to a door: who slips in must be told, nobody else."""
    scene = Scene(areas=(Area(id="door", kind="line", line=DOOR, direction="to_right", door=DOOR_ASSET),), size=SIZE)
    hospital = one_camera(scene, "UTC")
    door = Asset(id=DOOR_ASSET, site=SITE, name=Name("the door", "la porte"), kind="door")
    from msgspec.structs import replace

    hospital = replace(hospital, assets=(*hospital.assets, door))
    hits = true = wrong = quiet = 0
    for seed in SEEDS:
        made = made_visits(seed)
        grants = [(at, _grant(at)) for visit in made.visits for at in visit.grants]
        told = [at for at, _ in _told(made.walks, hospital, Tailgating, grants)]
        for visit in made.visits:
            quiet += visit.slips_in is None
            if visit.slips_in is not None:
                true += 1
                match = next((at for at in told if -1 <= at - visit.slips_in <= AFTER), None)
                if match is not None:
                    told.remove(match)
                    hits += 1
        wrong += len(told)
    what = "made walks (not recorded): who enters behind somebody on their badge, told as door.tailgating"
    yield Row(what=what, figure=hits / true, unit="", note=f"{hits} of {true} within {AFTER:g} s")
    what = "made walks (not recorded): tailgating told that was none"
    yield Row(
        what=what, figure=wrong, unit="", better="less", note=f"beside {true} that were, and {quiet} quiet visits"
    )


def _grant(at: float) -> BadgeGranted:
    when = START + timedelta(seconds=at)
    id = Event.id_for(when, "made", "grant")
    return BadgeGranted(id=id, at=when, seen=when, source="made", site=SITE, asset=DOOR_ASSET)


def _told(
    walks: Walks,
    hospital: Hospital,
    rule: Callable[[Hospital], Loitering | Running | Tailgating],
    others: Sequence[tuple[float, Event]] = (),
) -> list[tuple[float, Alert]]:
    """Return what `rule` tells of `walks` and of the `others` among them: (second of the alert's time, alert)."""
    judge, teller = rule(hospital), Teller("made", next(one for one in hospital.assets if one.id == CAMERA))
    events: list[tuple[float, Event]] = list(others)
    last = walks.seen[-1][0] + 1.0
    for at, people in [*walks.seen, (last, ())]:
        when = START + timedelta(seconds=at)
        events.append((at, teller.people(when, when, "made", people, None, SIZE)))
    events.sort(key=lambda one: one[0])
    return [((alert.last - START).total_seconds(), alert) for _, event in events for alert in judge.feed([event])]
