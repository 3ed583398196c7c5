"""Incidents put together and apart with what turns it back, and suppressions with their preview: by the keyboard."""

from __future__ import annotations

import pytest
from e2e_people import House, Person
from playwright.sync_api import expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-arranging")]


def test_taken_apart_turned_back_and_suppressed(house: House) -> None:
    house.attacker.all()
    house.until("/api/alerts", lambda alerts: sum(bool(one["incident"]) for one in alerts) >= 5)
    id = house.incident()
    with house.person("analyst", "Nadia Ferrand") as nadia:
        nadia.see("incident-card")
        nadia.open(f"/incident/{id}")
        split_off_and_turned_back(house, nadia, id)
        suppressed_after_a_preview(nadia)
        assert nadia.complaints == []
    with house.person("auditor", "Ilan Roche") as ilan:
        ilan.see("incident-card")
        ilan.open(f"/incident/{id}")
        ilan.see("arrangements")
        expect(ilan.page.get_by_test_id("undo")).to_have_count(0)  # who only reads sees what was done, and does nothing
        expect(ilan.page.get_by_test_id("pick")).to_have_count(0)


def split_off_and_turned_back(house: House, person: Person, id: str) -> None:
    """The last alert becomes an incident of its own, then comes back; all with keys."""
    page = person.page
    picks = page.get_by_test_id("pick")
    picks.last.wait_for()
    count = picks.count()
    assert page.get_by_test_id("split").is_disabled()
    picks.last.focus()
    page.keyboard.press("Space")
    page.get_by_test_id("split").focus()
    page.keyboard.press("Enter")
    person.see("dialog")
    page.get_by_role("textbox").fill("Another door")
    person.press("confirm")
    expect(picks).to_have_count(count - 1)
    expect(page.get_by_test_id("arrangements")).to_contain_text("Another door")
    house.until(f"/api/incidents/{id}", lambda one: one["alerts"] == count - 1)
    person.press("undo")
    person.press("confirm")
    expect(picks).to_have_count(count)
    expect(page.get_by_test_id("arrangements")).to_contain_text("turned back")


def suppressed_after_a_preview(person: Person) -> None:
    """Nothing is set that was not shown first; a change asks for a new look."""
    person.open("/suppressions")
    page = person.page
    person.see("rules")
    page.get_by_test_id("rules").fill("door.* badge.*")
    page.get_by_test_id("reason").fill("New locks")
    person.press("send")
    expect(page.get_by_test_id("preview")).to_contain_text("Would have hidden")
    page.get_by_test_id("rules").fill("badge.*")
    expect(page.get_by_test_id("preview")).to_have_count(0)
    person.press("send")
    person.see("preview")
    person.press("send")
    expect(page.get_by_test_id("windows")).to_contain_text("New locks")
    person.press("end")
    person.press("confirm")
    expect(page.get_by_test_id("windows")).to_contain_text("ended")
