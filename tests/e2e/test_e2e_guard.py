"""The guard's phone: invited in the console, told, answers; without a network; without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from e2e_people import IN_CHARGE, PHONE, House, Person, picture
from playwright.sync_api import Page, Route, expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-guard")]

SMALL = """() => [...document.querySelectorAll("button, a, select, input, textarea, summary, .choice label")]
  .filter((one) => one.checkVisibility() && !one.matches(".unseen, .skip, .choice input, :is(p, li) > a:not(.button)"))
  .map((one) => [one.tagName, (one.innerText || one.name || "").trim(), one.getBoundingClientRect()])
  .filter(([, , box]) => Math.round(box.height) < 48 || Math.round(box.width) < 48)
  .map(([tag, words, box]) => `${tag} ${words}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""
"""Targets of less than 48 px: a thumb in a glove misses them. Links within a sentence are none."""
TOUCH: dict[str, Any] = {"viewport": PHONE, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def incident(house: House) -> str:
    """An incident about which the guards of Sainte-Aurore are told."""
    house.attacker.all()
    house.until("/api/alerts", lambda alerts: sum(bool(one["incident"]) for one in alerts) >= 5)
    return house.incident()


@pytest.fixture
def guard(house: House, incident: str, request: pytest.FixtureRequest) -> Iterator[Person]:
    """A guard of their own for each test, on a phone."""
    with house.person("guard", f"Guard {request.node.name[-20:]}", **TOUCH) as person:
        person.see("notice")
        yield person


def receipts(house: House, incident: str, who: str) -> list[str]:
    """Return what `who` has answered, in order."""
    with house.attacker.api() as http:
        notices = http.get(f"/api/incidents/{incident}").json()["notices"]
    return [one["outcome"] for notice in notices for one in notice["receipts"] if one["who"] == who]


def name(person: Person) -> str:
    """Return the name of the person who has signed in."""
    return str(person.context.request.get(person.url + "/api/me").json()["name"])


def test_an_invited_guard_acknowledges_and_the_desk_sees_it(house: House, incident: str) -> None:
    with house.person("admin", "Camille Renaud") as camille:
        link = invitation(camille, "Tom Morvan")
        camille.open(f"/incident/{incident}")
        camille.see("told")
        camille.stay()
        with house.visitor(**TOUCH) as tom:
            tom.page.goto(link)
            tom.page.get_by_role("button").tap()
            tom.page.wait_for_url("**/guard")
            tom.see("notice")
            tom.see("plan-crop")
            tom.page.get_by_test_id("answer-acknowledged").tap()
            expect(tom.page.get_by_test_id("answer-acknowledged")).to_be_disabled()
            told = camille.page.locator("[data-testid=receipt][data-outcome=acknowledged]")
            expect(told.filter(has_text="Tom Morvan")).to_be_visible()
            assert tom.complaints == []
        expect(camille.page.get_by_text("Acknowledged", exact=True)).to_be_visible()
        assert camille.stayed()
        assert camille.complaints == []


def invitation(person: Person, guest: str) -> str:
    """Make a link for a guard in the console, as an administrator does, and return it."""
    person.page.get_by_label("Menu and settings").click()
    person.press("invite")
    person.page.get_by_label("Name").fill(guest)
    person.page.get_by_label("Role").select_option("guard")
    person.press("confirm")
    person.see("invitation")
    link = person.page.get_by_test_id("invitation").input_value()
    person.page.get_by_test_id("confirm").click()
    return link


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_answer_is_in_sight_without_scrolling(house: House, incident: str, language: str) -> None:
    with house.person("guard", f"Eva {language}", language=language, **TOUCH) as eva:
        eva.see("plan-crop")
        button = eva.page.get_by_test_id("answer-acknowledged")
        expect(button).to_be_in_viewport(ratio=1)
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 48  # thumbs in gloves
        picture(eva.page, f"guard-own-{language}-dark-360")


def test_answers_without_a_network_are_sent_once_it_is_back(house: House, incident: str, guard: Person) -> None:
    who = name(guard)
    house.until(f"/api/incidents/{incident}", lambda _: "read" in receipts(house, incident, who))
    stood = guard.page.get_by_test_id("answer-help").bounding_box()
    guard.context.set_offline(True)
    for answer in ("acknowledged", "on_my_way", "on_site"):
        guard.page.get_by_test_id(f"answer-{answer}").tap()
    expect(guard.page.get_by_test_id("queued")).to_contain_text("3")
    guard.see("offline")
    # No bar above pushes another button under the thumb.
    assert guard.page.get_by_test_id("answer-help").bounding_box() == stood
    assert "acknowledged" not in receipts(house, incident, who)
    guard.context.set_offline(False)
    expect(guard.page.get_by_test_id("queued")).to_have_count(0)
    house.until(f"/api/incidents/{incident}", lambda _: "on_site" in receipts(house, incident, who))
    given = [one for one in receipts(house, incident, who) if one not in {"delivered", "read"}]
    assert given == ["acknowledged", "on_my_way", "on_site"]


def test_an_answer_whose_confirmation_was_lost_counts_once(house: House, incident: str, guard: Person) -> None:
    who = name(guard)
    lost: list[int] = []

    def lose(route: Route) -> None:
        """Let the request reach the server, and its answer get lost on the way back, the first time."""
        if "acknowledged" in (route.request.post_data or "") and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    guard.page.route("**/api/notices/*/answer", lose)
    with guard.page.expect_response(lambda one: "acknowledged" in (one.request.post_data or "") and one.ok):
        guard.page.get_by_test_id("answer-acknowledged").tap()  # the first answer is lost: this is the second
    assert lost == [200]
    expect(guard.page.get_by_test_id("queued")).to_have_count(0)
    house.until(f"/api/incidents/{incident}", lambda _: "acknowledged" in receipts(house, incident, who))
    assert receipts(house, incident, who).count("acknowledged") == 1


def test_the_page_opens_without_a_network(guard: Person) -> None:
    guard.page.evaluate(IN_CHARGE)
    guard.context.set_offline(True)
    guard.page.reload()
    guard.see("notice")
    guard.see("offline")
    guard.page.get_by_test_id("answer-acknowledged").tap()
    guard.see("queued")


def test_help_and_a_report(house: House, incident: str, guard: Person) -> None:
    who = name(guard)
    guard.page.get_by_test_id("answer-help").tap()
    house.until(f"/api/incidents/{incident}", lambda _: "help" in receipts(house, incident, who))
    guard.page.get_by_test_id("report").tap()
    guard.page.get_by_test_id("report-words").fill("The window of the store is broken.")
    guard.page.get_by_test_id("report-zone").select_option("aurore.pharmacy.store")
    guard.page.get_by_test_id("confirm").tap()
    expect(guard.page.get_by_test_id("dialog")).to_have_count(0)
    house.until(
        "/api/audit", lambda audit: any("window of the store" in str(one["detail"]) for one in audit["entries"])
    )
    assert guard.complaints == []


def test_the_plain_page_works_without_scripts(house: House, incident: str) -> None:
    with house.person("guard", "Jade Vasseur", java_script_enabled=False, **TOUCH) as jade:
        jade.page.wait_for_url("**/n")
        answer = jade.context.request.get(house.url + "/api/guard", headers={"Accept-Language": "en"}).json()
        notice = next(one for one in answer["notices"] if one["incident"] == incident)
        jade.open(f"/a/{notice['id']}")
        assert notice["title"] in jade.page.get_by_role("heading", level=1).inner_text()
        answer_by_form(jade.page, "acknowledged", "I have read this")
        answer_by_form(jade.page, "on_my_way", "I am on my way")
    house.until(f"/api/incidents/{incident}", lambda _: "on_my_way" in receipts(house, incident, "Jade Vasseur"))
    assert receipts(house, incident, "Jade Vasseur") == ["acknowledged", "on_my_way"]


def test_everything_a_guard_needs_is_there_without_scripts(house: House, incident: str) -> None:
    with house.person("guard", "Léo Brun", java_script_enabled=False, **TOUCH) as leo:
        leo.page.wait_for_url("**/n")  # from the page that needs scripts
        picture(leo.page, "plain-notices-en-dark-360")
        small = leo.page.evaluate(SMALL)
        assert small == []
        leo.page.get_by_label("What did you see?").fill("Smoke in the stairs")
        leo.page.get_by_role("button", name="Send").tap()
        expect(leo.page.get_by_role("status")).to_contain_text("Your report was sent")
        house.until("/api/reports", lambda found: any(one["words"] == "Smoke in the stairs" for one in found))
        leo.page.locator("a.button").first.tap()
        answer_by_form(leo.page, "acknowledged", "I have read this")
        leo.open("/n")
        leo.page.get_by_role("button", name="Sign out").tap()
        leo.page.get_by_role("heading", name="You are not signed in").wait_for()
        assert leo.page.evaluate(SMALL) == []


def test_every_target_on_the_phone_is_large_enough_for_gloves(house: House, incident: str) -> None:
    with house.person("guard", "Zoé Lambert", language="fr", **TOUCH) as zoe:
        zoe.see("answer-acknowledged")
        assert zoe.page.evaluate(SMALL) == []
        zoe.press("settings")
        assert zoe.page.evaluate(SMALL) == []
        zoe.press("settings")
        zoe.press("report")
        zoe.see("report-words")
        assert zoe.page.evaluate(SMALL) == []
        zoe.open("/account")
        zoe.page.get_by_role("heading", level=1).wait_for()
        assert zoe.page.evaluate(SMALL) == []


def answer_by_form(page: Page, answer: str, words: str) -> None:
    """Press the button of a plain form; the next page says what was sent."""
    page.locator(f"button[value={answer}]").tap()
    expect(page.get_by_role("status")).to_contain_text(words)
