"""Screens in bad company: a server that comes back, a clock a day off, a browser that keeps nothing, a shaking hand."""

from __future__ import annotations

import pytest
from e2e_people import IN_CHARGE, PHONE, House, Person
from e2e_screens import filled
from playwright.sync_api import Route, expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-screens")]

A_DAY_AHEAD = """(() => {
  const real = Date, ahead = 86_400_000;
  globalThis.Date = class extends real {
    constructor(...parts) { parts.length ? super(...parts) : super(real.now() + ahead); }
    static now() { return real.now() + ahead; }
  };
})();"""
NO_STORAGE = {
    "refused": """for (const shelf of ["indexedDB", "localStorage"])
      Object.defineProperty(globalThis, shelf, {get() { throw new DOMException("no", "SecurityError"); }});""",
    "silent": "IDBFactory.prototype.open = () => ({});",
}
"""A browser that keeps nothing and says so; one that never answers."""


@pytest.fixture(scope="module")
def incident(house: House) -> str:
    """An incident that fills the screens."""
    return filled(house)


def test_what_the_server_could_not_say_comes_without_a_reload(house: House, incident: str) -> None:
    refused: list[str] = []

    def starting(route: Route) -> None:
        if route.request.url in refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=502, body="Bad Gateway")

    with house.person("operator", "Paul Durand", service_workers="block") as paul:
        paul.see("incident-card")
        for path in (f"incidents/{incident}", f"incidents/{incident}/plan", "sites", "levels/*", "board"):
            paul.page.route(f"**/api/{path}", starting)
        paul.open(f"/incident/{incident}")
        paul.stay()
        paul.see("story")
        paul.see("action")
        paul.page.get_by_role("link", name="← Situation").click()
        paul.see("incident-card")
        paul.see("room")
        assert paul.stayed()
        assert len(refused) > 4


def test_a_screen_that_opens_without_a_server_says_of_when_it_is(house: House, incident: str) -> None:
    with house.person("operator", "Anna Keller") as anna:
        anna.see("incident-card")
        anna.see("room")
        anna.page.evaluate(IN_CHARGE)
        anna.context.set_offline(True)
        anna.page.reload()
        anna.see("incident-card")
        expect(anna.page.get_by_test_id("offline")).to_contain_text("This is the situation of")
        expect(anna.page.get_by_test_id("heard")).not_to_have_text("Live")
        anna.context.set_offline(False)
        expect(anna.page.get_by_test_id("stale")).to_have_count(0)
        expect(anna.page.get_by_test_id("heard")).to_have_text("Live")


def test_a_browser_whose_clock_is_a_day_off_tells_true_times(house: House, incident: str) -> None:
    with house.visitor(viewport=PHONE) as tom:
        tom.context.add_init_script(A_DAY_AHEAD)
        tom.page.goto(house.link("guard", "Tom Morvan"))
        tom.page.get_by_role("button").click()
        tom.see("notice")
        expect(tom.page.get_by_test_id("notice").locator("header")).not_to_contain_text("day")
        tom.press("answer-acknowledged")
        house.until(f"/api/incidents/{incident}", lambda one: told(one, "Tom Morvan", "acknowledged"))
        tom.open("/account")
        tom.see("account")
        assert not tom.complaints, "\n".join(tom.complaints)


@pytest.mark.parametrize("way", NO_STORAGE)
def test_a_browser_that_keeps_nothing_sends_answers_all_the_same(house: House, incident: str, way: str) -> None:
    who = f"Eva {way}"
    with house.visitor(viewport=PHONE) as eva:
        eva.context.add_init_script(NO_STORAGE[way])
        eva.page.goto(house.link("guard", who))
        eva.page.get_by_role("button").click()
        eva.see("notice")
        eva.press("answer-on_my_way")
        house.until(f"/api/incidents/{incident}", lambda one: told(one, who, "on_my_way"))
        expect(eva.page.get_by_test_id("answer-on_my_way")).to_be_disabled()


def test_a_double_press_writes_one_line(house: House, incident: str) -> None:
    with house.person("crisis", "Ada Vidal") as ada:
        ada.open("/crisis")
        ada.page.get_by_test_id("crisis-words").fill("The north wing moves its patients")
        ada.page.get_by_test_id("crisis-write").dblclick()
        lines = ada.page.get_by_test_id("crisis-log").locator("tbody tr")
        expect(lines.first).to_contain_text("north wing")
        ada.page.get_by_test_id("crisis-words").fill("They are there")
        ada.press("crisis-write")
        expect(lines.first).to_contain_text("They are there")
        expect(lines).to_have_count(2)


def test_who_is_late_is_told_so(house: House, incident: str) -> None:
    """Two people before the same incident: the second one's dialog was opened before the first one's word."""
    with house.person("operator", "Noor Haddad") as noor, house.person("analyst", "Ilan Roche") as ilan:
        for one in (noor, ilan):
            one.open(f"/incident/{incident}")
            one.press("contain")
            one.see("dialog")
        noor.press("confirm")
        expect(noor.page.get_by_test_id("incident-state")).to_have_text("Contained")
        closed(noor)
        ilan.press("confirm")
        expect(ilan.page.get_by_role("alert").filter(has_text="Somebody has judged")).to_be_visible()
        expect(ilan.page.get_by_test_id("incident-state")).to_have_text("Closed")
        noor.press("reopen")
        noor.press("confirm")
        expect(noor.page.get_by_test_id("incident-state")).to_have_text("New")


def closed(person: Person) -> None:
    """Close the incident of the page."""
    person.press("close")
    person.press("confirm")
    expect(person.page.get_by_test_id("incident-state")).to_have_text("Closed")


def told(incident: dict[str, object], who: str, outcome: str) -> bool:
    """Return whether `who` has answered so, with a time that is not of another day than the notice."""
    notices = incident["notices"]
    assert isinstance(notices, list)
    receipts = [(notice, one) for notice in notices for one in notice["receipts"] if one["who"] == who]
    return any(one["outcome"] == outcome and one["at"][:10] >= notice["at"][:10] for notice, one in receipts)
