"""Every screen in both languages and themes: readable by everyone (axe), nothing in the console, keys are enough."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from e2e_people import DESK, PHONE, VIDEO_WALL, WALL, House, picture
from e2e_screens import filled, screens
from playwright.sync_api import Page, expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-screens")]

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [("fr", "dark"), ("fr", "day"), ("en", "dark"), ("en", "day")]
SIZES = {"3840": VIDEO_WALL, "1920": WALL, "1366": DESK, "360": PHONE}


@pytest.fixture(scope="module")
def incident(house: House) -> str:
    """An incident that fills the screens; something unreadable for the rejects."""
    return filled(house)


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker's code."""
    if not AXE.is_file():
        pytest.fail("axe-core is missing: script/build-web")
    return AXE.read_text("utf-8")


def violations(page: Page, axe: str) -> list[str]:
    """Return what axe finds wrong on `page`, one line for each place."""
    page.evaluate(axe)  # through the debugger: the page's own policy lets no such script in
    found: dict[str, Any] = page.evaluate(
        "(rules) => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_screens_are_accessible_and_silent(house: House, incident: str, axe: str, language: str, theme: str) -> None:
    faults: list[str] = []
    with house.person("admin", "Camille Renaud", language=language, dark=theme == "dark") as camille:
        camille.see("incident-card")
        expect(camille.page.locator("html")).to_have_attribute("data-theme", theme)
        for name, address in screens(house, incident):
            camille.open(address)
            camille.settle()
            if name == "incident":  # what is closed at first is readable and fits, too
                camille.page.get_by_test_id("ask-recovery").click()
                camille.see("recovery-loss")
                camille.page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")
            for size, view in SIZES.items():
                camille.page.set_viewport_size(view)
                picture(camille.page, f"{name}-{language}-{theme}-{size}")
                if size in {"1366", "360"}:
                    faults += [f"{name} {size}: {one}" for one in violations(camille.page, axe)]
                wide = camille.page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if wide > 0:
                    faults.append(f"{name} {size}: {wide} px wider than the screen")
        # One incident that is not there answers 404, which the browser itself writes down.
        complaints = [one for one in camille.complaints if "no-such-" not in one]
    assert not faults, "\n".join(faults)
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_pages_before_sign_in_and_dialogs(house: House, incident: str, axe: str, language: str, theme: str) -> None:
    faults: list[str] = []
    with house.visitor(language=language, dark=theme == "dark", viewport=PHONE) as person:
        for name, address in (("no-session", house.url), ("sign-in", house.link("admin", "Camille Renaud"))):
            person.page.goto(address)
            picture(person.page, f"{name}-{language}-{theme}-360")
            faults += [f"{name}: {one}" for one in violations(person.page, axe)]
        person.complaints.clear()  # the page without a session is a 401, which the browser writes down
        person.page.get_by_role("button").click()
        person.see("incident-card")
        person.page.set_viewport_size(DESK)
        for name, steps in DIALOGS.items():
            person.open(f"/incident/{incident}" if name in {"close", "approve", "split"} else "/")
            person.settle()
            for step in steps:
                person.page.locator(step).first.click()
            picture(person.page, f"dialog-{name}-{language}-{theme}-1366")
            faults += [f"{name}: {one}" for one in violations(person.page, axe)]
        assert not person.complaints, "\n".join(person.complaints)
    assert not faults, "\n".join(faults)


DIALOGS = {
    "menu": ["[data-testid=settings] > summary"],
    "invite": ["[data-testid=settings] > summary", "[data-testid=invite]"],
    "room": ["[data-zone='aurore.pharmacy']"],
    "table": ["[data-testid=plan-twin]"],
    "close": ["[data-testid=close]"],
    "approve": ["[data-testid^=approve-]"],
    "split": ["[data-testid=pick]", "[data-testid=split]"],
}
"""What opens on a press: the presses that lead there."""


def test_keys_are_enough_from_the_board_to_a_decision(house: House, incident: str) -> None:
    with house.person("operator", "Paul Durand") as paul:
        paul.see("incident-card")
        tab_to(paul.page, "incident-card")
        paul.page.keyboard.press("Enter")
        tab_to(paul.page, "open-incident")
        paul.page.keyboard.press("Enter")
        paul.page.wait_for_url(f"**/incident/{incident}")
        paul.see("close")
        tab_to(paul.page, "close")
        paul.page.keyboard.press("Enter")
        paul.see("dialog")
        paul.page.keyboard.press("Escape")
        expect(paul.page.get_by_test_id("dialog")).to_have_count(0)
        assert focused(paul.page) == "close"  # the focus comes back to where it was
        # The evidence has many stops: links lead past it.
        tab_to(paul.page, "to-plan")
        paul.stay()
        paul.page.keyboard.press("Enter")
        tab_to(paul.page, "refuse", 10)
        assert paul.stayed()


def test_keys_are_enough_to_walk_over_the_plan(house: House, incident: str) -> None:
    with house.person("operator", "Paul Durand") as paul:
        paul.see("floor-plan")
        expect(paul.page.locator("[data-zone='aurore.pharmacy']")).to_have_count(1)
        tab_to(paul.page, "room")
        before = paul.page.evaluate("document.activeElement.dataset.zone")
        paul.page.keyboard.press("ArrowRight")
        assert paul.page.evaluate("document.activeElement.dataset.zone") != before
        paul.page.keyboard.press("Enter")
        paul.see("room-card")


def test_keys_are_enough_to_acknowledge(house: House, incident: str) -> None:
    with house.person("guard", "Jade Vasseur") as jade:
        jade.see("notice")
        tab_to(jade.page, "answer-acknowledged")
        jade.page.keyboard.press("Enter")
        expect(jade.page.get_by_test_id("answer-acknowledged")).to_be_disabled()
        expect(jade.page.get_by_test_id("queued")).to_have_count(0)
        house.until(f"/api/incidents/{incident}", lambda one: '"acknowledged"' in json.dumps(one["notices"]))


def test_what_if_by_keys(house: House, incident: str) -> None:
    with house.person("analyst", "Lina Morel") as lina:
        lina.open(f"/incident/{incident}/impact")
        lina.see("impact-graph")
        said = lina.page.locator("#graph-spoken")
        tab_to(lina.page, "impact-graph")
        for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
            before = said.text_content()
            lina.page.keyboard.press(key)
            expect(said).not_to_have_text(before or "-")
        lina.see("thing")
        tab_to(lina.page, "spare")
        lina.page.keyboard.press("Enter")
        expect(lina.page.get_by_test_id("try-result")).to_contain_text("patient-hours")
        expect(lina.page.get_by_test_id("try-result")).to_contain_text("95 %")
        assert not lina.complaints, "\n".join(lina.complaints)


def focused(page: Page) -> str:
    """Return the mark of what has the focus."""
    return str(page.evaluate("document.activeElement?.dataset.testid ?? ''"))


def tab_to(page: Page, test_id: str, most: int = 60) -> None:
    """Press the tabulator until `test_id` has the focus, which must be visible; at most `most` times."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused(page) == test_id:
            assert page.evaluate("document.activeElement.matches(':focus-visible')")
            return
    raise AssertionError(f"{test_id} is not reached by {most} tabs")
