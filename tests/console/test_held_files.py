"""Held files as the console gives them: who sees and decides, the first of two decides, and the audit chain."""

from __future__ import annotations

import msgspec
from console_rig import Rig

from safecare.model.events.acts import HeldDecided
from safecare.model.events.files import FileJudged, HeldForwarded
from safecare.model.ids import ArtifactHash
from safecare.model.text import say
from safecare.testing.made import made

pytest_plugins = ["console_fixtures"]
FILE = made(
    FileJudged,
    0,
    source="dicom",
    artifact=ArtifactHash("a" * 64),
    size=5,
    type="dicom",
    verdict="malicious",
    score=1.0,
    act="held",
    reasons=(say("Say why."),),
    peer="10.0.0.1 CT1",
    kept=True,
)


async def test_a_held_file_is_released_refused_and_discarded(rig: Rig) -> None:
    rig.add(FILE)
    async with rig.browser("analyst") as analyst, rig.browser("ciso") as ciso:
        [one] = (await analyst.get("/api/held")).json()
        assert (one["id"], one["state"], one["door"], one["may_release"]) == (FILE.id, "waiting", "dicom", True)
        assert one["why"] == ["Say why."]
        path = f"/api/held/{FILE.id}"
        assert (await analyst.post(path, json={"decision": "release", "reason": " "})).status_code == 422
        assert (await analyst.post(path, json={"decision": "release", "reason": "seen"})).status_code == 200
        # before the store has it: the same key in the log, so the first one counts
        assert (await ciso.post(path, json={"decision": "discard", "reason": "no"})).status_code == 200
        rig.store()
        [one] = (await ciso.get("/api/held")).json()
        assert (one["state"], one["who"], one["reason"], one["may_release"]) == ("released", "Someone", "seen", False)
        assert (await ciso.post(path, json={"decision": "release", "reason": "x"})).status_code == 409
        [act] = rig.acts()
        assert isinstance(act, HeldDecided)
        assert (act.decision, act.artifact, act.role) == ("release", FILE.artifact, "analyst")
        rig.add(
            made(HeldForwarded, 9, source="dicom", file=FILE.id, act=act.id, outcome="refused", detail="status A900")
        )
        [one] = (await analyst.get("/api/held")).json()
        assert (one["state"], one["answer"], one["may_release"]) == ("refused", "status A900", True)
        assert (await ciso.post(path, json={"decision": "discard", "reason": "bad"})).status_code == 200
        rig.store()
        rig.add(made(HeldForwarded, 9, source="dicom", file=FILE.id, act=act.id, outcome="waiting", detail="late"))
        [one] = (await analyst.get("/api/held", headers={"Accept-Language": "fr"})).json()
        assert (one["state"], one["reason"]) == ("discarded", "bad")
        about = [one["about"] for one in (await ciso.get("/api/audit")).json()["entries"]]
        assert any("Released a held file" in one and "seen" in one for one in about)


async def test_who_may_not_decide_and_another_site(rig: Rig) -> None:
    rig.add(FILE)
    path, ask = f"/api/held/{FILE.id}", {"decision": "release", "reason": "x"}
    async with rig.browser("operator") as operator:
        [one] = (await operator.get("/api/held")).json()
        assert (one["may_release"], one["may_discard"]) == (False, False)
        assert (await operator.post(path, json=ask)).status_code == 403
    async with rig.browser("guard") as guard:
        assert (await guard.get("/api/held")).status_code == 403
    async with rig.browser("analyst", site="tilleuls") as other:
        assert (await other.get("/api/held")).json() == []
        assert (await other.post(path, json=ask)).status_code == 404
    assert rig.acts() == []


async def test_held_files_are_given_page_by_page_those_that_wait_first(rig: Rig) -> None:
    files = [
        msgspec.structs.replace(FILE, id=other.id, at=other.at)
        for other in (made(HeldForwarded, number, file=FILE.id, act=FILE.id, outcome="sent") for number in range(7))
    ]
    rig.add(*files)
    async with rig.browser("analyst") as analyst:
        path = f"/api/held/{files[6].id}"
        assert (await analyst.post(path, json={"decision": "discard", "reason": "bad"})).status_code == 200
        rig.store()
        seen: list[str] = []
        while page := (await analyst.get("/api/held", params={"limit": 2, "after": seen[-1] if seen else ""})).json():
            assert len(page) <= 2
            seen += [one["id"] for one in page]
        assert seen == [*(one.id for one in reversed(files[:6])), files[6].id]
        assert (await analyst.get("/api/held", params={"after": "none"})).json() == []
        assert (await analyst.get("/api/held", params={"limit": 0})).status_code == 422
