"""Sign-in by an identity provider on another site, in a real browser: cookies cross sites only where they must."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "console"))
from console_rig import Rig
from e2e_fixtures import BUILT, CHROMIUM, FLAGS
from e2e_people import PATIENCE
from oidc_house import CLIENT, House

from safecare.console.provider import Provider
from safecare.console.server import serve
from safecare.model.clock import SystemClock
from safecare.settings import Oidc

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-oidc")]


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, House, Rig]]:
    """A console at 127.0.0.1 and a provider at localhost: for a browser, two sites."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    clock = SystemClock()
    house = House(clock)
    house.issuer = house.issuer.replace("127.0.0.1", "localhost")
    house.people["ada"] = {"name": "Ada", "groups": ["security"]}
    provider = Provider(house.issuer, CLIENT, "groups", str, clock)
    oidc = Oidc(house.issuer, CLIENT, "groups", {"security": "operator"})
    rig = Rig(tmp_path, clock=clock, static=BUILT.parent, provider=provider, oidc=oidc)  # type: ignore[arg-type]
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(rig.app, "127.0.0.1", 0, port.set_result))
    url = f"http://127.0.0.1:{await port}"
    house.redirects.add(f"{url}/oidc/callback")
    yield url, house, rig
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    rig.database.engine.dispose()
    await asyncio.to_thread(house.close)


async def test_the_way_to_the_provider_and_back(place: tuple[str, House, Rig]) -> None:
    url, house, rig = place
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = await browser.new_page(locale="en-GB")
        page.set_default_timeout(PATIENCE)
        await page.goto(f"{url}/alerts")
        await page.get_by_role("link", name="Sign in with your hospital account").click()
        await page.wait_for_url(f"{url}/alerts")  # where the person wanted to go
        await page.get_by_role("heading", name="Alerts").wait_for()
        cookies = {one["name"]: one for one in await page.context.cookies()}
        assert cookies["safecare_session"]["sameSite"] == "Strict"
        assert "safecare_oidc" not in cookies
        assert [one.name for one in rig.accounts.users()] == ["Ada"]
        house.down = True
        await page.get_by_test_id("settings").click()
        await page.get_by_test_id("sign-out").click()
        await page.wait_for_url("http://localhost:*/leave?*")  # signed out there too, where it answers
        await page.goto(f"{url}/")
        await page.get_by_role("link", name="Sign in with your hospital account").wait_for()
        await browser.close()
