"""A call for help: from the press on the guard's page, or the post of a locating system, to the screens of others.

Three browsers, the whole platform over the demo hospital, and the measuring share one machine: upper bounds. The limits
are chosen: 2 s is little beside the walk of whoever comes to help, 5 s what a poor network may add to it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from safecare.app.files import demo_hospital, hospital_of
from safecare.scenarios.inputs.access import post
from safecare.scenarios.inputs.tag import message
from safecare.scenarios.private import PrivatePlatform, free_doors, free_ports
from safecare.testing.bench import Row, Skipped

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import console_screens as screens
from e2e_attack import Attacker

CALLS = 10
TARGET = 2000.0
"""Milliseconds from the press to the eyes of others."""
POOR = {"offline": False, "latency": 1000, "downloadThroughput": 6250, "uploadThroughput": 6250}
"""A cellar: 1 s to and fro, 50 kbit/s (the "GPRS" of browsers' own tools)."""
TAGS, ROOM = tuple(f"card-{10_001 + one}" for one in range(CALLS)), "aurore.ward.a.station"
"""Whose tags call for help, each once (a second press within a minute is no new call), and where."""
AWAY = 5.0
"""Seconds without any network, from before the press."""
WATCH = """
(text) => {
  window.calls = [];
  window.known = new Set();
  const look = () => {
    for (const one of document.querySelectorAll('[data-incident], [data-notice]')) {
      const id = one.dataset.incident ?? one.dataset.notice;
      if (window.known.has(id) || !one.innerText.includes(text)) continue;
      window.known.add(id);
      requestAnimationFrame(() => window.calls.push(Date.now()));
    }
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true});
  look();
  window.calls = [];
}
"""
"""Notes when a card with `text` is painted first (this machine's clock, milliseconds)."""


def rows() -> Iterable[Row | Skipped]:
    """Press, and look at the screens of others."""
    if lacking := screens.built():
        yield Skipped("call for help in Chromium", lacking)
        return
    console, modbus = free_ports(2)
    doors: dict[str, dict[str, Any]] = dict(free_doors(hospital_of(demo_hospital()).doors))
    ports = {name: one["port"] for name, one in doors.items()}
    doors["modbus-building"] = {"moved": {"127.0.0.1:15020": f"127.0.0.1:{modbus}"}}
    with tempfile.TemporaryDirectory() as folder:
        platform = PrivatePlatform(Path(folder) / "data", doors, options=("--no-link", "--port", str(console)))
        with platform, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=screens.CHROMIUM, args=screens.FLAGS)
            yield from Calls(browser, Attacker(platform, ports)).rows()
            browser.close()


class Calls:
    """Presses of one guard, and the screens of an operator and of another guard."""

    def __init__(self, browser: Browser, attacker: Attacker) -> None:
        """Sign three people in."""
        self.attacker = attacker
        self.caller = self._person(browser, "guard", "Tom", screens.PHONE)
        self.guard = self._person(browser, "guard", "Jade", screens.PHONE)
        self.operator = self._person(browser, "operator", "Nour", screens.SCREEN)
        for page in (self.guard, self.operator):
            page.evaluate(WATCH, "Call for help")
        self.network = self.caller.context.new_cdp_session(self.caller)
        self.network.send("Network.enable")

    def rows(self) -> Iterator[Row]:
        """Press on a good network, on a poor one, and on none that comes back."""
        good = [self._call() for _ in range(CALLS)]
        yield _row("press until the operator's board shows it", [one[0] for one in good], TARGET)
        yield _row("press until another guard's phone shows it", [one[1] for one in good], TARGET)
        tags = [self._duress(tag) for tag in TAGS]
        yield _row("FHIR staff-duress posted until the operator's board shows it", [one[0] for one in tags], TARGET)
        yield _row("FHIR staff-duress posted until a guard's phone shows it", [one[1] for one in tags], TARGET)
        self.network.send("Network.emulateNetworkConditions", POOR)
        poor = [max(self._call()) for _ in range(CALLS // 2)]
        yield _row("the same for both, caller at 50 kbit/s with 1 s to and fro", poor, 5000.0)
        free = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.network.send("Network.emulateNetworkConditions", free)
        away = [max(self._call(AWAY)) for _ in range(3)]
        note = f"kept on the phone for {AWAY:.0f} s without network, and said so there"
        yield _row("network is back until both see a call that was pressed without", away, 5000.0, note)

    def _duress(self, tag: str) -> tuple[float, float]:
        """Post what a locating system posts when the button of `tag` is pressed; milliseconds until both see it."""
        before = self._seen()
        door = self.attacker.platform.runtime()["doors"]["locating"]["settings"]
        token = Path(door["token_file"]).read_text("ascii").strip()
        began = time.time() * 1000
        post(f"http://{door['host']}:{door['port']}/", token, message("staff-duress", tag, ROOM, datetime.now(UTC)))
        return self._until_seen(before, began)

    def _seen(self) -> list[int]:
        return [len(page.evaluate("window.calls")) for page in (self.operator, self.guard)]

    def _until_seen(self, before: list[int], began: float) -> tuple[float, float]:
        """Return the milliseconds from `began` until operator and guard see one more, and close it."""
        seen = []
        for page, count in zip((self.operator, self.guard), before, strict=True):
            page.wait_for_function("count => window.calls.length > count", arg=count, timeout=60_000)
            seen.append(page.evaluate("window.calls.at(-1)") - began)
        self._close()
        return seen[0], seen[1]

    def _call(self, away: float = 0.0) -> tuple[float, float]:
        """Press; return the milliseconds until operator and guard see it, counted from the network's return."""
        before = self._seen()
        self.caller.context.set_offline(away > 0)
        self.caller.get_by_test_id("panic").click()
        began: float = self.caller.evaluate(
            "() => { const now = Date.now(); document.querySelector('[data-testid=confirm]').click(); return now; }"
        )
        if away:
            self.caller.get_by_test_id("queued").wait_for()
            time.sleep(away)
            began = time.time() * 1000
            self.caller.context.set_offline(False)
        return self._until_seen(before, began)

    def _close(self) -> None:
        """Close what is open, so that the next call is an incident of its own."""
        with self.attacker.api() as http:
            for card in http.get("/api/board").json()["incidents"]:
                closed = {"state": "closed", "verdict": "benign"}
                http.post(f"/api/incidents/{card['id']}/judge", json=closed).raise_for_status()
            while http.get("/api/guard").json()["notices"]:
                time.sleep(0.05)

    def _person(self, browser: Browser, role: str, name: str, size: dict[str, int]) -> Page:
        page = browser.new_context(viewport=size, locale="en-GB").new_page()  # type: ignore[arg-type]
        asked = {"role": role, "name": name, "site": "aurore"}
        with self.attacker.api() as http:
            page.goto(http.post("/api/invitations", json=asked).raise_for_status().json()["url"])
        page.get_by_role("button").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.get_by_test_id("panic" if role == "guard" else "no-incidents").wait_for()
        return page


def _row(what: str, took: list[float], target: float, note: str = "") -> Row:
    took.sort()
    told = f"n={len(took)}, median {statistics.median(took):.0f} ms; whole road, three browsers on this machine"
    return Row(
        what=f"call for help: {what}, worst",
        figure=took[-1],
        unit="ms",
        better="less",
        target=target,
        note=f"{told}; {note}" if note else told,
    )
