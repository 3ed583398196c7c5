"""Drawing a plan over HTTP: looking, checking, saving with author and record, another one's version, bringing back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from console_rig import Rig, drawing_rig

from safecare.app.files import SiteFiles
from safecare.model.events.acts import PlanDrawn
from safecare.store.drawings import Drawings

pytestmark = pytest.mark.slow
LEVEL = "aurore.0"
PATH = f"/api/drawings/{LEVEL}"
SVG = b'<svg><rect width="50" height="40"/><rect x="50" width="60" height="40"/><text x="9" y="9">Salle 9</text></svg>'


@pytest.fixture
def renewed() -> list[SiteFiles]:
    return []


@pytest.fixture
def rig(tmp_path: Path, renewed: list[SiteFiles]) -> Rig:
    return drawing_rig(tmp_path, renewed)


async def ask(rig: Rig, method: str, path: str, role: str = "admin", **more: Any) -> tuple[int, Any]:
    async with rig.browser(role) as browser:
        answer = await browser.request(method, path, **more)
    return answer.status_code, answer.json()


async def drawn(rig: Rig) -> dict[str, Any]:
    _, plan = await ask(rig, "GET", PATH)
    return {"rooms": plan["rooms"], "doors": plan["doors"], "things": [], "base": plan["version"]}


async def test_a_room_is_renamed_saved_and_brought_back(rig: Rig, renewed: list[SiteFiles]) -> None:
    body = await drawn(rig)
    assert await ask(rig, "POST", f"{PATH}/preview", json=body) == (200, {"changes": [], "problems": []})
    room = body["rooms"][3]
    room["name"] = {"en": "Command post", "fr": "Poste de commandement"}
    status, check = await ask(rig, "POST", f"{PATH}/preview", json=body)
    assert status == 200
    assert check["problems"] == []
    assert len(check["changes"]) == 1
    assert "Command post" in check["changes"][0]
    assert await ask(rig, "POST", PATH, json={**body, "comment": "after the works", "id": "a"}) == (201, {"version": 1})
    (act,) = rig.acts()
    assert isinstance(act, PlanDrawn)
    assert (act.level, act.version, act.role, act.comment) == (LEVEL, 1, "admin", "after the works")
    assert len(renewed) == 1
    _, level = await ask(rig, "GET", f"/api/levels/{LEVEL}", "operator")
    assert "Command post" in {zone["name"] for zone in level["zones"]}
    # Somebody who drew on the old plan is told; nothing is overwritten.
    assert (await ask(rig, "POST", PATH, json=body))[0] == 409
    _, plan = await ask(rig, "GET", PATH)
    assert [(one["number"], one["author"], one["comment"]) for one in plan["versions"]] == [
        (1, "Someone", "after the works")
    ]
    assert await ask(rig, "POST", f"{PATH}/undo", json={"to": 0, "base": 1}) == (201, {"version": 2})
    _, plan = await ask(rig, "GET", PATH)
    assert plan["rooms"][3]["name"]["en"] != "Command post"
    assert plan["versions"][-1]["undoes"] == 0


async def test_a_thing_finds_another_room_and_stays_there(rig: Rig) -> None:
    _, plan = await ask(rig, "GET", PATH)
    here = {room["id"] for room in plan["rooms"]}
    thing = next(one for one in plan["things"] if one["zone"] in here and one["group"] == "it")
    room = next(one for one in plan["rooms"] if one["id"] != thing["zone"])
    left, low = min(x for x, _ in room["outline"]), min(y for _, y in room["outline"])
    body = await drawn(rig)
    body["things"] = [{"id": thing["id"], "zone": room["id"], "at": [left + 0.5, low + 0.5]}]
    assert (await ask(rig, "POST", PATH, json=body))[0] == 201
    body = await drawn(rig)
    body["rooms"][0]["name"] = {"en": "Again", "fr": "Encore"}
    assert (await ask(rig, "POST", PATH, json=body))[0] == 201  # a later version keeps what was placed
    assert rig.site is not None
    assert rig.site.hospital.asset(thing["id"]).zone == room["id"]  # type: ignore[union-attr]


async def test_what_does_not_fit_is_not_saved(rig: Rig, renewed: list[SiteFiles]) -> None:
    body = await drawn(rig)
    gone = next(room["id"] for room in body["rooms"] if room["id"] == "aurore.pharmacy")
    body["rooms"] = [room for room in body["rooms"] if room["id"] != gone]
    status, check = await ask(rig, "POST", f"{PATH}/preview", json=body)
    assert (status, bool(check["problems"])) == (200, True)
    status, reason = await ask(rig, "POST", PATH, json=body)
    assert status == 422
    assert "aurore.pharmacy" in reason["detail"]
    assert not renewed
    assert not rig.acts()


async def test_a_drawing_is_read_and_proposed(rig: Rig) -> None:
    status, found = await ask(rig, "POST", f"{PATH}/import?form=svg&unit=0.1", content=SVG)
    assert status == 200
    assert [room["name"]["fr"] for room in found["rooms"]] == ["Salle 9", "2"]
    status, reason = await ask(rig, "POST", f"{PATH}/import?form=svg", content=b"<nothing/>")
    assert (status, "SVG" in reason["detail"]) == (422, True)
    assert (await ask(rig, "POST", f"{PATH}/import?form=svg", "operator", content=SVG))[0] == 403


async def test_levels_that_are_not_there_or_not_theirs(rig: Rig) -> None:
    assert (await ask(rig, "GET", "/api/drawings/no.such.level"))[0] == 404
    assert (await ask(rig, "GET", "/api/drawings/..%2Fx"))[0] == 404
    assert (await ask(rig, "POST", f"{PATH}/undo", json={"to": 9, "base": 0}))[0] == 404
    async with rig.browser("admin", "tilleuls") as browser:
        assert (await browser.get(PATH)).status_code == 404


def test_two_who_save_the_same_version(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from safecare.store.drawings import TakenError, Version

    drawings = Drawings(tmp_path / "plans", tmp_path / "cameras")
    version = Version(level=LEVEL, number=1, at=datetime(2026, 1, 1, tzinfo=UTC), author="a", comment="", plan="{}")
    drawings.save(version)
    with pytest.raises(TakenError):
        drawings.save(version)
    assert drawings.versions(LEVEL) == [version]
    assert drawings.versions("../..") == []


async def test_who_is_responsible_for_a_part_of_a_storey_does_not_redraw_it(rig: Rig) -> None:
    body = await drawn(rig)
    zone = next(one["id"] for one in body["rooms"])
    away = next(
        str(one.id) for one in rig.deps().hospital.assets if one.zone and not one.between and one.site != "aurore"
    )
    for places, status in (((zone,), 403), ((LEVEL,), 200)):
        async with rig.browser("admin", "aurore", places) as browser:
            assert (await browser.get(PATH)).json()["may"] is (status == 200)
            assert (await browser.post(f"{PATH}/preview", json=body)).status_code == status
            if status == 403:
                assert (await browser.post(PATH, json=body)).status_code == 403
                assert (await browser.post(f"{PATH}/import?form=svg", content=SVG)).status_code == 403
                assert (await browser.post(f"{PATH}/undo", json={"to": 0, "base": 0, "id": "u"})).status_code == 403
    elsewhere = {**body, "things": [{"id": away, "zone": zone, "at": None}]}  # nor is a thing of another site taken
    assert (await ask(rig, "POST", f"{PATH}/preview", json=elsewhere))[0] == 403
    assert (await ask(rig, "GET", PATH, "auditor"))[1]["may"] is False
    assert rig.acts() == []
