"""Physical detection on PETS2009 S2.L1 (Debian's ``vtest.avi`` with the shared truth), through the whole road.

The clip was in sight while the method was built; the constants were chosen from how people walk, not searched for on
it. Peers are figures of public trackers with the same boxes of YOLOX-Nano on the same clip, measured in the project's
survey with TrackEval (2026-11-23): the best of seven in each score. Needs SAFECARE_DATA.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

import line_fours
import line_peers
import made_scenes
from line_fours import NATURAL
from line_limit import Found, limit
from made_walks import measured
from mot_score import average_precision, score
from msgspec.structs import replace
from physical_truth import AREAS, FPS, LINES, SIZE, THIRDS, dwells, f1, many_lines, matched, scored, zones_yaml
from small_people import average_precision_at
from video_truth import Boxes, pets_truth

from safecare.app.film import Film, Wish, card_for
from safecare.detect.physical.people_down import LYING, UPRIGHT
from safecare.formats.scene import read_calibration, read_scene
from safecare.model.alert import Alert
from safecare.model.scene import Area
from safecare.sources.camera.models import installed_folder, read_card
from safecare.sources.camera.vision.networks import network
from safecare.sources.camera.vision.parts import Box
from safecare.sources.camera.vision.pose import load as load_pose
from safecare.testing.bench import Row, Skipped, rate

VTEST = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
SURVEY = "best of 7 trackers"
MANY = LINES | many_lines(40, seed=7)
"""The four lines of the benchmark, and random ones that nothing was looked at on."""
ALIKE = 0.86
"""How alike the difference of a true and a found foot point is from one picture to the next (correlation), measured."""
SETS = (
    ("thirds of the picture", THIRDS, False),
    ("4 lines", LINES, False),
    ("44 lines", MANY, False),
    ("44 lines, clear events", MANY, True),
)
"""Which lines, and whether only clear events count."""
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def rows() -> Iterable[Row | Skipped]:
    """Measure with the site's model and with the default one."""
    data = os.environ.get("SAFECARE_DATA")
    if not data or not VTEST.exists():
        yield Skipped("people in video", "no data (SAFECARE_DATA is not set, or opencv-doc not installed)")
        return
    truth = pets_truth(Path(data) / "video" / "PETS2009-S2L1.xml")
    calibration = (Path(data) / "video" / "View_001.xml").read_bytes()
    own = Path(data) / "models" / "yolox_nano" / "yolox_nano.onnx"
    yield from _model("YOLOX-Nano", card_for(own), truth, calibration, ap=0.89)
    default = installed_folder() / "centernet-person.yaml"
    if default.exists():
        yield from _model("default model", default, truth, calibration, ap=0.86)
    else:
        yield Skipped("default model", "not converted (script/default-model)")
    yield from _model("no model, blobs", None, truth, calibration, ap=None)
    yield from _bounds(truth)
    yield from _made()
    yield from made_scenes.rows()
    yield from _postures(truth)


def _model(name: str, card: Path | None, truth: Boxes, calibration: bytes, ap: float | None) -> Iterator[Row | Skipped]:
    film, alerts = _run(card, calibration)
    found: dict[int, list[tuple[float, float, float, float, float]]] = {}
    for line in film.detections().splitlines():
        frame, _, *numbers = line.split(",")
        found.setdefault(int(frame) - 1, []).append(tuple(map(float, numbers[:5])))  # type: ignore[arg-type]
    yield Row(what=f"{name}: AP50 of all boxes", figure=average_precision(truth, found), unit="", target=ap)
    if card is not None:
        most = 12.0 if ap == 0.89 else 10.0
        yield Row(what=f"{name}: CPU of one look", figure=_network(card), unit="ms", better="less", target=most)
        yield Row(
            what=f"{name}: AP50 of 32-pixel people in 720p",
            figure=average_precision_at(32.0, card, VTEST, truth, FPS),
            unit="",
            target=0.85,
            note="the clip's people made small, in its empty scene made large",
        )
    yield Row(
        what=f"{name}: CPU per picture, decoding to tracks",
        figure=film.summary()["cpu_ms_per_frame"],
        unit="ms",
        better="less",
        note="looks at crops around small or unexplained motion included",
    )
    targets = (58.0, 80.0, 82.0) if ap == 0.89 else (None, None, None)
    peers = (53.1, 69.6, 81.4) if ap == 0.89 else (None, None, None)
    scores = score(truth, _tracks(film))
    for what, figure, target, peer in zip(
        ("HOTA", "IDF1", "MOTA"), (scores.hota, scores.idf1, scores.mota), targets, peers, strict=True
    ):
        yield Row(
            what=f"{name}: {what} of the tracks file",
            figure=figure,
            unit="",
            target=target,
            peer=peer,
            peer_name=SURVEY if peer else "",
        )
    yield from _rules(name, alerts, truth, found, strict=ap == 0.89)


