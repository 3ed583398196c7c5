"""Papers as PDF and the time line as a table: whole, in both languages, an exercise marked, nobody else's."""

from __future__ import annotations

import csv
import io

import console_items as made
import pytest
from console_rig import Rig
from pypdf import PdfReader

from safecare.model.events.acts import ExerciseSet
from safecare.model.ids import EventId, SiteId, new_id
from safecare.model.incident import Incident

pytest_plugins = ["console_fixtures"]


def incident(rig: Rig) -> Incident:
    at = rig.clock.now()
    alert = made.alert(at)
    found = made.incident(at, alert)
    notice = made.notice(found)
    rig.add(made.opened(at), alert, found, notice, made.receipt(notice))
    return found


def play(rig: Rig, *, running: bool) -> None:
    now = rig.clock.now()
    rig.add(
        ExerciseSet(
            id=EventId(new_id(now)),
            at=now,
            seen=now,
            source="scenario",
            site=SiteId("aurore"),
            actor="local",
            scenario="theft",
            running=running,
        )
    )


async def pdf(rig: Rig, path: str, language: str = "en", role: str = "operator") -> str:
    async with rig.browser(role, **{"accept-language": language}) as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)


@pytest.mark.slow
async def test_the_sheet_of_an_incident_in_both_languages(rig: Rig) -> None:
    found = incident(rig)
    english = await pdf(rig, f"/api/incidents/{found.id}/sheet.pdf")
    assert "Break-in at" in english
    assert "Who was told" in english
    assert "acknowledged" in english
    french = await pdf(rig, f"/api/incidents/{found.id}/sheet.pdf", "fr")
    assert "Qui a été prévenu" in french or "prévenu" in french
    assert "EXERCISE" not in english


@pytest.mark.slow
async def test_what_began_in_an_exercise_is_marked_for_good(rig: Rig) -> None:
    play(rig, running=True)
    found = incident(rig)
    rig.clock.advance(60)
    play(rig, running=False)
    rig.clock.advance(7 * 24 * 3600)
    assert "[EXERCISE]" in await pdf(rig, f"/api/incidents/{found.id}/sheet.pdf")
    assert "[EXERCISE]" in await pdf(rig, "/api/situation.pdf")
    assert "[EXERCISE]" in await pdf(rig, f"/report/{found.id}/warning.pdf")
    async with rig.browser("operator") as browser:
        assert 'class="exercise"' in (await browser.get(f"/print/{found.id}")).text
        assert 'class="exercise"' in (await browser.get(f"/report/{found.id}/warning")).text
    async with rig.browser("guard") as browser:
        (notice,) = (await browser.get("/api/guard")).json()["notices"]
        assert notice["exercise"] == "theft"
        assert 'class="exercise"' in (await browser.get(f"/a/{notice['id']}")).text


@pytest.mark.slow
async def test_situation_and_crisis_log(rig: Rig) -> None:
    assert "No open incident." in await pdf(rig, "/api/situation.pdf")
    async with rig.browser("crisis") as browser:
        line = {"entry": "decision", "words": "Divert the ambulances", "to": "SAMU", "id": "a"}
        assert (await browser.post("/api/crisis", json=line)).status_code == 201
    rig.store()
    log = await pdf(rig, "/api/crisis.pdf")
    assert "Divert the ambulances" in log
    assert "SAMU" in log
    assert "[EXERCISE]" not in log


async def test_the_time_line_holds_alerts_notices_answers_and_decisions_in_order(rig: Rig) -> None:
    found = incident(rig)
    rig.clock.advance(30)
    async with rig.browser("operator") as browser:
        ask = {"state": "validated", "comment": "=1+1", "id": "b"}
        assert (await browser.post(f"/api/incidents/{found.id}/judge", json=ask)).status_code == 200
        rig.store()
        moments = (await browser.get(f"/api/incidents/{found.id}/timeline")).json()
        raw = (await browser.get(f"/api/incidents/{found.id}/timeline.csv")).text
    assert [one["at"] for one in moments] == sorted(one["at"] for one in moments)
    assert {one["lane"] for one in moments} == {"Physical", "Notices", "Answers", "Decisions"}
    assert moments[-1]["lane"] == "Decisions"
    rows = list(csv.reader(io.StringIO(raw.removeprefix("\ufeff"))))
    assert len(rows) == len(moments) + 1
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    async with rig.browser("liaison") as browser:
        assert (await browser.get(f"/api/incidents/{found.id}/timeline.csv")).status_code == 403


async def test_past_exercises(rig: Rig) -> None:
    async with rig.browser("analyst") as browser:
        assert (await browser.get("/api/scenarios/runs")).json() == []
        await browser.post("/api/scenarios/theft/run")
        (head,) = (await browser.get("/api/scenarios/runs")).json()
    assert (head["id"], head["name"], head["title"], head["state"]) == ("run-1", "theft", "Theft", "running")
    assert (head["steps"], head["as_expected"], head["slowest"], head["missed"]) == (1, 1, 0.4, [])
