"""People in front of real browsers: how they sign in, and what their browser complained about."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from e2e_attack import Attacker
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, ViewportSize, expect
from playwright.sync_api import TimeoutError as TooSlowError

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1366, "height": 768}
WALL: ViewportSize = {"width": 1920, "height": 1080}
VIDEO_WALL: ViewportSize = {"width": 3840, "height": 2160}
PATIENCE = 90_000
"""Milliseconds that a page may take. Chosen: for a machine that is busy elsewhere; how quick it is on a free one
``script/bench console`` measures."""
SCREENSHOTS = Path(os.environ.get("SAFECARE_SCREENSHOTS") or Path(__file__).parent / "screenshots")
"""Where pictures of all screens are kept, for people to look at; ``SAFECARE_SCREENSHOTS`` names another folder."""
CAPTURES = 5
"""How often one screenshot is asked for. Chosen: far more than the two that others report as enough."""
REFUSED = "Unable to capture screenshot"
"""What Chromium answers when it has no frame to copy just then."""
PAINTED = 20_000
"""Milliseconds for one screenshot. Chosen: a page is painted within two; another try begins with a new frame."""
IN_CHARGE = """() => navigator.serviceWorker.controller !== null ||
  new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', () => done(true)))"""
"""Waits until the page would open without a network. A function: our policy forbids to evaluate text in the page."""
EXPECTED = ("/forecast", "/plan")
"""Ends of addresses that answer 404 until there is a forecast or a plan; the browser writes that to its console."""
STILL = """async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].filter((one) => !one.complete && one.loading !== "lazy")
    .map((one) => new Promise((done) => { one.onload = one.onerror = done; })));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
"""Waits until what is measured by the page itself (the size of a plan) has been."""
LOADING = ("Reading…", "Lecture…")
"""What stands on a page, or a part of it, that has nothing to show yet."""
WATCH_POLICY = """
addEventListener('securitypolicyviolation', (event) =>
  console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass
class Person:
    """Somebody with a browser of their own."""

    context: BrowserContext
    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    """Errors that the browser or our page wrote to the console, and exceptions that nobody caught."""

    def open(self, path: str) -> None:
        """Go to `path` of the console."""
        self.page.goto(self.url + path)

    def see(self, test_id: str, timeout: float = PATIENCE) -> None:
        """Wait until something marked `test_id` is visible."""
        self.page.get_by_test_id(test_id).first.wait_for(timeout=timeout)

    def settle(self) -> None:
        """Wait until the page has what it shows: its heading, and everything that it reads at first."""
        self.page.get_by_role("heading", level=1).first.wait_for(state="attached")
        expect(self.page.locator("main[aria-busy=true]")).to_have_count(0)
        for words in LOADING:
            expect(self.page.get_by_text(words)).to_have_count(0)

    def rest(self) -> None:
        """Wait until nothing moves any more: letters and pictures are there, and two frames were drawn since."""
        self.page.evaluate(STILL)

    def press(self, test_id: str) -> None:
        """Press the first thing marked `test_id`."""
        self.page.get_by_test_id(test_id).first.click()

    def stay(self) -> None:
        """Mark the loaded page, to tell later that it was not loaded again (`stayed`)."""
        self.page.evaluate("window.stayed = true")

    def stayed(self) -> bool:
        """Return whether the page is still the one that `stay` marked."""
        return bool(self.page.evaluate("window.stayed === true"))


@dataclass
class House:
    """One platform, the browser, and ways to bring people to it."""

    attacker: Attacker
    browser: Browser

    @property
    def url(self) -> str:
        """Address of the console."""
        return self.attacker.platform.url

    def link(self, role: str, name: str) -> str:
        """Return a fresh one-time link."""
        with self.attacker.api() as http:
            return str(
                http.post("/api/invitations", json={"role": role, "name": name}).raise_for_status().json()["url"]
            )

    @contextmanager
    def visitor(self, *, language: str = "en", dark: bool = True, **options: Any) -> Iterator[Person]:
        """Give a browser that nobody has signed in with."""
        chosen: dict[str, Any] = {"viewport": DESK, "timezone_id": "Europe/Paris"} | options
        context = self.browser.new_context(
            locale="fr-FR" if language == "fr" else "en-GB", color_scheme="dark" if dark else "light", **chosen
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WATCH_POLICY)
        page = context.new_page()
        person = Person(context, page, self.url)
        page.on("console", lambda message: _heard(message, person.complaints))
        page.on("pageerror", lambda error: person.complaints.append(f"not caught: {error}"))
        try:
            yield person
        except Exception:
            # What a failing test leaves behind: where the page was, what stood on it, what the browser wrote down.
            print(page.url, page.evaluate("document.body.innerText.slice(0, 500)"), *person.complaints, sep="\n")
            raise
        finally:
            context.close()

    @contextmanager
    def person(self, role: str, name: str, **options: Any) -> Iterator[Person]:
        """Give a browser that `name` has signed in with."""
        with self.visitor(**options) as person:
            person.page.goto(self.link(role, name))
            person.page.get_by_role("button").click()
            # Through the page that sets the cookie, to the one behind it: who goes elsewhere before is not signed in.
            person.page.wait_for_url(lambda url: "/sign-in" not in url)
            yield person

    def until(self, path: str, holds: Callable[[Any], bool], seconds: float = PATIENCE / 1000) -> Any:
        """Read `path` of the API until `holds`, and return it. Raises `TimeoutError`."""
        end = time.monotonic() + seconds
        with self.attacker.api() as http:
            while True:
                answer = http.get(path)
                if answer.status_code == 200 and holds(found := answer.json()):
                    return found
                if time.monotonic() > end:
                    raise TimeoutError(f"{path}: not so within {seconds} s: {answer.status_code} {answer.text[:500]}")
                time.sleep(0.02)

    def incident(self) -> str:
        """Return the id of the only open incident, once it has a forecast and a plan."""
        cards = self.until("/api/board", lambda board: len(board["incidents"]) == 1)["incidents"]
        id = str(cards[0]["id"])
        self.settled(id)
        return id

    def settled(self, id: str) -> Any:
        """Wait until forecast and plan are about the newest revision of incident `id`; return the plan."""
        newest = self.until(f"/api/incidents/{id}", lambda _: True)["revision"]
        at = self.until(
            f"/api/incidents/{id}/forecast", lambda one: one["revision"] >= newest and not one.get("rough")
        )["at"]
        return self.until(f"/api/incidents/{id}/plan", lambda plan: plan["at"] >= at and not plan.get("rough"))


def _heard(message: ConsoleMessage, complaints: list[str]) -> None:
    address = message.location.get("url", "")
    if message.type == "error" and not (address.endswith(EXPECTED) and "404" in message.text):
        complaints.append(f"{message.text} ({address})")


def picture(page: Page, name: str) -> None:
    """
    Keep a screenshot for people to look at.

    Chromium now and then refuses one capture ("Unable to capture screenshot") when it is asked between two frames, and
    takes the same picture once the next frame is painted; on a machine that is busy it may paint none for long. A
    screenshot decides nothing, so it is asked for anew.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for left in reversed(range(CAPTURES)):
        try:
            page.screenshot(path=SCREENSHOTS / f"{name}.png", timeout=PAINTED)
            return
        except Error as error:
            if not (REFUSED in error.message or isinstance(error, TooSlowError)) or not left:
                raise
        page.evaluate(STILL)
