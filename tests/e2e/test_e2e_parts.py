"""What the server says twice, or says in a shape that the page does not know, takes no page away."""

from __future__ import annotations

from typing import Any

import pytest
from e2e_people import House
from e2e_screens import filled, screens
from playwright.sync_api import Route, expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-screens")]

IDENTITIES = {"id", "alert", "revision", "rule", "group", "target", "service"}
"""What tells entries of a list apart: the server gives such an entry once."""
SAME = ("incident", "impact", "inventory", "availability", "health", "risk", "detections")


@pytest.fixture(scope="module")
def incident(house: House) -> str:
    """An incident that fills the screens."""
    return filled(house)


def twice(found: Any) -> Any:
    """Return `found` with every list of it doubled, but for those whose entries have an identity."""
    if isinstance(found, dict):
        return {name: twice(value) for name, value in found.items()}
    if not isinstance(found, list):
        return found
    whole = [twice(one) for one in found]
    named = any(isinstance(one, dict) and IDENTITIES & one.keys() for one in found)
    return whole if named or not whole or isinstance(whole[0], (int, float)) else whole + whole


def test_what_is_said_twice_stands_on_the_page(house: House, incident: str) -> None:
    """Lists whose entries have no identity may repeat an entry: a reason that two roles share, a name, a sentence."""

    def double(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=twice(answer.json()))

    with house.person("admin", "Camille Renaud", service_workers="block") as camille:
        camille.page.route(f"**/api/incidents/{incident}**", double)
        for name in SAME[1:]:
            camille.page.route(f"**/api/**/{name}*", double)
        for name, address in screens(house, incident):
            if name in SAME:
                camille.open(address)
                camille.settle()
                expect(camille.page.get_by_test_id("failure")).to_have_count(0)
        assert camille.complaints == []


def test_a_part_that_fails_takes_no_other_with_it(house: House, incident: str) -> None:
    bad = [True]

    def spoil(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | ({"groups": None} if bad[0] else {}))

    with house.person("admin", "Camille Renaud", service_workers="block") as camille:
        camille.page.route(f"**/api/incidents/{incident}/forecast", spoil)
        camille.open(f"/incident/{incident}")
        camille.see("failure")
        camille.see("story")
        camille.see("action")
        expect(camille.page.get_by_role("heading", level=1)).to_have_count(1)
        assert camille.complaints  # it stands in the browser's console, for whoever looks for the cause
        bad[0] = False
        camille.page.reload()
        camille.see("forecast-group")
        expect(camille.page.get_by_test_id("failure")).to_have_count(0)


def test_a_page_that_fails_points_to_its_plain_twin(house: House, incident: str) -> None:
    with house.person("admin", "Camille Renaud", service_workers="block") as camille:
        camille.page.route(
            f"**/api/incidents/{incident}", lambda route: route.fulfill(json={"links": None, "title": "?"})
        )
        camille.open(f"/incident/{incident}")
        camille.see("failure")
        expect(camille.page.get_by_role("heading", level=1)).to_be_visible()
        camille.page.unroute(f"**/api/incidents/{incident}")
        camille.press("twin")
        expect(camille.page.get_by_role("heading", level=1)).to_be_visible()
        assert "/print/" in camille.page.url


def test_the_board_says_that_nothing_is_taken_any_more(house: House) -> None:
    """A full disk: what stands on the board is whole, and no longer what happens."""

    def full(route: Route) -> None:
        answer = route.fetch()
        said = answer.json()
        said["disk"]["refusing"] = True
        route.fulfill(response=answer, json=said)

    with house.person("operator", "Nadia Disk", service_workers="block") as nadia:
        nadia.settle()
        expect(nadia.page.get_by_test_id("refusing")).to_have_count(0)
        nadia.page.route("**/api/health", full)
        nadia.open("/")
        nadia.see("refusing")


def test_a_partner_is_told_what_is_shared_and_no_more(house: House, incident: str) -> None:
    """What a partner may not see is neither shown as nothing nor as a fault of the server."""
    assert incident
    with house.person("liaison", "Paul Voisin") as paul:
        paul.settle()
        expect(paul.page.get_by_test_id("no-incidents")).to_contain_text("No open incident is shared with you.")
        for words in ("The server does not answer.", "Notices without answer", "Rejects"):
            expect(paul.page.get_by_text(words)).to_have_count(0)
        paul.open("/availability")
        expect(paul.page.get_by_role("table", name="Sainte-Aurore").first).to_be_visible()
