"""Drawing zones into a camera's picture: by the pointer and by numbers, refused with a reason, saved, still there."""

from __future__ import annotations

import pytest
from e2e_people import DESK, House, picture
from playwright.sync_api import expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-camera-zones")]

CAMERA = "camera.aurore.basement.spine"
PATH = f"/cameras/{CAMERA}"


def test_an_area_is_drawn_mended_by_numbers_saved_and_in_use(house: House) -> None:
    with house.person("admin", "Camille Renaud", viewport=DESK) as camille:
        camille.open(PATH)
        camille.press("zone-tool-area")
        camille.rest()
        board = camille.page.get_by_test_id("zone-board").bounding_box()
        assert board is not None
        for x, y in ((0.2, 0.2), (0.6, 0.2), (0.6, 0.7), (0.2, 0.2)):
            camille.page.mouse.click(board["x"] + x * board["width"], board["y"] + y * board["height"])
        rows = camille.page.get_by_test_id("zone-row")
        expect(rows).to_have_count(1)
        hours = camille.page.get_by_test_id("zone-hours").first
        hours.fill("25:00")
        hours.press("Tab")
        camille.press("zones-save")
        expect(camille.page.get_by_test_id("zones-refused")).to_contain_text("area-1")
        hours.fill("20:00-06:00")
        hours.press("Tab")
        camille.press("add-line")  # without the pointer
        expect(rows).to_have_count(2)
        for number, (x, y, east, north) in enumerate(
            ((9, 350, 46, 20), (600, 350, 50, 20), (400, 90, 50, 30), (200, 90, 46, 30))
        ):
            for where, axis, value in (("picture", 0, x), ("picture", 1, y), ("floor", 0, east), ("floor", 1, north)):
                field = camille.page.get_by_test_id(f"pair-{where}-{number}-{axis}")
                field.fill(str(value))
                field.press("Tab")
        picture(camille.page, "camera-zones-en-dark-1366")
        camille.press("zones-save")
        expect(camille.page.get_by_test_id("zones-said")).to_contain_text("version 1")
        camille.open(PATH)
        expect(rows).to_have_count(2)
        saved = house.until(f"/api{PATH}/zones", lambda view: view["version"] == 1)
        assert [zone["kind"] for zone in saved["file"]["zones"]] == ["intrusion", "line"]
        assert len(saved["file"]["zones"][0]["polygon"]) == 3
        assert len(saved["file"]["calibration"]["floor"]) == 4
        house.until("/api/health", lambda health: all(one["alive"] for one in health["stages"]))
        camille.complaints = [one for one in camille.complaints if "422" not in one]  # the refusal above
        assert not camille.complaints, "\n".join(camille.complaints)
