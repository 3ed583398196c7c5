"""An attack through the real doors: on the board at once, explained, judged, answered, closed, all of it on record."""

from __future__ import annotations

import re

import pytest
from e2e_people import WALL, House, Person
from playwright.sync_api import Locator, expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-incident")]

PHARMACY = "aurore.pharmacy"


def test_from_the_first_alert_to_the_closed_incident(house: House) -> None:
    with (
        house.person("admin", "Camille Renaud", viewport=WALL) as camille,
        house.person("operator", "Paul Durand") as paul,
    ):
        camille.see("no-incidents")
        paul.see("no-incidents")
        paul.stay()
        appears_on_the_board(house, paul)
        validated_by_a_person(camille)
        explained(house, camille)
        id = camille.page.url.rpartition("/")[2]
        approved_in_two_steps(house, camille, id)
        refused_with_a_reason(camille)
        closed_with_a_verdict(camille)
        paul.see("no-incidents")
        assert paul.stayed()
        everything_is_on_record(camille)
        assert camille.complaints == []
        assert paul.complaints == []


def appears_on_the_board(house: House, person: Person) -> None:
    """The alert is stored: the card and the coloured room follow by themselves."""
    house.attacker.theft()
    house.until("/api/alerts", lambda alerts: "badge.owner-absent" in {one["rule"] for one in alerts})
    card = person.page.get_by_test_id("incident-card").first
    expect(card).to_be_visible()
    expect(card).to_contain_text("Pharmacy")
    # The plan goes to the storey by itself; the room has the colour of the card's level, and says so in words.
    room = person.page.locator(f'[data-zone="{PHARMACY}"]')
    expect(room).to_have_class(re.compile(r"\babnormal\b"))
    assert fill(room) != fill(person.page.locator('[data-zone="aurore.pharmacy.store"]'))
    expect(room).to_have_attribute("aria-label", re.compile(r"Pharmacy: (Critical|High|Medium|Low)"))
    expect(
        person.page.get_by_test_id("announce-polite").or_(person.page.get_by_test_id("announce-urgent"))
    ).to_have_count(2)


def fill(room: Locator) -> str:
    """Return the colour that `room` is filled with."""
    return str(room.locator("path").first.evaluate("(path) => getComputedStyle(path).fill"))


def validated_by_a_person(person: Person) -> None:
    """A person says that it is real."""
    person.press("validate")
    person.page.get_by_role("textbox").fill("Seen on the camera.")
    person.press("confirm")
    expect(person.page.get_by_test_id("incident-card")).to_contain_text("Validated · Camille Renaud")


def explained(house: House, person: Person) -> None:
    """The rest of the attack: one incident of both worlds, with evidence, story, forecast, plan and who was told."""
    house.attacker.mail()
    house.attacker.foothold()
    house.attacker.sabotage()
    rules = {"mail.phishing", "network.signature", "badge.owner-absent", "fire.alarm", "power.lost"}
    house.until("/api/alerts", lambda alerts: rules <= {one["rule"] for one in alerts if one["incident"]})
    id = house.incident()
    person.press("open-incident")
    person.page.wait_for_url(f"**/incident/{id}")
    page = person.page
    for rule in rules:
        expect(page.locator(f'[data-testid=evidence][data-rule="{rule}"]').first).to_be_visible()
    expect(page.get_by_test_id("combined")).to_be_visible()
    expect(page.get_by_test_id("story").locator("p").nth(4)).to_be_visible()
    for group in ("care", "pharmacy", "cold_chain", "it"):
        effect = page.locator(f"[data-testid=forecast-group][data-group={group}]").get_by_test_id("effect").first
        expect(effect).to_contain_text("%")
        expect(effect).to_contain_text(re.compile(r"likely|at once|already|earliest"))
    expect(page.get_by_test_id("loss")).to_contain_text("patient-hours")
    expect(page.get_by_test_id("cost").first).not_to_be_empty()
    told = page.get_by_test_id("told")
    expect(told).to_contain_text("Guard")
    expect(told).to_contain_text("IT operator")
    expect(page.get_by_test_id("receipt").filter(has_text="sent").first).to_be_visible()


def approved_in_two_steps(house: House, person: Person, id: str) -> None:
    """What needs security and care is approved only when both have said so."""
    plan = house.settled(id)
    action = next(
        one["id"] for one in plan["actions"] if set(one["needs"]) == {"security", "clinical"} and not one["infeasible"]
    )
    expect(person.page.get_by_test_id("plan")).to_have_attribute("data-plan", plan["id"])
    card = shown(person, action)
    for step, role in (("security", "Security"), ("clinical", "Care")):
        expect(card.get_by_test_id("action-state")).to_have_count(0)
        card.get_by_test_id(f"approve-{step}").click()
        expect(person.page.get_by_test_id("dialog")).to_contain_text("What it costs care")
        person.press("confirm")
        expect(card).to_contain_text(f"{role}: Approved")
    expect(card.get_by_test_id("action-state")).to_have_text("Approved")


def refused_with_a_reason(person: Person) -> None:
    """Without a reason nothing is refused; the reason stands at the action."""
    card = person.page.get_by_test_id("action").filter(has=person.page.get_by_test_id("refuse")).first
    action = card.get_attribute("data-action")
    card.get_by_test_id("refuse").click()
    person.press("confirm")
    expect(person.page.get_by_test_id("dialog")).to_be_visible()  # the reason is asked for
    person.page.get_by_role("textbox").fill("The ward is being moved anyway.")
    person.press("confirm")
    card = person.page.locator(f'[data-testid=action][data-action="{action}"]')
    expect(card).to_contain_text("The ward is being moved anyway.")
    expect(card.get_by_test_id("action-state")).to_have_text("Refused")


def shown(person: Person, action: str) -> Locator:
    """Return the card of `action`, opening the long list when it is not among the first."""
    card = person.page.locator(f'[data-testid=action][data-action="{action}"]')
    person.page.get_by_test_id("action").first.wait_for()
    if card.count() == 0:
        person.press("more-actions")
    return card


def closed_with_a_verdict(person: Person) -> None:
    """The incident is closed as a real attack, and leaves every board."""
    person.press("close")
    person.page.get_by_role("radio", name="A real attack or danger").check()
    person.page.get_by_role("textbox").fill("Police has taken over.")
    person.press("confirm")
    expect(person.page.get_by_test_id("incident-state")).to_have_text("Closed")
    # The time line has every decision so far: validated, approved twice, refused, closed.
    expect(person.page.get_by_test_id("lane").get_by_role("link", name="◆")).to_have_count(5)


def everything_is_on_record(person: Person) -> None:
    """Every act stands in the audit list with who did it, and the chain holds."""
    person.open("/audit")
    person.see("audit-verified")
    text = person.page.get_by_test_id("audit").inner_text()
    for said in (
        "Seen on the camera.",
        "The ward is being moved anyway.",
        "Police has taken over.",
        "Camille Renaud",
        "Approved · Security",
        "Approved · Care",
        "Refused",
        "Closed · A real attack or danger",
    ):
        assert said in text, said
