"""The console's screens in a real Chromium, as part of the benchmark of the console.

Server, streams and browser share one machine, so all figures are upper bounds.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright
from playwright.sync_api import sync_playwright

from safecare.app.files import demo_hospital, hospital_of
from safecare.exchange.log import Entry
from safecare.model.hospital import Hospital, Level, Name, Zone
from safecare.model.ids import SiteId, ZoneId
from safecare.model.topics import encode
from safecare.scenarios.private import PrivatePlatform, free_doors, free_ports
from safecare.testing.bench import Row, Skipped
from safecare.testing.hospital import small_hospital

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "console"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import console_items as made
import msgspec
from console_rig import Rig
from e2e_attack import Attacker

CHROMIUM = os.environ.get("SAFECARE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
SCREEN = {"width": 1920, "height": 1080}
PHONE = {"width": 360, "height": 740}
ROOMS = 2_000
"""Rooms of the large plan."""
LOADS = 7
FRAMES = 40
ALARMS = 200
"""Rooms that change in one frame (as in the reference measurement of plain SVG)."""
PEOPLE = 20
"""Notices that are acknowledged one after the other."""

SEEN = """
() => {
  window.seen = new Map();
  const look = () => {
    for (const card of document.querySelectorAll('[data-testid=incident-card]')) {
      const id = card.dataset.incident;
      if (window.seen.has(id)) continue;
      window.seen.set(id, 0);
      requestAnimationFrame(() => window.seen.set(id, Date.now()));
    }
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
  look();
}
"""
"""Notes when a card of an incident is painted first (this machine's clock, milliseconds)."""


def built() -> str:
    """Return why the screens can't be measured here; empty when they can."""
    if CHROMIUM is None:
        return "no Chromium; SAFECARE_CHROMIUM names one"
    page = Path(__file__).parents[2] / "src" / "safecare" / "console" / "static" / "index.html"
    return "" if page.is_file() else "the screens are not built: script/build-web"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Give a headless browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def signed_in(browser: Browser, rig: Rig, port: int, role: str) -> BrowserContext:
    """Return a fresh browser profile of a person with `role`."""
    context = await browser.new_context(viewport=SCREEN, locale="fr-FR")  # type: ignore[arg-type]
    cookie = {"name": "safecare_session", "value": rig.sign_in(role), "url": f"http://127.0.0.1:{port}"}
    await context.add_cookies([cookie])  # type: ignore[list-item]
    return context


async def first_loads(rig: Rig, port: int) -> list[Row]:
    """Open the board with an empty cache; count bytes as they come over the wire."""
    took, sizes = [], []
    async with chromium() as browser:
        for _ in range(LOADS):
            context = await signed_in(browser, rig, port, "operator")
            page = await context.new_page()
            session = await context.new_cdp_session(page)
            await session.send("Network.enable")
            received: list[float] = []
            session.on("Network.loadingFinished", lambda event, into=received: into.append(event["encodedDataLength"]))
            began = time.perf_counter()
            await page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
            await page.get_by_test_id("incident-card").first.wait_for()
            await page.locator("[data-zone]").first.wait_for()
            took.append((time.perf_counter() - began) * 1000)
            sizes.append(sum(received) / 1000)
            await context.close()
    median, worst = statistics.median(took), max(took)
    return [
        Row(
            what="first load of the board, median",
            figure=median,
            unit="ms",
            better="less",
            target=1000.0,
            note=f"n={LOADS}, best {min(took):.0f} ms, worst {worst:.0f} ms; empty cache, incidents and plan are there",
        ),
        Row(
            what="first load of the board, over the wire",
            figure=max(sizes),
            unit="kB",
            better="less",
            target=200.0,
            note="compressed",
        ),
    ]


async def visible(rig: Rig, port: int, rounds: int, streams: int) -> Row:
    """Append incidents to the log one after the other until each stands painted on a board; others listen too."""
    took: list[float] = []
    async with chromium() as browser:
        context = await signed_in(browser, rig, port, "operator")
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.get_by_test_id("incidents").wait_for()
        await page.evaluate(SEEN)
        for _ in range(rounds):
            incident = made.incident(datetime.now(UTC))
            began = time.time() * 1000
            await asyncio.to_thread(rig.log.append, [Entry("incident", (encode(incident),))])
            await page.wait_for_function("id => window.seen.get(id)", arg=incident.id, polling=20)
            took.append(await page.evaluate("id => window.seen.get(id)", incident.id) - began)
        await context.close()
    took.sort()
    late = took[min(len(took) - 1, int(len(took) * 0.99))]
    return Row(
        what=f"incident on the log until painted, {streams} screens, p99",
        figure=late,
        unit="ms",
        better="less",
        target=1000.0,
        note=f"n={rounds}, median {statistics.median(took):.0f} ms; every screen reads the board again too",
    )


def large_hospital(rooms: int = ROOMS) -> Hospital:
    """Return a hospital whose only storey has `rooms` rooms."""
    base = small_hospital()
    site, level = base.sites[0], base.levels[0]
    wide = 50
    zones = tuple(
        Zone(
            id=ZoneId(f"room.{number}"),
            site=SiteId(site.id),
            level=level.id,
            name=Name(f"Room {number}", f"Salle {number}"),
            category="room",
            outline=_box(number % wide * 6.0, number // wide * 5.0),
        )
        for number in range(rooms)
    )
    fields = {name: getattr(base, name) for name in base.__struct_fields__}
    storey = Level(
        id=level.id,
        site=level.site,
        building=level.building,
        ordinal=0,
        name=level.name,
        building_name=level.building_name,
    )
    empty: dict[str, Any] = {"assets": (), "services": (), "dependencies": (), "people": (), "routes": ()}
    return Hospital(**{**fields, **empty, "zones": zones, "levels": (storey,)})


def _box(x: float, y: float) -> tuple[tuple[float, float], ...]:
    return ((x, y), (x + 5.5, y), (x + 5.5, y + 4.5), (x, y + 4.5))


REPAINT = """
async (sets) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const tell = new MessageChannel();
    tell.port1.onmessage = done;
    tell.port2.postMessage(0);
  }));
  const took = [];
  for (const card of sets) {
    await new Promise((done) => setTimeout(done, 60));
    await painted();
    const began = performance.now();
    const data = JSON.stringify({topic: 'incident', id: card.id, card});
    window.bench.dispatchEvent(new MessageEvent('message', {data}));
    await painted();
    took.push(performance.now() - began);
  }
  return took;
}
"""
"""Gives the page's own live stream one incident after the other, and times each until its frame is painted."""
KEEP_STREAM = """
const Before = window.EventSource;
window.EventSource = class extends Before { constructor(...given) { super(...given); window.bench = this; } };
"""


async def repaints(rig: Rig, port: int) -> list[Row]:
    """Change the state of `ALARMS` rooms of a plan of `ROOMS`, frame by frame."""
    first = made.incident(datetime.now(UTC), id="large")
    rig.log.append([Entry("incident", (encode(msgspec.structs.replace(first, zones=(ZoneId("room.0"),))),))])
    async with chromium() as browser:
        context = await signed_in(browser, rig, port, "operator")
        await context.add_init_script(KEEP_STREAM)
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.locator(f"[data-zone='room.{ROOMS - 1}']").wait_for()
        await page.get_by_test_id("incident-card").first.wait_for()
        card = (await _json(page, "/api/board"))["incidents"][0]
        sets = [_card(card, frame) for frame in range(FRAMES)]
        session = await context.new_cdp_session(page)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = await _busy(session)
        took = sorted(await page.evaluate(REPAINT, sets))
        busy = (await _busy(session) - before) / FRAMES
        await context.close()
    note = f"n={FRAMES}, best {took[0]:.0f} ms, 95 % {took[int(len(took) * 0.95)]:.0f} ms; no GPU"
    return [
        Row(
            what=f"plan of {ROOMS} rooms, {ALARMS} change, until painted, median",
            figure=statistics.median(took),
            unit="ms",
            better="less",
            target=50.0,
            note=note,
        ),
        Row(
            what="the same, processor time of the page's main thread, mean",
            figure=busy,
            unit="ms",
            better="less",
            target=50.0,
        ),
    ]


def _card(card: dict[str, Any], frame: int) -> dict[str, Any]:
    levels = ("critical", "high", "medium", "low")
    zones = [{"id": f"room.{(frame * 37 + number * 9) % ROOMS}", "name": "Room"} for number in range(ALARMS)]
    return {**card, "revision": card["revision"] + 1 + frame, "level": levels[frame % 4], "zones": zones}


async def _busy(session: CDPSession) -> float:
    """Return the processor time (ms) that the page's main thread has used."""
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration") * 1000


async def _json(page: Page, path: str) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("async (path) => (await fetch(path)).json()", path)
    return found


PRESS = """
() => new MutationObserver(() => {
  const button = document.querySelector('[data-testid=answer-acknowledged]:not(:disabled)');
  if (button) button.click();
}).observe(document.body, {childList: true, subtree: true, attributes: true})
"""
"""Acknowledges whatever comes, as soon as its button is there."""


def acknowledged() -> Iterator[Row | Skipped]:
    """Let fire detectors of the demo hospital ring through their own door, until the guard's answer is a receipt."""
    console, modbus = free_ports(2)
    free = free_doors(hospital_of(demo_hospital()).doors)
    ports = {name: one["port"] for name, one in free.items()}
    doors: dict[str, dict[str, Any]] = dict(free)
    doors["modbus-building"] = {"moved": {"127.0.0.1:15020": f"127.0.0.1:{modbus}"}}
    with tempfile.TemporaryDirectory() as folder:
        platform = PrivatePlatform(Path(folder) / "data", doors, options=("--no-link", "--port", str(console)))
        with platform, sync_playwright() as playwright:
            attacker = Attacker(platform, ports)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
            with attacker.api() as http:
                asked = {"role": "guard", "name": "Jade", "site": "aurore"}
                page = context.new_page()
                page.goto(http.post("/api/invitations", json=asked).raise_for_status().json()["url"])
                page.get_by_role("button").click()
                page.get_by_test_id("no-notices").wait_for()
                page.evaluate(PRESS)
                took = [_round(attacker, http, f"aurore/fire/depot.{number % 4 + 1}") for number in range(PEOPLE)]
            browser.close()
    took.sort()
    yield Row(
        what="field message until the guard's answer is a receipt, worst",
        figure=took[-1],
        unit="ms",
        better="less",
        target=2000.0,
        note=f"n={PEOPLE}, median {statistics.median(took):.0f} ms; whole road, phone page presses at once",
    )


def _round(attacker: Attacker, http: httpx.Client, topic: str) -> float:
    """Return the milliseconds from one fire signal to the receipt; close the incident afterwards."""
    began = time.perf_counter()
    attacker.field((topic, {"smoke": True}))
    while not (incident := _taken(http)):
        if time.perf_counter() - began > 60:
            raise TimeoutError(f"{topic}: nobody acknowledged within a minute")
        time.sleep(0.01)
    took = (time.perf_counter() - began) * 1000
    attacker.field((topic, {"smoke": False}))
    closed = {"state": "closed", "verdict": "benign"}
    http.post(f"/api/incidents/{incident}/judge", json=closed).raise_for_status()
    while http.get("/api/guard").json()["notices"]:
        time.sleep(0.02)
    return took


def _taken(http: httpx.Client) -> str:
    """Return the incident of which a notice is acknowledged; empty: none yet."""
    notices: Sequence[dict[str, Any]] = http.get("/api/guard").json()["notices"]
    return next((str(one["incident"]) for one in notices if one["given"]), "")
