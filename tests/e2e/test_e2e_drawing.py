"""Drawing a plan: by keys, by pointer, from a drawing; a board that is open shows what is saved, not loaded again."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e_people import DESK, House, picture
from playwright.sync_api import Dialog, expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-drawing")]

LEVEL = "tilleuls.rehab.0"
SVG = b"""<svg><rect width="50" height="40"/><text x="9" y="20">Nouvelle salle</text>
<rect x="50" width="60" height="40"/><text x="60" y="20">Salle voisine</text></svg>"""


def test_a_renamed_room_is_on_the_open_board_at_once_and_comes_back(house: House) -> None:
    with house.attacker.api() as http:
        zone = str(http.get(f"/api/levels/{LEVEL}").raise_for_status().json()["zones"][0]["id"])
    people = house.person("operator", "Paul Durand", viewport=DESK), house.person("admin", "Camille Renaud")
    with people[0] as paul, people[1] as camille:
        paul.page.get_by_test_id("building").select_option("tilleuls.rehab")
        paul.page.locator(f"[data-zone='{zone}']").wait_for()
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


def test_what_is_drawn_is_not_left_by_mistake(house: House) -> None:
    with house.person("admin", "Noor Haddad", viewport=DESK) as noor:
        noor.open(f"/drawing/{LEVEL}")
        noor.press("draw-room-row")
        noor.page.get_by_test_id("room-name").fill("Salle neuve")
        noor.page.get_by_test_id("room-name").press("Tab")
        asked: list[str] = []

        def ask(dialog: Dialog) -> None:
            asked.append(dialog.message)
            if len(asked) == 1:
                dialog.dismiss()
            else:
                dialog.accept()

        noor.page.on("dialog", ask)
        link = noor.page.get_by_role("link", name="Alerts")
        link.click()
        assert len(asked) == 1
        expect(noor.page.get_by_test_id("room-name")).to_have_value("Salle neuve")
        link.click()
        noor.page.wait_for_url("**/alerts")
        assert asked == ["What you have drawn is not saved. Leave it?"] * 2
        assert not noor.complaints, "\n".join(noor.complaints)


def test_two_fingers_zoom_and_one_moves_the_plan(house: House) -> None:
    with house.person("admin", "Ada Vidal", viewport=DESK, has_touch=True) as ada:
        ada.open(f"/drawing/{LEVEL}")
        ada.see("draw-room-row")
        ada.rest()
        board = ada.page.get_by_test_id("draw-board")
        box = board.bounding_box()
        assert box is not None
        touch = ada.context.new_cdp_session(ada.page)

        def fingers(kind: str, *points: tuple[float, float]) -> None:
            places = [{"x": box["x"] + x, "y": box["y"] + y, "id": id} for id, (x, y) in enumerate(points)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

        def seen() -> list[float]:
            return [float(one) for one in str(board.get_attribute("viewBox")).split()]

        whole = seen()
        fingers("touchStart", (200, 200))
        fingers("touchStart", (200, 200), (300, 200))
        fingers("touchMove", (150, 200), (350, 200))
        fingers("touchEnd")
        near = seen()
        assert near[2] == pytest.approx(whole[2] / 2)
        fingers("touchStart", (5, 5))  # beside the rooms
        fingers("touchMove", (105, 5))
        fingers("touchEnd")
        assert seen()[0] == pytest.approx(near[0] - 100 * near[2] / box["width"], rel=0.02)
        assert seen()[2] == near[2]
        expect(ada.page.get_by_test_id("undo")).to_be_disabled()  # nothing was drawn by it


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
        camille.rest()
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
