"""More alarms than one person can follow: the board says so, alerts are shown by incident, and the figure is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from e2e_people import House, picture
from playwright.sync_api import expect

from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.events.doors import DoorOpened
from safecare.model.ids import AssetId, SiteId, ZoneId

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-flood")]

ALARMS = 12
"""Two more than one person can follow in ten minutes (EEMUA 191)."""


def openings() -> bytes:
    """Return openings that nobody was granted: each is one alert."""
    found = []
    for number in range(ALARMS):
        at = datetime.now(UTC) - timedelta(seconds=number)
        opened = DoorOpened(
            id=Event.id_for(at, "test", str(number)),
            at=at,
            seen=at,
            source="test",
            site=SiteId("aurore"),
            asset=AssetId("door.aurore.pharmacy"),
            zone=ZoneId("aurore.pharmacy"),
        )
        found.append(encode_event(opened))
    return b"\n".join(found)


def test_a_flood_is_told_and_shown_by_incident(house: House) -> None:
    with house.person("operator", "Paul Durand") as paul, house.person("admin", "Camille Renaud") as camille:
        paul.open("/alerts")
        paul.settle()
        paul.stay()
        with house.attacker.api() as http:
            http.post("/api/ingest/events", content=openings()).raise_for_status()
        house.until("/api/alerts", lambda alerts: len(alerts) == ALARMS)
        flood = paul.page.get_by_test_id("flood")
        expect(flood).to_contain_text(str(ALARMS))
        groups = paul.page.get_by_test_id("by-incident").locator("tbody tr")
        expect(groups).to_have_count(1)
        expect(groups).to_contain_text(str(ALARMS))
        picture(paul.page, "alerts-flood-en-dark-1366")
        flood.get_by_role("button").click()  # nothing is hidden from who asks
        expect(paul.page.get_by_test_id("alert")).to_have_count(ALARMS)
        assert paul.stayed()
        paul.open("/")
        expect(paul.page.get_by_text(f"{ALARMS} alerts in 10 minutes")).to_be_visible()
        expect(paul.page.get_by_test_id("incident-card")).to_have_count(1)
        camille.open("/admin")
        expect(camille.page.get_by_test_id("alarm-load")).to_contain_text(str(ALARMS))
        assert not paul.complaints, "\n".join(paul.complaints)
