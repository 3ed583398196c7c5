"""What somebody would try who wants in, or wants to stay in."""

from __future__ import annotations

import asyncio
import base64
import time

import httpx
import pytest
from console_rig import Rig, Running

from safecare.console import totp
from safecare.console.access import TRIES, Access
from safecare.model.events.acts import SignedIn

pytest_plugins = ["console_fixtures"]

KEY = b"twenty bytes of key!"


def enrolled(rig: Rig, name: str = "Ada", key: bytes = KEY) -> str:
    user = rig.accounts.add(name, "operator")
    rig.credentials.add(user, "totp", "", key)
    return user


def code_now(rig: Rig, key: bytes = KEY) -> str:
    return totp.code(key, totp.step_of(rig.clock.now()))


async def test_of_many_who_use_the_same_one_time_code_at_once_one_gets_in(rig: Rig) -> None:
    user, access = enrolled(rig), Access(rig.deps())
    code = code_now(rig)
    found = await asyncio.gather(*(asyncio.to_thread(access.user_of, "Ada", code) for _ in range(12)))
    assert found.count(user) == 1


async def test_guesses_at_once_are_no_more_than_guesses_one_by_one(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled(rig)
    access, judged = Access(rig.deps()), []
    real = totp.matching

    def slow(*given: object) -> object:
        judged.append(given[1])
        time.sleep(0.01)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(totp, "matching", slow)
    guesses = [f"{number:06}" for number in range(60) if f"{number:06}" != code_now(rig)]
    await asyncio.gather(*(asyncio.to_thread(access.user_of, "Ada", one) for one in guesses))
    assert len(judged) == TRIES


def test_two_of_one_name_do_not_close_each_others_codes(rig: Rig) -> None:
    first, second = enrolled(rig), enrolled(rig, key=b"another twenty bytes")
    access = Access(rig.deps())
    for _ in range(TRIES + 2):
        assert access.user_of("Ada", code_now(rig, b"another twenty bytes")) == second
        rig.clock.advance(60)
    assert access.user_of("Ada", code_now(rig)) == first


async def test_signing_out_ends_the_open_screen_at_once(served: Running) -> None:
    cookie = served.rig.sign_in("operator")
    async with httpx.AsyncClient(cookies={"safecare_session": cookie}, headers={"X-Safecare": "1"}) as desk:
        async with desk.stream("GET", f"{served.url}/api/live") as stream:
            lines = stream.aiter_lines()
            await anext(lines)
            assert (await desk.post(f"{served.url}/sign-out")).status_code == 200
            async with asyncio.timeout(3):
                async for _ in lines:
                    pass
        assert (await desk.get(f"{served.url}/api/live")).status_code == 401


async def test_session_that_somebody_else_has_laid_into_the_browser_is_not_taken_over(rig: Rig) -> None:
    planted = rig.sign_in("guard", name="Mallory")
    async with rig.browser() as victim:
        token = rig.accounts.invite(role="admin", name="Victim")
        headers = {"Cookie": f"safecare_session={planted}"}
        done = await victim.post(f"/sign-in/{token}", headers=headers)
        fresh = done.cookies["safecare_session"]
    assert fresh != planted
    assert rig.accounts.session(planted) is None
    found = rig.accounts.session(fresh)
    assert found is not None
    assert found.name == "Victim"


async def test_new_ways_in_are_on_record(rig: Rig) -> None:
    async with rig.browser("operator") as desk:
        begun = (await desk.post("/api/access/totp")).json()
        key = base64.b32decode(begun["key"])
        assert (await desk.post("/api/access/totp/confirm", json={"code": code_now(rig, key)})).status_code == 201
        assert (await desk.post("/api/access/backup")).status_code == 200
        one = rig.credentials.of((await desk.get("/api/me")).json()["user"])[0]
        assert (await desk.post(f"/api/access/{one.id}/remove")).status_code == 200
    acts = [(act.change, act.detail) for act in rig.acts() if isinstance(act, SignedIn)]
    assert acts == [("way_added", "totp"), ("way_added", "backup"), ("way_removed", "")]


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://safecare.test.evil.example"])
async def test_no_form_of_another_site_is_taken(rig: Rig, origin: str) -> None:
    token = rig.accounts.invite(role="guard")
    async with rig.browser("operator", Origin=origin) as browser:
        for path in (f"/sign-in/{token}", "/sign-in", "/sign-out", "/a/x", "/oidc/signed-out", "/api/me"):
            assert (await browser.post(path, json={})).status_code == 403, path
    assert rig.accounts.invited(token) is not None


async def test_pages_run_no_script_but_ours(rig: Rig) -> None:
    async with rig.browser() as browser:
        found = await browser.get('/"><script>alert(1)</script>')
        assert "<script>alert" not in found.text
        policy = found.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
