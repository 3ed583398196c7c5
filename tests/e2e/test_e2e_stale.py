"""The platform stops and comes back: every open screen says so, and goes on by itself."""

from __future__ import annotations

import pytest
from e2e_people import House
from playwright.sync_api import expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-stale")]


def test_a_stopped_platform_is_told_and_an_open_board_recovers(house: House) -> None:
    with house.person("operator", "Paul Durand") as paul:
        paul.see("floor-plan")
        paul.stay()
        expect(paul.page.get_by_test_id("stale")).to_have_count(0)
        house.attacker.platform.stop()
        paul.see("stale")
        expect(paul.page.get_by_test_id("stale")).to_contain_text("out of date")
        expect(paul.page.get_by_test_id("heard")).to_contain_text("Cut")

        house.attacker.platform.start()
        expect(paul.page.get_by_test_id("stale")).to_have_count(0)
        expect(paul.page.get_by_test_id("heard")).to_have_text("Live")
        count = paul.page.get_by_role("region", name="Overview").locator("a[href='/alerts']")
        before = house.until("/api/board", lambda _: True)["counts"]["alerts"]
        expect(count).to_have_text(str(before))
        house.attacker.theft()
        expect(count).to_have_text(str(before + 1))
        assert paul.stayed(), "the session and the page outlive the platform's restart"


def test_what_was_known_before_a_kill_is_there_after_it(house: House) -> None:
    house.attacker.field(("aurore/fire/pharmacy.store", {"smoke": True}))
    house.until("/api/alerts", lambda alerts: any(one["rule"] == "fire.alarm" and one["incident"] for one in alerts))
    known = len(house.until("/api/board", lambda board: bool(board["incidents"]))["incidents"])
    with house.person("operator", "Anna Keller") as anna:
        expect(anna.page.get_by_test_id("incident-card")).to_have_count(known)
        house.attacker.platform.kill()
        house.attacker.platform.start()
        anna.page.reload()
        expect(anna.page.get_by_test_id("incident-card")).to_have_count(known)
