"""Drawing zones over HTTP: looking, what is wrong at its place, saving on record, another one's version."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from console_rig import Rig, drawing_rig

from safecare.app.files import SiteFiles
from safecare.model.event import Event
from safecare.model.events.acts import ZonesDrawn
from safecare.model.events.video import PeopleSeen, Seen
from safecare.model.ids import ArtifactHash, AssetId, SiteId
from safecare.sources.camera.places import CameraSettings, view_of

pytestmark = pytest.mark.slow
CAMERA = "camera.aurore.basement.spine"
PATH = f"/api/cameras/{CAMERA}/zones"
MASK = [[0, 0], [64, 0], [64, 36]]
FILE: dict[str, Any] = {
    "size": [640, 360],
    "calibration": {
        "picture": [[100, 340], [540, 340], [420, 120], [200, 120]],
        "floor": [[0, 0], [6, 0], [6, 14], [0, 14]],
    },
    "masks": [MASK],
    "zones": [
        {"id": "gate", "kind": "line", "line": [[10, 10], [300, 200]], "direction": "to_left"},
        {"id": "desk", "kind": "intrusion", "polygon": [[1, 2], [300, 20], [30.5, 200]], "hours": "20:00-06:00"},
    ],
}


@pytest.fixture
def renewed() -> list[SiteFiles]:
    return []


@pytest.fixture
def rig(tmp_path: Path, renewed: list[SiteFiles]) -> Rig:
    return drawing_rig(tmp_path, renewed)


async def ask(rig: Rig, method: str, path: str, role: str = "admin", **more: Any) -> tuple[int, Any]:
    async with rig.browser(role, more.pop("site", None)) as browser:
        answer = await browser.request(method, path, **more)
    return answer.status_code, answer.json()


async def test_zones_are_saved_with_author_and_record_and_the_camera_works_with_them(
    rig: Rig, renewed: list[SiteFiles]
) -> None:
    status, before = await ask(rig, "GET", PATH)
    assert (status, before["version"], before["file"]["zones"], before["still"]) == (200, 0, [], None)
    assert before["level"] == "aurore.-1"
    body = {"file": FILE, "base": 0, "comment": "night", "id": "a"}
    assert await ask(rig, "POST", PATH, json=body) == (201, {"version": 1})
    (act,) = rig.acts()
    assert isinstance(act, ZonesDrawn)
    assert (act.asset, act.version, act.role, act.comment) == (CAMERA, 1, "admin", "night")
    # The doors are built anew over this hospital: the worker's view and the rules' scene hold what was drawn.
    (files,) = renewed
    camera = files.hospital.asset(AssetId(CAMERA))
    assert camera is not None
    assert view_of(files.hospital, camera, CameraSettings()).masks == (((0, 0), (0.1, 0), (0.1, 0.1)),)
    scene = files.hospital.scenes[AssetId(CAMERA)]
    assert [area.id for area in scene.areas] == ["gate", "desk"]
    assert scene.ground is not None
    _, after = await ask(rig, "GET", PATH)
    assert after["file"]["zones"] == FILE["zones"]
    assert after["file"]["calibration"] == FILE["calibration"]
    assert [(one["number"], one["comment"]) for one in after["versions"]] == [(1, "night")]
    _, listed = await ask(rig, "GET", "/api/cameras")
    assert {one["id"]: one["zones"] for one in listed}[CAMERA] == 2
    # Who drew on what stood before is told; nothing is overwritten. An older version can be looked at.
    assert (await ask(rig, "POST", PATH, json={**body, "id": "b"}))[0] == 409
    assert (await ask(rig, "GET", f"{PATH}?version=0"))[1]["file"]["zones"] == []
    assert (await ask(rig, "GET", f"{PATH}?version=7"))[0] == 404


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"zones": [{"id": "gate", "kind": "line", "line": [[1, 1]]}]}, "gate: "),
        ({"zones": [{"id": "hall", "kind": "dancing"}]}, "hall: "),
        ({"zones": [{"id": "hall", "kind": "down", "zone": "no.such.zone"}]}, "hall: "),
        ({"zones": [{"id": "hall", "kind": "down", "hours": "25:00"}]}, "hall: "),
        ({"zones": "many"}, "zones: "),
        ({"masks": [[[1, 1]]]}, "masks: "),
        ({"calibration": {"picture": [[0, 0]], "floor": [[0, 0]]}}, "calibration: "),
        ({"more": 1}, "more: "),
    ],
)
async def test_what_is_wrong_is_told_at_its_place_and_not_saved(
    rig: Rig, renewed: list[SiteFiles], change: dict[str, Any], place: str
) -> None:
    status, problem = await ask(rig, "POST", PATH, json={"file": {**FILE, **change}, "base": 0})
    assert status == 422
    assert place in problem["detail"]
    assert not renewed
    assert not rig.acts()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"file": [], "base": 0}',
        b'{"file": {"zones": ' + b"[" * 100_000 + b"]" * 100_000 + b'}, "base": 0}',
        b'{"file": {"zones": ' + b"[" * 40 + b"]" * 40 + b'}, "base": 0}',
        b'{"file": {"size": [' + b"9" * 400 + b', 1]}, "base": 0}',
    ],
)
async def test_a_body_that_is_none(rig: Rig, body: bytes) -> None:
    assert (await ask(rig, "POST", PATH, content=body))[0] == 422


async def test_who_may_not(rig: Rig) -> None:
    body = {"file": FILE, "base": 0}
    for role in ("ciso", "auditor", "operator", "guard"):
        assert (await ask(rig, "POST", PATH, role, json=body))[0] == 403
    assert (await ask(rig, "GET", PATH, "operator"))[0] == 403
    assert (await ask(rig, "GET", PATH, "auditor"))[0] == 200
    assert (await ask(rig, "GET", PATH, site="tilleuls"))[0] == 404
    assert (await ask(rig, "POST", PATH, site="tilleuls", json=body))[0] == 404
    assert (await ask(rig, "GET", "/api/cameras/aurore.basement.spine/zones"))[0] == 404  # no camera
    _, listed = await ask(rig, "GET", "/api/cameras", site="tilleuls")
    assert listed
    assert not any("aurore" in one["id"] for one in listed)


async def test_the_newest_still_lies_under_the_drawing(rig: Rig) -> None:
    hash = ArtifactHash("ab" * 32)
    now = rig.clock.now()
    for number, still in enumerate((None, hash, None)):
        at = now + timedelta(seconds=number)
        rig.add(
            PeopleSeen(
                id=Event.id_for(at, "camera", f"{number}"),
                at=at,
                seen=at,
                source="camera",
                site=SiteId("aurore"),
                asset=AssetId(CAMERA),
                people=(),
                still=still,
                size=(1280, 720),
            )
        )
    _, view = await ask(rig, "GET", PATH)
    assert (view["still"], view["size"]) == (f"/api/stills/{hash}", [1280, 720])


async def test_what_zones_would_have_told_is_shown_and_nothing_is_saved(rig: Rig) -> None:
    now = rig.clock.now()
    walked = [
        PeopleSeen(
            id=Event.id_for(now - timedelta(seconds=number), "test", str(number)),
            at=now - timedelta(seconds=60 - number),
            seen=now,
            source="test",
            site=SiteId("aurore"),
            asset=AssetId(CAMERA),
            people=(
                Seen(track=1 + number // 2, x=100.0, y=40.0 if number % 2 else 200.0, since=3.0, width=20, height=60),
            ),
            size=(640, 360),
        )
        for number in range(6)
    ]
    rig.add(*walked)
    line = {"id": "gate", "kind": "line", "line": [[0, 120], [640, 120]], "direction": "both"}
    file = {"size": [640, 360], "zones": [line]}
    status, told = await ask(rig, "POST", f"{PATH}/try", json={"file": file})
    assert (status, told["seen"]) == (200, 6)
    assert [(one["rule"], one["count"]) for one in told["alarms"]] == [("people.line", 3)]
    assert (await ask(rig, "GET", PATH))[1]["version"] == 0
    status, told = await ask(rig, "POST", f"{PATH}/try", json={"file": {"zones": [{"id": "x", "kind": "moat"}]}})
    assert status == 422
    assert (await ask(rig, "POST", f"{PATH}/try", "ciso", json={"file": file}))[0] == 403
