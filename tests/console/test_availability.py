"""Availability of care: figures with their source and age, expectations of open incidents, and who may say what."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import console_items as made
from console_rig import Rig

from safecare.model.event import Event
from safecare.model.events.care import CareCounted, CareFigures, CareStated
from safecare.model.ids import ServiceId, SiteId

pytest_plugins = ["console_fixtures"]


def service_of(rig: Rig) -> str:
    return rig.hospital.services[0].id


def counted(rig: Rig, minutes: int, figures: CareFigures) -> CareCounted:
    at = rig.clock.now() - timedelta(minutes=minutes)
    return CareCounted(
        id=Event.id_for(at, "beds", str(figures)),
        at=at,
        seen=at,
        source="bed-management",
        site=SiteId("aurore"),
        service=ServiceId(service_of(rig)),
        figures=figures,
    )


async def test_the_newest_report_on_each_figure_counts_whatever_order_they_come_in(rig: Rig) -> None:
    rig.add(counted(rig, 5, CareFigures(beds=12)), counted(rig, 30, CareFigures(beds=10, occupied=9)))
    async with rig.browser("operator") as browser:
        (row,) = [one for one in (await browser.get("/api/availability")).json() if one["id"] == service_of(rig)]
    assert {name: one["value"] for name, one in row["figures"].items()} == {"beds": 12, "occupied": 9}
    assert row["figures"]["beds"]["by"] == "bed-management"
    assert row["figures"]["occupied"]["at"] < row["figures"]["beds"]["at"]


async def test_a_person_states_what_a_service_has_once(rig: Rig) -> None:
    ask = {"figures": {"diversion": True, "open": "limited"}, "comment": "CT is down", "id": "a"}
    path = f"/api/availability/{service_of(rig)}"
    async with rig.browser("crisis") as browser:
        for _ in range(2):
            assert (await browser.post(path, json=ask)).status_code == 201
        assert (await browser.post(path, json={"figures": {}})).status_code == 422
        assert (await browser.post(path, json={"figures": {"beds": -1}})).status_code == 422
        assert (await browser.post("/api/availability/no-such", json=ask)).status_code == 404
        rig.store()
        (row,) = [one for one in (await browser.get("/api/availability")).json() if one["id"] == service_of(rig)]
        rows = list(csv.DictReader(io.StringIO((await browser.get("/api/availability.csv")).text)))
    acts = [act for act in rig.acts() if isinstance(act, CareStated)]
    assert [act.figures for act in acts] == [CareFigures(open="limited", diversion=True)]
    assert row["figures"]["diversion"]["value"] is True
    (line,) = [one for one in rows if one["service"] == service_of(rig)]
    assert (line["open"], line["diversion"], line["beds"]) == ("limited", "true", "")


async def test_what_open_incidents_may_do_stands_beside_it(rig: Rig) -> None:
    alert = made.alert(rig.clock.now())
    incident = made.incident(rig.clock.now(), alert, id="i")
    forecast = made.forecast(incident)
    rig.add(alert, incident, forecast)
    (hit,) = {effect.target for effect in forecast.effects if effect.kind == "service"}
    for role, expected in (("crisis", ["i"]), ("liaison", [])):  # what is not shared with partners is not told here
        async with rig.browser(role) as browser:
            rows = {one["id"]: one for one in (await browser.get("/api/availability")).json()}
        assert [one["incident"] for one in rows[hit]["expected"]] == expected


async def test_who_may_see_and_who_may_state(rig: Rig) -> None:
    path = f"/api/availability/{service_of(rig)}"
    for role, reads, states in (("guard", 403, 403), ("liaison", 200, 403), ("auditor", 200, 403)):
        async with rig.browser(role) as browser:
            assert (await browser.get("/api/availability")).status_code == reads
            assert (await browser.post(path, json={"figures": {"beds": 1}})).status_code == states
    async with rig.browser("operator", "tilleuls") as browser:
        assert all(one["site"] == "tilleuls" for one in (await browser.get("/api/availability")).json())


async def test_the_message_for_rescue_services_tells_the_same_figures(rig: Rig) -> None:
    rig.add(counted(rig, 5, CareFigures(beds=12, occupied=9)))
    async with rig.browser("liaison") as browser:
        found = await browser.get("/api/availability.have.xml")
    assert found.headers["content-type"] == "application/xml"
    assert "HospitalStatus" in found.text
    assert rig.hospital.sites[0].name.en.split()[0] in found.text or rig.hospital.sites[0].id in found.text
    async with rig.browser("guard") as browser:
        assert (await browser.get("/api/availability.have.xml")).status_code == 403
