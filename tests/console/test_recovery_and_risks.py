"""Recovery of an incident and the risk study over HTTP: for those who may, in their language, as pages and as files."""

from __future__ import annotations

import csv
import io
import zipfile
from math import inf
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from console_rig import Rig

from safecare.testing.cascade import incident_of, theft_alerts

pytest_plugins = ["console_fixtures"]
ALERTS = theft_alerts()
INCIDENT = incident_of(ALERTS)
RECOVERY = f"/api/incidents/{INCIDENT.id}/recovery"


def seconds(told: dict[str, Any]) -> list[float]:
    """When it is back; later than looked ahead counts as never."""
    return [inf if one is None else one for one in told["back"]]


@pytest.mark.slow
async def test_more_crews_bring_care_back_no_later(story: Rig) -> None:
    async with story.browser("operator", **{"accept-language": "fr"}) as browser:
        few = (await browser.get(RECOVERY, params={"crews": 1})).json()
        many = (await browser.get(RECOVERY, params={"crews": 20})).json()
    assert (few["crews"], many["crews"]) == (1, 20)
    assert {one["id"] for one in few["order"]} >= {"board.north"}
    assert few["services"]
    assert few["loss"] <= few["loss_without"] == many["loss_without"]
    assert many["loss"] <= few["loss"]
    with_many = {one["id"]: seconds(one) for one in many["services"]}
    for one in few["services"]:
        assert seconds(one) == sorted(seconds(one))
        assert with_many[one["id"]][1] <= seconds(one)[1]
    assert not story.acts()  # nothing is done, nothing is recorded


@pytest.mark.slow
async def test_what_is_no_number_of_crews(story: Rig) -> None:
    async with story.browser("operator") as browser:
        for crews in ("0", "-1", "101", "²", "", "NaN"):
            assert (await browser.get(RECOVERY, params={"crews": crews})).status_code == 422, crews
        assert (await browser.get("/api/incidents/none/recovery")).status_code == 404
    async with story.browser("guard") as browser:
        assert (await browser.get(RECOVERY)).status_code == 403


@pytest.mark.slow
async def test_the_risk_study_as_a_page_and_as_files(story: Rig) -> None:
    async with story.browser("ciso", **{"accept-language": "fr"}) as browser:
        tables = (await browser.get("/api/risk/tables")).json()
        assert [one["name"][0] for one in tables[:2]] == ["1", "2"]
        assert all(len(row) == len(table["head"]) for table in tables for row in table["rows"])
        assert any("vaccination" in str(row[0]).casefold() for row in tables[0]["rows"])
        lines = list(csv.reader(io.StringIO((await browser.get("/api/risk/csv")).content.decode("utf-8-sig"))))
        assert tables[0]["head"] in lines
        book = zipfile.ZipFile(io.BytesIO((await browser.get("/api/risk/xlsx")).content))
        names = [
            one.attrib["name"] for one in ET.fromstring(book.read("xl/workbook.xml")).iter() if "name" in one.attrib
        ]
        assert [one["name"] for one in tables] == names
        paper = await browser.get("/api/risk/pdf")
        assert paper.content.startswith(b"%PDF-")
        assert paper.headers["content-disposition"] == 'attachment; filename="risk.pdf"'
        assert (await browser.get("/api/risk/exe")).status_code == 404


async def test_who_sees_a_part_of_the_house_is_told_no_risks_of_the_whole(rig: Rig) -> None:
    for role, site, places, status in (
        ("guard", None, (), 403),
        ("operator", None, (), 403),
        ("ciso", "elsewhere", (), 404),
        ("ciso", "aurore", ("aurore.ward.a",), 404),
    ):
        async with rig.browser(role, site, places) as browser:
            assert (await browser.get("/api/risk/tables")).status_code == status, role
