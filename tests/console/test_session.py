"""One-time links, sessions, foreign pages, headers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from console_rig import Rig

from safecare.console.gate import form_key
from safecare.console.headers import HEADERS
from safecare.console.rights import Visitor
from safecare.model.events.acts import SignedIn

pytest_plugins = ["console_fixtures"]


async def test_preview_does_not_burn_a_link_and_it_works_once(rig: Rig) -> None:
    token = rig.accounts.invite(role="operator", name="Anna")
    async with rig.browser() as browser:
        for _ in range(3):
            page = await browser.get(f"/sign-in/{token}")
            assert page.status_code == 200
            assert "Anna" in page.text
        done = await browser.post(f"/sign-in/{token}", headers={"Origin": "http://safecare.test"})
        assert (done.status_code, done.headers["location"]) == (303, "/")
        cookie = done.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert "Max-Age=43200" in cookie
        assert (await browser.get("/api/me")).json()["name"] == "Anna"
        assert (await browser.post(f"/sign-in/{token}")).status_code == 404
        assert (await browser.get(f"/sign-in/{token}")).status_code == 404
    assert [act.change for act in rig.acts() if isinstance(act, SignedIn)] == ["signed_in"]


async def test_of_many_at_once_one_gets_the_session(rig: Rig) -> None:
    token = rig.accounts.invite(role="guard")
    async with rig.browser() as one, rig.browser() as two:
        answers = await asyncio.gather(*(browser.post(f"/sign-in/{token}") for browser in (one, two) * 4))
    assert sorted(answer.status_code for answer in answers) == [303] + [404] * 7
    assert {answer.headers.get("location") for answer in answers} == {"/guard", None}


async def test_old_link_and_old_session_end(rig: Rig) -> None:
    token = rig.accounts.invite(role="guard")
    async with rig.browser("operator") as browser:
        assert (await browser.get("/api/me")).status_code == 200
        rig.clock.advance(31 * 60)
        assert (await browser.get(f"/sign-in/{token}")).status_code == 404
        rig.clock.advance(12 * 3600)
        assert (await browser.get("/api/me")).status_code == 401


async def test_cookie_is_secure_when_people_come_by_https(tmp_path: Path) -> None:
    rig = Rig(tmp_path, public_url="https://safecare.hospital")
    token = rig.accounts.invite(role="guard")
    async with rig.browser() as browser:
        done = await browser.post(f"/sign-in/{token}", headers={"Origin": "https://safecare.hospital"})
        assert done.headers["set-cookie"].startswith("__Host-safecare_session=")
        assert "domain" not in done.headers["set-cookie"].lower()
        assert (await browser.get("/api/me", headers={"Cookie": "safecare_session=x"})).status_code == 401
        assert "secure" in done.headers["set-cookie"].lower()
        assert "max-age" in done.headers["strict-transport-security"]
    rig.database.engine.dispose()


@pytest.mark.parametrize("by_script", [True, False])
async def test_sign_out(rig: Rig, by_script: bool) -> None:
    async with rig.browser("operator") as browser:
        if by_script:
            assert (await browser.post("/sign-out")).json() == {"next": "/"}
        else:
            del browser.headers["X-Safecare"]
            assert (await browser.post("/sign-out", data={"form_key": "x"})).status_code == 403
            key = form_key(Visitor("", "", "operator", None, browser.cookies["safecare_session"]))
            assert (await browser.post("/sign-out", data={"form_key": key})).status_code == 303
        assert (await browser.get("/api/me")).status_code == 401


async def test_a_link_is_for_somebody(rig: Rig) -> None:
    """A name of spaces would stand on every screen as nobody."""
    async with rig.browser("admin") as browser:
        refused = await browser.post("/api/invitations", json={"role": "guard", "name": " \u00a0 "})
        assert (refused.status_code, refused.json()["detail"]) == (422, "Say who it is for.")
        assert (await browser.post("/api/invitations", json={"role": "guard", "name": " Sam "})).status_code == 201
    assert [one.name for one in rig.accounts.users() if one.role == "guard"] == ["Sam"]


async def test_foreign_pages_change_nothing(rig: Rig) -> None:
    async with rig.browser("admin") as browser:
        ask = {"role": "guard", "name": "G"}
        for headers in (
            {"X-Safecare": ""},
            {"Origin": "https://evil.test"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            assert (await browser.post("/api/invitations", json=ask, headers=headers)).status_code == 403, headers
        fine = {"Origin": "http://safecare.test", "Sec-Fetch-Site": "same-origin"}
        assert (await browser.post("/api/invitations", json=ask, headers=fine)).status_code == 201


async def test_a_foreign_page_can_not_sign_a_victim_in(rig: Rig) -> None:
    token = rig.accounts.invite(role="guard")
    async with rig.browser() as browser:
        assert (await browser.post(f"/sign-in/{token}", headers={"Origin": "https://evil.test"})).status_code == 403
        assert (await browser.post(f"/sign-in/{token}")).status_code == 303


@pytest.mark.parametrize("path", ["/", "/api/me", "/sign-in/nothing-of-the-kind", "/api/nothing", "/plain/x.css"])
async def test_every_answer_has_the_headers(rig: Rig, path: str) -> None:
    async with rig.browser() as browser:
        headers = (await browser.get(path)).headers
    for name, value in HEADERS.items():
        assert headers[name] == value
    assert "unsafe" not in headers["content-security-policy"]
    assert "cache-control" in headers


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_an_error_of_ours_tells_nothing_of_the_inside(rig: Rig, accept: str) -> None:
    rig.database.engine.dispose()
    (rig.folder / "central.db").write_bytes(b"not a database at all" * 100)
    transport = httpx.ASGITransport(app=rig.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://safecare.test") as browser:
        told = await browser.get("/sign-in/some", headers={"Accept": accept})
    assert told.status_code == 500
    assert "Something went wrong" in told.text
    assert "sqlite" not in told.text.lower()
    assert told.headers["content-security-policy"]


async def test_language_is_chosen_or_the_browsers(rig: Rig) -> None:
    async with rig.browser("operator") as browser:
        assert (await browser.get("/api/me")).json()["language"] == "en"
        accept = {"Accept-Language": "de, en;q=0.3, fr-FR;q=0.8"}
        assert (await browser.get("/api/me", headers=accept)).json()["language"] == "fr"
        assert (await browser.post("/api/me", json={"language": "de"})).status_code == 422
        assert (await browser.post("/api/me", json={"language": "fr"})).status_code == 200
        me = (await browser.get("/api/me")).json()
        assert (me["language"], me["hospital"]["name"]) == ("fr", "Petite Sainte-Aurore")


async def test_invitation(rig: Rig) -> None:
    async with rig.browser("admin") as browser:
        assert (await browser.post("/api/invitations", json={"role": "king", "name": "K"})).status_code == 422
        wrong = {"role": "guard", "name": "G", "site": "nowhere"}
        assert (await browser.post("/api/invitations", json=wrong)).status_code == 422
        made = (await browser.post("/api/invitations", json={**wrong, "site": "aurore"})).json()
    token = made["url"].rpartition("/")[2]
    assert made["url"].startswith("http://127.0.0.1:8440/sign-in/")
    invited = rig.accounts.invited(token)
    assert invited is not None
    assert (invited.role, invited.site) == ("guard", "aurore")
    assert token not in str(rig.acts())


async def test_bodies_are_bounded_and_problems_are_told_in_the_readers_language(rig: Rig) -> None:
    async with rig.browser("operator") as browser:
        large = await browser.post("/api/me", content=b"x" * 20_000)
        assert large.status_code == 413
        browser.cookies.set("safecare_language", "fr")
        told = await browser.get("/api/incidents/none")
        assert told.status_code == 404
        assert told.json()["detail"].startswith("Il n’y a rien ici")
