"""The board, incidents, forecasts, plans, and the acts on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import console_items as made
import pytest
from console_rig import Rig
from msgspec.structs import replace

from safecare.model.events.acts import IncidentJudged, PlanDecided, Reported
from safecare.model.ids import IncidentId
from safecare.model.marking import Tlp
from safecare.testing.made import made as anything

pytest_plugins = ["console_fixtures"]


async def get(rig: Rig, path: str, role: str = "operator", site: str | None = None) -> Any:
    async with rig.browser(role, site) as browser:
        answer = await browser.get(path)
    return answer.json() if answer.status_code == 200 else answer.status_code


async def test_board(rig: Rig) -> None:
    at = rig.clock.now()
    alert = made.alert(at)
    incident = made.incident(at, alert)
    notice = made.notice(incident)
    rig.add(made.opened(at), alert, incident, notice)
    board = await get(rig, "/api/board")
    assert board["seq"] == rig.log.last()
    assert board["sites"] == [{"id": "aurore", "name": "Sainte-Aurore"}]
    assert board["counts"] == {"events": 1, "alerts": 1, "incidents_open": 1, "notices_open": 1, "rejects": 0}
    assert board["flood"] == {"alarms_10min": 1, "limit": 10}
    assert board["last_data"] == "2026-03-02T08:00:00Z"
    card = board["incidents"][0]
    assert card["level"] == "high"
    assert card["title"].startswith("Break-in at ")
    assert (card["combined"], card["acknowledged"], card["alerts"]) == (True, False, 1)
    rig.add(made.receipt(notice))
    assert (await get(rig, "/api/board"))["incidents"][0]["acknowledged"] is True


async def test_board_is_empty_at_first(rig: Rig) -> None:
    board = await get(rig, "/api/board")
    assert (board["incidents"], board["last_data"], board["seq"]) == ([], None, 0)


async def test_each_sees_their_own_site_and_what_is_shared(rig: Rig) -> None:
    at = rig.clock.now()
    rig.add(
        made.incident(at, id="a"), made.incident(at, id="b", site=made.OTHER), made.incident(at, id="c", tlp=Tlp.GREEN)
    )

    async def seen(role: str, site: str | None = None) -> list[str]:
        return sorted(card["id"] for card in (await get(rig, "/api/board", role, site))["incidents"])

    assert await seen("operator") == ["a", "b", "c"]
    assert await seen("operator", "tilleuls") == ["b"]
    assert await seen("liaison") == ["c"]
    assert await get(rig, "/api/incidents/a", "liaison") == 404
    assert (await get(rig, "/api/incidents/c", "liaison"))["id"] == "c"
    assert await get(rig, "/api/incidents/a/forecast", "operator", "tilleuls") == 404


async def test_incident_whole(rig: Rig) -> None:
    at = rig.clock.now()
    alert = made.alert(at, still="0" * 64)
    first = made.incident(at, alert, id="i")
    second = made.incident(at + timedelta(minutes=1), alert, id="i", revision=2, severity=95)
    notice = made.notice(second)
    rig.add(alert, first, second, notice, made.receipt(notice))
    whole = await get(rig, "/api/incidents/i")
    assert (whole["revision"], whole["level"]) == (2, "critical")
    assert [one["severity"] for one in whole["history"]] == [75, 95]
    assert whole["links"][0]["alert"]["still"] == "/api/stills/" + "0" * 64
    assert whole["links"][0]["why"] == "First"
    assert whole["notices"][0]["receipts"][0]["outcome"] == "acknowledged"
    assert whole["story"] == ["A door opened"]
    listed = await get(rig, "/api/alerts?limit=5")
    assert listed[0]["incident"] == "i"
    times = [one["last"] for one in listed]
    assert times == sorted(times, reverse=True)
    assert await get(rig, "/api/alerts?since=2027-01-01T00:00:00Z") == []
    assert await get(rig, "/api/alerts?since=2026-01-01T00:00:00") == 422
    assert await get(rig, "/api/alerts?limit=9999") == 422


async def test_people_are_called_by_name(rig: Rig) -> None:
    incident = made.incident(rig.clock.now(), id="i")
    notice = made.notice(incident)
    user = rig.accounts.add("Anna", "guard")
    rig.add(incident, notice, made.receipt(notice, who=user), made.receipt(notice, who="policy:night"))
    whole = await get(rig, "/api/incidents/i")
    assert [one["who"] for one in whole["notices"][0]["receipts"]] == ["Anna", "policy:night"]


async def test_forecast_and_plan(rig: Rig) -> None:
    incident = made.incident(rig.clock.now(), id="i")
    rig.add(incident)
    assert await get(rig, "/api/incidents/i/forecast") == 404
    assert await get(rig, "/api/incidents/i/plan") == 404
    rig.add(made.forecast(incident), made.plan(incident))
    forecast = await get(rig, "/api/incidents/i/forecast")
    group = forecast["groups"][0]
    assert (group["group"], group["name"]) == ("care", "Care")
    effect = group["effects"][0]
    assert (effect["state"], effect["state_name"], effect["low"]) == ("down", "Out of service", 0.7)
    assert forecast["losses"][0]["fallback"] == "Use paper"
    assert forecast["unknown"] == [{"id": "mystery", "name": "mystery"}]
    plan = await get(rig, "/api/incidents/i/plan")
    assert [action["id"] for action in plan["actions"]] == ["lock", "stop"]
    assert plan["actions"][0]["cost_text"] == ["Medicines come later"]
    assert plan["actions"][1]["infeasible"] == "Surgery is running"


async def test_judging_is_an_act_on_the_road_stored_once(rig: Rig) -> None:
    rig.add(made.incident(rig.clock.now(), id="i"), made.incident(rig.clock.now(), id="m", into="i"))
    async with rig.browser("operator") as browser:
        ask = {"state": "closed", "verdict": "benign", "comment": "Ein Test", "id": "act-1"}
        for _ in range(3):
            assert (await browser.post("/api/incidents/i/judge", json=ask)).status_code == 200
        assert (await browser.post("/api/incidents/x/judge", json=ask)).status_code == 404
        assert (await browser.post("/api/incidents/m/judge", json=ask)).status_code == 409
        assert (await browser.post("/api/incidents/i/judge", json={"state": "eaten"})).status_code == 422
    (act,) = rig.acts()
    assert isinstance(act, IncidentJudged)
    assert (act.incident, act.state, act.verdict, act.role, act.site) == (
        IncidentId("i"), "closed", "benign", "operator", "aurore",
    )  # fmt: skip
    rig.store()
    audit = await get(rig, "/api/audit", "auditor")
    assert audit["verified"] is True
    assert audit["entries"][0]["act"] == "act.incident"
    assert audit["entries"][0]["detail"]["comment"] == "Ein Test"
    assert audit["entries"][0]["actor"] == "Someone"
    assert audit["entries"][0]["about"].endswith("“Ein Test”")
    assert (await get(rig, "/api/audit?after=1", "auditor"))["entries"] == []


async def test_who_is_late_opens_nothing_again_by_mistake(rig: Rig) -> None:
    at = rig.clock.now()
    rig.add(replace(made.incident(at, id="c"), state="closed"), replace(made.incident(at, id="n"), state="contained"))
    rig.add(made.incident(at, id="m", into="c"))
    async with rig.browser("operator") as browser:

        async def judged(id: str, state: str) -> int:
            return (await browser.post(f"/api/incidents/{id}/judge", json={"state": state})).status_code

        assert [await judged("c", state) for state in ("validated", "contained", "new")] == [409, 409, 200]
        assert [await judged("n", state) for state in ("validated", "closed")] == [409, 200]
        assert [await judged("m", state) for state in ("closed", "new")] == [409, 200]  # taken out again


async def test_the_audit_page_begins_with_the_newest_acts(rig: Rig) -> None:
    rig.add(made.incident(rig.clock.now(), id="i"))
    async with rig.browser("operator") as browser:
        for _ in range(5):
            await browser.post("/api/incidents/i/judge", json={"state": "validated"})
    rig.store()
    audit = await get(rig, "/api/audit?limit=2", "auditor")
    assert [one["seq"] for one in audit["entries"]] == [4, 5]


async def test_deciding(rig: Rig) -> None:
    incident = made.incident(rig.clock.now(), id="i")
    plan = made.plan(incident)
    rig.add(incident, plan)

    async def decide(role: str, **ask: str) -> int:
        async with rig.browser(role) as browser:
            body = {"action": "lock", "decision": "approved", "step": "security", **ask}
            return (await browser.post(f"/api/plans/{plan.id}/decide", json=body)).status_code

    assert await decide("operator", action="nothing") == 404
    assert await decide("operator", action="stop") == 409
    assert await decide("crisis", step="clinical") == 409
    assert await decide("operator", step="clinical") == 403
    assert await decide("analyst") == 403
    assert await decide("operator") == 200
    assert await decide("operator", decision="refused", action="stop") == 200
    rig.clock.advance(3600)
    assert await decide("operator") == 409
    assert [(act.action, act.decision) for act in rig.acts() if isinstance(act, PlanDecided)] == [
        ("lock", "approved"),
        ("stop", "refused"),
    ]


async def test_nothing_is_said_to_be_done_when_the_log_is_full(rig: Rig) -> None:
    rig.add(made.incident(rig.clock.now(), id="i"))
    rig.log.full = True
    async with rig.browser("operator") as browser:
        assert (await browser.post("/api/incidents/i/judge", json={"state": "validated"})).status_code == 507


async def test_sites_levels_and_their_state(rig: Rig) -> None:
    rig.add(made.incident(rig.clock.now(), id="a", severity=50), made.incident(rig.clock.now(), id="b", severity=95))
    sites = await get(rig, "/api/sites", "guard")
    assert sites[0]["levels"][0]["building_name"] == "Main building"
    level = await get(rig, "/api/levels/aurore.0", "guard")
    assert level["state"]["zones"] == {"aurore.pharmacy": "critical"}
    assert len(level["zones"]) > 5
    assert await get(rig, "/api/levels/aurore.0", "guard", "tilleuls") == 404
    assert await get(rig, "/api/levels/none", "guard") == 404


async def test_stills_are_pictures_and_nothing_else(rig: Rig) -> None:
    picture = rig.artifacts.keep(b"\xff\xd8\xff\xe0 picture", "image/jpeg")
    mail = rig.artifacts.keep(b"From: a@b\r\n\r\nEvil", "message/rfc822")
    rig.add(anything(Reported, 0, actor="g", role="guard", words="", picture=picture))
    async with rig.browser("operator") as browser:
        shown = await browser.get(f"/api/stills/{picture}")
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
        assert shown.headers["cache-control"] == "private, no-cache"  # asked each time whether one may see it
        known = {"If-None-Match": shown.headers["etag"]}
        again = await browser.get(f"/api/stills/{picture}", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        other = await browser.get(f"/api/stills/{mail}", headers={"If-None-Match": f'"{mail}"'})
        assert other.status_code == 404
        for path in (mail, "0" * 64, "..%2f" * 10, "A" * 64):
            assert (await browser.get(f"/api/stills/{path}")).status_code == 404


@pytest.mark.parametrize("path", ["/api/health", "/api/scenarios", "/api/scenarios/runs/run-1"])
async def test_platform_pages(rig: Rig, path: str) -> None:
    assert await get(rig, path, "admin")


async def test_scenarios(rig: Rig) -> None:
    async with rig.browser("admin") as browser:
        assert (await browser.post("/api/scenarios/none/run")).status_code == 404
        assert (await browser.post("/api/scenarios/theft/run")).json() == {"run": "run-1"}
        assert (await browser.post("/api/scenarios/theft/run")).status_code == 409
        assert (await browser.get("/api/scenarios/runs/x")).status_code == 404
        now = (await browser.get("/api/me")).json()["exercise"]
        assert (now["scenario"], now["title"]) == ("theft", "Theft")  # people read the title, in their language


async def test_metrics(rig: Rig) -> None:
    rig.add(made.opened(rig.clock.now()))
    async with rig.browser("admin") as browser:
        text = (await browser.get("/metrics")).text
    assert 'safecare_stored{what="events"} 1\n' in text
    assert 'safecare_door_up{door="smtp",source="mail"} 1\n' in text
    assert text.count("# TYPE safecare_") == text.count("# HELP safecare_")
