"""Drawing a plan: by keys, by pointer, from a drawing; a board that is open shows what is saved, not loaded again."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e_people import DESK, House, picture
from playwright.sync_api import expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-drawing")]

LEVEL = "tilleuls.rehab.0"
SVG = b"""<svg><rect width="50" height="40"/><text x="9" y="20">Nouvelle salle</text>
<rect x="50" width="60" height="40"/><text x="60" y="20">Salle voisine</text></svg>"""


def test_a_renamed_room_is_on_the_open_board_at_once_and_comes_back(house: House) -> None:
    people = house.person("operator", "Paul Durand", viewport=DESK), house.person("admin", "Camille Renaud")
    with people[0] as paul, people[1] as camille:
        paul.page.get_by_test_id("building").select_option("tilleuls.rehab")
        first = paul.page.get_by_test_id("room").first
        first.wait_for()
        zone = str(first.get_attribute("data-zone"))
        paul.stay()
        camille.open(f"/drawing/{LEVEL}")
        camille.page.get_by_test_id("draw-search").fill(zone)
        camille.press("draw-room-row")
        camille.page.get_by_test_id("room-name").fill("Salle des fetes")
        camille.page.get_by_label("Name (English)").fill("Party room")
        camille.page.get_by_label("Name (English)").press("Tab")
        camille.press("save-plan")
        expect(camille.page.get_by_test_id("plan-changes")).to_contain_text("Party room")
        camille.press("confirm")
        expect(paul.page.locator(f"[data-zone='{zone}']")).to_have_attribute("aria-label", "Party room")
        assert paul.stayed()
        house.until("/api/health", lambda health: all(one["alive"] for one in health["stages"]))
        camille.page.get_by_test_id("versions").locator("summary").click()
        camille.press("bring-back-0")
        camille.press("confirm")
        expect(paul.page.locator(f"[data-zone='{zone}']")).not_to_have_attribute("aria-label", "Party room")
        assert not camille.complaints, "\n".join(camille.complaints)


def test_a_drawing_is_proposed_with_the_pointer_it_is_mended_and_undone(house: House, tmp_path: Path) -> None:
    drawing = tmp_path / "a.svg"
    drawing.write_bytes(SVG)
    with house.person("admin", "Camille Renaud", viewport=DESK) as camille:
        camille.open(f"/drawing/{LEVEL}")
        camille.see("draw-room-row")
        rows = camille.page.get_by_test_id("draw-room-row")
        before = rows.count()
        camille.press("import")
        camille.page.get_by_test_id("import-file").set_input_files(drawing)
        camille.press("confirm")
        expect(camille.page.get_by_test_id("import-found")).to_contain_text("2 rooms")
        camille.press("confirm")
        expect(rows).to_have_count(2)
        board = camille.page.get_by_test_id("draw-board").bounding_box()
        assert board is not None
        camille.press("tool-rectangle")
        for x, y in ((0.7, 0.05), (0.9, 0.2)):
            camille.page.mouse.click(board["x"] + x * board["width"], board["y"] + y * board["height"])
        expect(rows).to_have_count(3)
        picture(camille.page, "drawing-proposed-en-dark-1366")
        camille.press("save-plan")  # rooms that services name are gone
        expect(camille.page.get_by_test_id("plan-problems")).to_be_visible()
        expect(camille.page.get_by_test_id("confirm")).to_be_disabled()
        camille.page.keyboard.press("Escape")
        camille.press("undo")
        camille.press("undo")
        expect(rows).to_have_count(before)
        assert not camille.complaints, "\n".join(camille.complaints)
