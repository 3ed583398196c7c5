"""Signing in by a link that works once, staying signed in, leaving; language and colours."""

from __future__ import annotations

import pytest
from e2e_people import House
from playwright.sync_api import expect

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-session")]


def test_a_link_signs_in_once_and_looking_at_it_does_not_use_it_up(house: House) -> None:
    link = house.link("operator", "Anna Keller")
    with house.visitor() as anna, house.visitor() as thief:
        for _ in range(2):
            anna.page.goto(link)
            expect(anna.page.get_by_role("button")).to_contain_text("Anna Keller")
        anna.page.get_by_role("button").click()
        anna.see("no-incidents")
        anna.page.reload()
        anna.see("no-incidents")

        refused = thief.page.goto(link)
        assert refused is not None
        assert refused.status == 404
        expect(thief.page.get_by_role("heading", level=1)).to_have_text("This link no longer works")
        assert not thief.context.cookies()


def test_signing_out_ends_the_session(house: House) -> None:
    with house.person("operator", "Paul Durand") as paul:
        paul.see("no-incidents")
        before = {one["name"]: one for one in paul.context.cookies()}["safecare_session"]
        assert before["httpOnly"]
        assert before["sameSite"] == "Strict"
        paul.page.get_by_label("Menu and settings").click()
        paul.press("sign-out")
        expect(paul.page.get_by_role("heading", level=1)).to_have_text("You are not signed in")
        # Who kept the cookie has nothing: the session is gone on the server.
        answer = paul.context.request.get(
            house.url + "/api/board", headers={"Cookie": f"safecare_session={before['value']}"}
        )
        assert answer.status == 401


def test_language_and_colours_are_kept(house: House) -> None:
    with house.person("operator", "Léa Rousseau") as lea:
        lea.see("no-incidents")
        lea.page.get_by_label("Menu and settings").click()
        # Texts come from the server too: the page is loaded again in the new language.
        with lea.page.expect_event("load"):
            lea.page.get_by_role(
                "radio", name="Français"
            ).click()  # `check` would look at it again, in a page that goes
        expect(lea.page.locator("html")).to_have_attribute("lang", "fr")
        expect(lea.page.get_by_role("link", name="Alertes")).to_be_visible()
        lea.page.get_by_label("Menu et réglages").click()
        lea.page.get_by_role("radio", name="Jour").check()
        expect(lea.page.locator("html")).to_have_attribute("data-theme", "day")
        asked: list[str] = []
        lea.page.on("request", lambda one: asked.append(one.url))
        lea.page.reload()
        lea.see("no-incidents")
        assert sum("/api/texts/" in address for address in asked) == 1  # the largest answer of all
        expect(lea.page.locator("html")).to_have_attribute("lang", "fr")
        expect(lea.page.locator("html")).to_have_attribute("data-theme", "day")
        expect(lea.page.get_by_test_id("no-incidents")).to_contain_text("Aucun incident")
        assert lea.complaints == []


def test_without_a_session_there_is_the_shell_and_nothing_of_the_hospital(house: House) -> None:
    with house.visitor(language="fr") as stranger:
        page = stranger.page.goto(house.url + "/")
        assert page is not None
        assert page.status == 401
        expect(stranger.page.get_by_role("heading", level=1)).to_have_text("Vous n’êtes pas connecté")
        for shell in ("/index.html", "/sw.js", "/manifest.webmanifest", "/icon.svg"):
            assert stranger.context.request.get(house.url + shell).status == 200, shell
        for data in ("/api/board", "/api/me", "/api/sites", "/api/live", "/api/guard", "/a/some", "/print/some"):
            assert stranger.context.request.get(house.url + data).status == 401, data
