"""A guard with a real browser: signs in by link, waits for the notice, presses the button.

Needs the library Playwright and the program Chromium; without them a person has to do it.
"""

from __future__ import annotations

import importlib.util
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

PATIENCE = 30.0
"""Seconds that a page may take to show what is waited for (chosen: a phone in a basement)."""
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


class BrowserError(RuntimeError):
    """The browser did not get so far; the message says where."""


def browser() -> str | None:
    """Return the path of Chromium, if it and Playwright are there."""
    if importlib.util.find_spec("playwright") is None:
        return None
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def acknowledge(program: str, link: str, notice: str) -> None:
    """Sign in by `link`, and acknowledge the notice called `notice` on the guard's page. Raises `BrowserError`."""
    from playwright.sync_api import Error, sync_playwright

    at = "sign-in"
    try:
        with sync_playwright() as play:
            # Chromium's own sandbox can't be used by root in containers; it opens our own page alone.
            chromium = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
            page = chromium.new_page(viewport={"width": 390, "height": 844})
            page.set_default_timeout(PATIENCE * 1000)
            page.goto(link)
            page.get_by_role("button").first.click()
            at = "guard page"
            page.goto(link.split("/sign-in/", maxsplit=1)[0] + "/guard")
            page.get_by_test_id("guard").wait_for()
            at = "notice"
            _show(page, notice)
            at = "answer"
            with page.expect_response(_acknowledges) as sent:
                page.get_by_test_id("answer-acknowledged").click()
            if not sent.value.ok:
                raise BrowserError(f"{at}: {sent.value.status} {sent.value.text()[:200]}")
            chromium.close()
    except Error as error:
        raise BrowserError(f"{at}: {error.message.splitlines()[0]}") from error


def _acknowledges(answer: Response) -> bool:
    """Tell whether this is the server's word on the pressed button; that the notice is shown is told the same way."""
    return answer.url.endswith("/answer") and "acknowledged" in (answer.request.post_data or "")


def _show(page: Page, notice: str) -> None:
    """Bring the card of `notice` before the guard: the page shows the gravest one, the others below it."""
    card = page.locator(f'[data-testid="notice"][data-notice="{notice}"]')
    page.get_by_test_id("notice").first.wait_for()
    others = page.locator("section[aria-labelledby=others] button")
    for number in range(others.count() if not card.count() else 0):
        others.nth(number).click()
        if card.count():
            break
        # The list holds all notices but the shown one: after each choice it is another list, walked to its end.
    card.wait_for()
