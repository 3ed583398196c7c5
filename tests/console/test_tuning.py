"""Arranging incidents, similar ones, suppressions with a preview, precision of rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import console_items as made
import msgspec
import pytest
from console_rig import Rig

from safecare.model.events.acts import IncidentArranged, Suppressed
from safecare.model.ids import IncidentId
from safecare.model.incident import Incident, Verdict

pytest_plugins = ["console_fixtures"]


def judged(incident: Incident, verdict: Verdict) -> Incident:
    return msgspec.structs.replace(incident, state="closed", verdict=verdict)


async def test_alerts_are_split_off_by_an_act_and_only_those_that_are_there(rig: Rig) -> None:
    at = rig.clock.now()
    one, other = made.alert(at), made.alert(at)
    rig.add(one, other, made.incident(at, one, other, id="i"), made.incident(at, id="k"))
    asks: list[tuple[dict[str, Any], int]] = [
        ({"change": "split", "alerts": [one.id], "comment": "another door", "id": "x"}, 200),
        ({"change": "split", "alerts": [one.id, other.id]}, 409),
        ({"change": "detach", "alerts": ["no-such"]}, 409),
        ({"change": "detach"}, 422),
        ({"change": "merge"}, 422),
        ({"change": "merge", "other": "no-such"}, 404),
        ({"change": "merge", "other": "k"}, 200),
        ({"change": "attach", "alerts": [one.id]}, 200),
    ]
    async with rig.browser("operator") as browser:
        for ask, status in asks:
            assert (await browser.post("/api/incidents/i/arrange", json=ask)).status_code == status, ask
    done = [act for act in rig.acts() if isinstance(act, IncidentArranged)]
    assert [act.change for act in done] == ["split", "merge", "attach"]
    assert (done[0].incident, done[0].alerts, done[0].comment) == ("i", (one.id,), "another door")


async def test_a_suppression_is_previewed_set_listed_with_what_it_hid_and_ended(rig: Rig) -> None:
    now = rig.clock.now()
    before = [
        made.alert(now - timedelta(days=days), severity=severity) for days, severity in ((1, 70), (2, 90), (9, 70))
    ]
    rig.add(*before, made.incident(now, before[0], id="i"))
    ask = {
        "window": "maintenance",
        "reason": "New lock",
        "rules": ["door.*"],
        "zones": ["aurore.pharmacy"],
        "severity": 75,
        "expires": (now + timedelta(hours=2)).isoformat(),
    }
    async with rig.browser("analyst") as browser:
        preview = (await browser.post("/api/suppressions/preview", json=ask)).json()
        assert (preview["alerts"], preview["of"], preview["incidents"], preview["days"]) == (1, 2, 1, 7)
        assert "1" in preview["sentence"]
        for wrong in ({"reason": " "}, {"expires": None}, {"expires": (now + timedelta(days=400)).isoformat()}):
            assert (await browser.post("/api/suppressions", json={**ask, **wrong})).status_code == 422
        assert (await browser.post("/api/suppressions", json=ask)).status_code == 200
        rig.store()
        rig.add(made.alert(rig.clock.now()))
        rig.clock.advance(timedelta(seconds=1))
        [listed] = (await browser.get("/api/suppressions")).json()
        assert (listed["reason"], listed["holds"], listed["hidden"], listed["severity"]) == ("New lock", True, 1, 75)
        await browser.post("/api/suppressions", json={**ask, "suppression": listed["id"], "ended": True})
        rig.store()
        [ended] = (await browser.get("/api/suppressions")).json()
        assert (ended["holds"], ended["ended"], ended["hidden"]) == (False, True, 1)
    assert [act.ended for act in rig.acts() if isinstance(act, Suppressed)] == [False, True]
    async with rig.browser("operator") as browser:
        assert (await browser.post("/api/suppressions", json=ask)).status_code == 403


async def test_verdicts_feed_the_precision_of_rules_and_past_incidents_are_found_again(rig: Rig) -> None:
    at = rig.clock.now()
    alerts = [made.alert(at) for _ in range(3)]
    closed = [
        msgspec.structs.replace(
            made.incident(at, alert, id=name), state="closed", verdict=verdict, rules=("theft-chain",)
        )
        for alert, name, verdict in zip(alerts, "abc", ("true", "false", "false"), strict=True)
    ]
    now = made.alert(at)
    rig.add(*alerts, *closed, now, made.incident(at, now, id="now"))
    async with rig.browser("analyst") as browser:
        rules = {one["name"]: one for one in (await browser.get("/api/rules")).json()}
        similar = (await browser.get("/api/incidents/now/similar")).json()
        assert (await browser.get("/api/incidents/none/similar")).status_code == 404
    assert rules["door.forced"]["precision"] == pytest.approx(1 / 3)
    assert rules["theft-chain"]["false"] == 2
    assert rules["theft-chain"]["level"] == "critical"
    assert rules["camera-then-door"]["precision"] is None
    assert {one["id"] for one in similar} == {"a", "b", "c"}
    assert IncidentId("now") not in similar


async def test_what_was_played_says_nothing_of_how_often_a_rule_is_right(rig: Rig) -> None:
    real = made.alert(rig.clock.now())
    rig.add(real, judged(made.incident(real.last, real, id="real"), "true"))
    rig.clock.advance(timedelta(hours=1))
    begun = rig.clock.now()
    played = made.alert(begun)
    rig.add(made.exercise(begun, running=True), played, judged(made.incident(begun, played, id="played"), "false"))
    async with rig.browser("analyst") as browser:
        rules = {one["name"]: one for one in (await browser.get("/api/rules")).json()}
    assert (rules["door.forced"]["true"], rules["door.forced"]["false"]) == (1, 0)


async def test_what_people_changed_is_told_with_what_turns_it_back(rig: Rig) -> None:
    at = rig.clock.now()
    one, other, past = made.alert(at), made.alert(at), made.alert(at)
    gone = made.incident(at, past, id="k", revision=2)
    merged = msgspec.structs.replace(gone, state="closed", into=IncidentId("i"))
    rig.add(one, other, past, made.incident(at, one, other, id="i"), made.incident(at, past, id="k"))
    asks: list[dict[str, Any]] = [
        {"change": "merge", "other": "k", "comment": "one night"},
        {"change": "split", "alerts": [one.id]},
        {"change": "detach", "alerts": [other.id]},
        {"change": "attach", "alerts": [past.id]},
    ]
    async with rig.browser("operator") as browser:
        for number, ask in enumerate(asks):
            done = await browser.post("/api/incidents/i/arrange", json={**ask, "id": f"x{number}"})
            assert done.status_code == 200
        rig.store()
        rig.add(merged, made.incident(at, other, id="i", revision=2))
        told = (await browser.get("/api/incidents/i/arrangements")).json()
        of_other = (await browser.get("/api/incidents/k/arrangements")).json()
        assert (await browser.get("/api/incidents/none/arrangements")).status_code == 404
    assert [(act["change"], act["undo"]) for act in told] == [
        ("attach", ""),
        ("detach", ""),
        ("split", "attach"),
        ("merge", "reopen"),
    ]
    assert (told[3]["other"]["id"], told[3]["comment"]) == ("k", "one night")
    assert [alert["id"] for alert in told[2]["alerts"]] == [one.id]
    assert [(act["other"]["id"], act["undo"]) for act in of_other] == [("i", "")]
    async with rig.browser("guard") as browser:
        assert (await browser.get("/api/incidents/i/arrangements")).status_code == 403
