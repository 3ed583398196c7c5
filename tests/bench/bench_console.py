"""The console under load: live stream to many screens, the board, ingest, and its pages in a real Chromium.

Clients run in the same process and share its processor, so the figures are upper bounds.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvloop

from safecare.console.server import serve
from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.model.clock import SystemClock
from safecare.model.events import encode_event
from safecare.model.hospital import Hospital
from safecare.model.topics import encode
from safecare.testing.bench import Row, Skipped
from safecare.testing.hospital import small_hospital

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "console"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import console_items as made
import console_screens as screens
from console_rig import TOKEN, Rig

BROWSERS = 500
OF_ONE_SESSION = 20
ROUNDS = 20
PAINTED = 100
INCIDENTS = 50
EVENTS = 1000


def rows() -> Iterable[Row | Skipped]:
    """Measure everything on running consoles over the SQLite log."""
    yield from _running(small_hospital(), _served)
    lacking = screens.built()
    if lacking:
        yield Skipped("screens in Chromium", lacking)
        return
    yield from _running(screens.large_hospital(), _large)
    yield from screens.acknowledged()


def _running(hospital: Hospital, measure: Callable[[Rig, int], Awaitable[list[Row]]]) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(  # the real clock, and the screens as built
            Path(folder),
            log=SqliteLog(Path(folder) / "log.db", reserve_mb=1),  # type: ignore[arg-type]
            hospital=hospital,
            clock=SystemClock(),  # type: ignore[arg-type]
            static=Path(__file__).parents[2] / "src" / "safecare" / "console" / "static",
        )
        stop = threading.Event()
        writer = threading.Thread(target=rig.writer.run, args=(stop,))
        writer.start()
        try:
            return uvloop.run(_measure(rig, measure))
        finally:
            stop.set()
            writer.join()
            rig.log.close()
            rig.database.engine.dispose()


async def _measure(rig: Rig, measure: Callable[[Rig, int], Awaitable[list[Row]]]) -> list[Row]:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(serve(rig.app, "127.0.0.1", 0, port.set_result))
    address = await port
    try:
        return await measure(rig, address)
    finally:
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)


async def _served(rig: Rig, port: int) -> list[Row]:
    found = [*await _board(rig, port), *await _ingest(rig, port), *await _fan_out(rig, port)]
    if not screens.built():
        found += await screens.first_loads(rig, port)
        async with _screens(rig, port, reading=True) as _:
            found.append(await screens.visible(rig, port, PAINTED, BROWSERS))
    return found


async def _large(rig: Rig, port: int) -> list[Row]:
    return await screens.repaints(rig, port)


async def _board(rig: Rig, port: int) -> list[Row]:
    at = rig.clock.now()
    for _ in range(INCIDENTS):
        alerts = [made.alert(at) for _ in range(10)]
        rig.log.append(
            [Entry("alert", tuple(map(encode, alerts))), Entry("incident", (encode(made.incident(at, *alerts)),))]
        )
    await _stored(rig)
    cookies = {"safecare_session": rig.sign_in("operator")}
    took = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", cookies=cookies) as client:
        for number in range(100):
            headers = {"Accept-Language": "fr" if number % 2 else "en"}
            began = time.perf_counter()
            answer = await client.get("/api/board", headers=headers)
            took.append((time.perf_counter() - began) * 1000)
        plain = []
        for _ in range(100):
            began = time.perf_counter()
            await client.get("/api/texts/en.json")
            plain.append((time.perf_counter() - began) * 1000)
    assert len(answer.json()["incidents"]) == INCIDENTS
    return [
        Row(
            what=f"GET /api/board, {INCIDENTS} open incidents, median",
            figure=statistics.median(took),
            unit="ms",
            better="less",
            target=50.0,
            peer=statistics.median(plain),
            peer_name="ms, an empty answer",
            note=f"worst {max(took):.0f} ms; one reading serves all who ask within a second",
        )
    ]


async def _ingest(rig: Rig, port: int) -> list[Row]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    took = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        for _ in range(10):
            body = b"\n".join(encode_event(made.opened(rig.clock.now())) for _ in range(EVENTS))
            began = time.perf_counter()
            answer = await client.post("/api/ingest/events", content=body)
            took.append(time.perf_counter() - began)
            assert answer.json()["accepted"] == EVENTS
    rate = EVENTS / statistics.median(took)
    return [Row(what=f"ingest over HTTP, {EVENTS} events a request, durable", figure=rate, unit="ev/s", target=5000.0)]


async def _fan_out(rig: Rig, port: int) -> list[Row]:
    await _stored(rig)
    took: list[float] = []
    async with _screens(rig, port, reading=False) as heard:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await asyncio.to_thread(rig.log.append, [Entry("incident", (encode(made.incident(rig.clock.now())),))])
            took += [(await heard.get() - began) * 1000 for _ in range(BROWSERS)]
    took.sort()
    what = f"incident on the log until {BROWSERS} screens are told"
    median, late = statistics.median(took), took[int(len(took) * 0.99)]
    return [
        Row(what=f"{what}, median", figure=median, unit="ms", better="less", target=500.0),
        Row(what=f"{what}, p99", figure=late, unit="ms", better="less", target=1000.0, note="store shows it by then"),
    ]


@asynccontextmanager
async def _screens(rig: Rig, port: int, *, reading: bool) -> AsyncIterator[asyncio.Queue[float]]:
    """Open `BROWSERS` live streams; with `reading`, each reads the board again after a change, as pages do."""
    heard: asyncio.Queue[float] = asyncio.Queue()
    cookies = [rig.sign_in("operator") for _ in range(-(-BROWSERS // OF_ONE_SESSION))]
    tasks = [
        asyncio.create_task(_browser(port, cookies[number // OF_ONE_SESSION], heard, number if reading else None))
        for number in range(BROWSERS)
    ]
    for _ in tasks:
        await heard.get()  # each tells once that it listens
    try:
        yield heard
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _browser(port: int, cookie: str, heard: asyncio.Queue[float], number: int | None) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_get("/api/live", cookie))
    listening = False
    again: asyncio.Task[None] | None = None
    try:
        while line := await reader.readline():
            if line.startswith(b"data: ") and (b'"topic"' in line) == listening:
                heard.put_nowait(time.perf_counter())
                if listening and number is not None and (again is None or again.done()):
                    again = asyncio.create_task(_read_board(port, cookie, 0.15 + 3.0 * number / BROWSERS))
                listening = True
    finally:
        writer.close()
        if again is not None:
            again.cancel()


async def _read_board(port: int, cookie: str, after: float) -> None:
    """Read the board once, after the time by which pages spread their readings."""
    await asyncio.sleep(after)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(_get("/api/board", cookie, close=True))
        await reader.read()
    finally:
        writer.close()


def _get(path: str, cookie: str, *, close: bool = False) -> bytes:
    last = "Connection: close\r\n" if close else ""
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nCookie: safecare_session={cookie}\r\n{last}\r\n"
    return head.encode()


async def _stored(rig: Rig) -> None:
    deps = rig.deps()
    while await asyncio.to_thread(deps.glance.cursor) < rig.log.last():
        await asyncio.sleep(0.02)