def _bounds(truth: Boxes) -> Iterator[Row]:
    """Score the truth against itself, its boxes moved by noise; they lie 4 pixels off those of sure boxes.

    Identities are the true ones, and the rule is as it is: no method can be told from one that scores so.
    """
    for pixels in (2.0, 4.0, 6.0):
        told = limit(truth, _wandering(truth, pixels), MANY, SIZE)
        for what, lines in (("4 lines", LINES), ("44 lines", MANY)):
            found = scored(truth, lines, told, clear=False)
            yield Row(
                what=f"the truth moved by {pixels:g} pixels: line crossing F1, {what}",
                figure=found.f1,
                unit="",
                note=f"{found.hits} of {found.true}, {found.told} told",
            )


def _made() -> Iterator[Row]:
    """Judge lines in made walks, which nothing was chosen on: 24 minutes of four people at a time, 5 looks a second."""
    for name, gaps in (("with gaps", True), ("every box there", False)):
        found = measured(range(300, 312), gaps=gaps)
        waits = found.waits[int(0.95 * (len(found.waits) - 1))]
        what = f"made walks (not recorded), {name}"
        note = f"{found.hits} of {found.true}, {found.told} told"
        yield Row(what=f"{what}: line crossing F1", figure=found.f1, unit="", note=note)
        yield Row(what=f"{what}: crossing to alert, 95 of 100", figure=waits, unit="s", better="less")


def _wandering(truth: Boxes, pixels: float) -> Found:
    """Return the truth's boxes moved by normal noise of `pixels` that wanders as measured: alike from look to look."""
    chance, off = Random(f"moved {pixels}"), dict[int, tuple[float, float]]()
    fresh = pixels * (1 - ALIKE**2) ** 0.5
    found: dict[int, list[tuple[float, float, float, float, float]]] = {}
    for frame in sorted(truth):
        for one, left, top, width, height in truth[frame]:
            x, y = off.get(one) or (chance.gauss(0, pixels), chance.gauss(0, pixels))
            x, y = ALIKE * x + chance.gauss(0, fresh), ALIKE * y + chance.gauss(0, fresh)
            off[one] = x, y
            found.setdefault(frame, []).append((left + x, top + y, width, height, 1.0))
    return found


