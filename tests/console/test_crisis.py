"""The crisis log: numbered, sealed, corrected but never changed; on paper and as a table."""

from __future__ import annotations

import csv
import io

import console_items as made
import pytest
from console_pages import Page, check_basics
from console_rig import Rig

from safecare.model.events.acts import CrisisLogged

pytest_plugins = ["console_fixtures"]


async def write(rig: Rig, role: str = "crisis", **line: object) -> str:
    async with rig.browser(role) as cell:
        answer = await cell.post("/api/crisis", json={"entry": "decision", "words": "Close the pharmacy", **line})
        assert answer.status_code == 201, answer.text
        rig.store()
        return str(answer.json()["id"])


async def test_lines_are_numbered_and_corrected_by_further_ones(rig: Rig) -> None:
    first = await write(rig)
    rig.clock.advance(60)
    await write(rig, entry="call", words="Told the ARS", to="ARS")
    await write(rig, entry="note", words="It was the cold room", corrects=first)
    async with rig.browser("auditor") as auditor:
        log = (await auditor.get("/api/crisis")).json()
    assert log["verified"] is True
    assert [(one["number"], one["entry"], one["corrects"]) for one in log["entries"]] == [
        (1, "decision", None),
        (2, "call", None),
        (3, "note", 1),
    ]
    assert len({one["hash"] for one in log["entries"]}) == 3


async def test_a_line_sent_twice_is_one(rig: Rig) -> None:
    async with rig.browser("crisis") as cell:
        for _ in range(2):
            await cell.post("/api/crisis", json={"entry": "note", "words": "x", "id": "same"})
    assert len([one for one in rig.acts() if isinstance(one, CrisisLogged)]) == 1


async def test_only_lines_can_be_corrected_and_only_incidents_named(rig: Rig) -> None:
    event = made.opened(rig.clock.now())
    rig.add(event)
    async with rig.browser("crisis") as cell:
        for wrong, status in (({"corrects": event.id}, 422), ({"corrects": "x"}, 422), ({"incident": "x"}, 404)):
            body = {"entry": "note", "words": "x", **wrong}
            assert (await cell.post("/api/crisis", json=body)).status_code == status
        for nothing in ("", " \n\u00a0"):
            assert (await cell.post("/api/crisis", json={"entry": "note", "words": nothing})).status_code == 422


async def test_a_site_has_its_own_lines(rig: Rig) -> None:
    there = made.incident(rig.clock.now(), site=made.OTHER)
    rig.add(there)
    await write(rig)
    await write(rig, incident=there.id)
    async with rig.browser("crisis", site="aurore") as cell:
        assert [one["number"] for one in (await cell.get("/api/crisis")).json()["entries"]] == [1]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_on_paper(rig: Rig, language: str) -> None:
    await write(rig, words="<b>Bold</b>")
    async with rig.browser("crisis", **{"Accept-Language": language}) as cell:
        page = Page((await cell.get("/print-crisis")).text)
    check_basics(page, language)
    assert "<b>Bold</b>" in page.text


async def test_as_a_table_without_formulas(rig: Rig) -> None:
    await write(rig, words="=HYPERLINK(1)")
    async with rig.browser("crisis") as cell:
        rows = list(csv.reader(io.StringIO((await cell.get("/api/crisis.csv")).content.decode("utf-8-sig"))))
    assert rows[1][7] == "'=HYPERLINK(1)"


async def test_the_audit_tells_it_in_words(rig: Rig) -> None:
    await write(rig)
    async with rig.browser("ciso") as ciso:
        [entry] = [one for one in (await ciso.get("/api/audit")).json()["entries"] if one["act"] == "act.crisis"]
    assert entry["about"] == "Crisis log · Decision: “Close the pharmacy”"