def _postures(truth: Boxes) -> Iterator[Row | Skipped]:
    """Ask the pose network about people who stand apart, and about the same cut out and turned to both sides.

    A turned person is what somebody who lies looks like from afar, less the floor's own look: no recorded fall is at
    hand.
    """
    import av
    import numpy as np

    card = installed_folder() / "movenet-lightning.yaml"
    if not card.exists():
        yield Skipped("postures", "the pose model is not converted (script/default-model)")
        return
    model = read_card(card)
    pose = load_pose(model.card, model.read())
    right = {"stands": 0, "turned": 0}
    wrong, asked = 0, 0
    with av.open(str(VTEST)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % 8 != 5:
                continue
            picture = frame.to_ndarray(format="bgr24")
            for box in _apart(truth.get(number, [])):
                asked += 1
                side = round(1.6 * box.height)
                left, top = round(box.x + (box.width - side) / 2), round(box.y + (box.height - side) / 2)
                cut = picture[top : top + side, left : left + side]
                middle = Box((side - box.width) / 2, (side - box.height) / 2, box.width, box.height)
                lying = Box(middle.y, middle.x, middle.height, middle.width)
                for turns, where in ((0, middle), (1, lying), (3, lying)):
                    body = pose.body(np.ascontiguousarray(np.rot90(cut, turns)), where)
                    good, bad = (LYING, UPRIGHT) if turns else (UPRIGHT, LYING)
                    tilt = None if body is None else body.tilt
                    hit = tilt is not None and (tilt >= good if turns else tilt <= good)
                    right["turned" if turns else "stands"] += hit
                    wrong += tilt is not None and (tilt <= bad if turns else tilt >= bad)
    note = f"{wrong} of {3 * asked} told the contrary; {asked} people of 60 pixels or more"
    yield Row(what="posture of people who stand", figure=right["stands"] / asked, unit="", target=0.98, note=note)
    yield Row(what="posture of the same, turned", figure=right["turned"] / (2 * asked), unit="", target=0.95)


def _apart(boxes: Iterable[tuple[int, float, float, float, float]]) -> Iterator[Box]:
    """Yield who stands apart from all others, whole in the picture with room around."""
    known = list(boxes)
    for one in known:
        _, x, y, width, height = one
        room = 0.8 * height
        middle = (x + width / 2, y + height / 2)
        inside = room < middle[0] < SIZE[0] - room and room < middle[1] < SIZE[1] - room
        near = any(abs(o[1] - x) < 1.2 * width and abs(o[2] - y) < height for o in known if o is not one)
        if height >= 60 and inside and not near:
            yield Box(x, y, width, height)


def _network(card: Path) -> float:
    """Return CPU milliseconds of one look at a whole picture: the best of several runs over 40 pictures."""
    import av
    import cv2

    cv2.setNumThreads(1)
    model = read_card(card)
    finds = network(model.card, model.read())
    with av.open(str(VTEST)) as container:
        pictures = [
            frame.to_ndarray(format="bgr24") for _, frame in zip(range(40), container.decode(video=0), strict=False)
        ]

    def look() -> int:
        for picture in pictures:
            finds.boxes(picture)  # type: ignore[arg-type]  # 8-bit, as this format is
        return len(pictures)

    return 1000 / rate(look, 2.0)


def _lines(name: str, alerts: list[Alert], truth: Boxes, found: Found, *, strict: bool) -> Iterator[Row]:
    told = [
        (str(a.title.args["area"]), str(a.why[0].args["direction"]), _seconds(a))
        for a in alerts
        if a.rule == "people.line"
    ]
    best = limit(truth, found, MANY | THIRDS | NATURAL, SIZE)
    for what, lines, clear in SETS:
        ours, most = scored(truth, lines, told, clear=clear), scored(truth, lines, best, clear=clear)
        yield Row(
            what=f"{name}: line crossing F1, {what}",
            figure=ours.f1,
            unit="",
            target=0.99 if strict else None,
            peer=most.f1,
            peer_name="true identities",
            note=f"{ours.hits} of {ours.true}, {ours.told} told",
        )
    yield from line_fours.rows(name, truth, told, best, strict=strict)


def _peers(name: str, truth: Boxes, found: Found) -> Iterator[Row | Skipped]:
    """Count the crossings of public trackers over the same boxes by the truth's own hysteresis."""
    if not line_peers.at_hand():
        yield Skipped(f"{name}: public trackers over the same boxes", "trackers is not installed (line_peers.py)")
        return
    for peer in line_peers.NAMES:
        tracks = line_peers.tracked(peer, found, max(truth) + 1)
        told = line_peers.marks(tracks, MANY | THIRDS | NATURAL)
        for what, lines, clear in SETS:
            theirs = scored(truth, lines, told, clear=clear)
            yield Row(
                what=f"{name}, {peer}: line crossing F1, {what}",
                figure=theirs.f1,
                unit="",
                note=f"{theirs.hits} of {theirs.true}, {theirs.told} told",
            )
        yield from line_fours.rows(f"{name}, {peer}", truth, told, strict=False)


def _rules(name: str, alerts: list[Alert], truth: Boxes, found: Found, *, strict: bool) -> Iterator[Row | Skipped]:
    yield from _lines(name, alerts, truth, found, strict=strict)
    yield from _peers(name, truth, found)
    for seconds, target in ((5, None), (10, 0.9), (20, None)):
        stays = [(area, "", at) for area in AREAS for at in dwells(truth, area, seconds)]
        raised = [
            (str(a.why[0].args["area"]).rpartition("-")[0], "", _seconds(a))
            for a in alerts
            if a.rule == "people.loitering" and str(a.why[0].args["area"]).endswith(f"-{seconds}")
        ]
        hits = matched(stays, raised, within=3.0)
        yield Row(
            what=f"{name}: dwell of {seconds} s, F1",
            figure=f1(hits, len(stays), len(raised)),
            unit="",
            target=target if strict else None,
            note=f"{hits} of {len(stays)}, {len(raised)} told",
        )
    runs = sum(1 for alert in alerts if alert.rule == "people.running")
    person_seconds = sum(len(boxes) for boxes in truth.values()) / FPS
    yield Row(
        what=f"{name}: running told, for 1,000 person-seconds of walking",
        figure=1000 * runs / person_seconds,
        unit="",
        better="less",
        target=1.0 if strict else None,
        note=f"{runs} in {person_seconds:.0f} person-seconds",
    )


def _run(card: Path | None, calibration: bytes) -> tuple[Film, list[Alert]]:
    scene, problems = read_scene(zones_yaml(MANY | THIRDS).encode(), "zones.yaml", read_calibration(calibration))
    assert scene is not None, problems
    natural = tuple(Area(id=name, kind="line", line=line) for name, line in NATURAL.items())
    scene = replace(scene, areas=(*scene.areas, *natural))  # more than a site may draw
    film = Film(Wish(VTEST, scene, FPS, 0.0, START, boxes=True), card)

    async def gather() -> list[Alert]:
        return [alert async for alert in film.alerts()]

    return film, asyncio.run(gather())


def _tracks(film: Film) -> Boxes:
    found: dict[int, list[tuple[int, float, float, float, float]]] = {}
    for line in film.tracks().splitlines():
        frame, track, *numbers = line.split(",")
        left, top, width, height = map(float, numbers[:4])
        found.setdefault(int(frame) - 1, []).append((int(track), left, top, width, height))
    return found


def _seconds(alert: Alert) -> float:
    return (alert.last - START).total_seconds()
