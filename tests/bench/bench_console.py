"""The console under load: live stream to many browsers, the board, and ingest, each over TCP on this machine.

Clients run in the same process and share its processor, so the figures are upper bounds.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import httpx

from safecare.console.server import serve
from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.model.events import encode_event
from safecare.model.topics import encode
from safecare.testing.bench import Row

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "console"))
import console_items as made
from console_rig import TOKEN, Rig

BROWSERS = 100
ROUNDS = 20
INCIDENTS = 50
EVENTS = 1000


def rows() -> Iterable[Row]:
    """Measure everything on one running console over the SQLite log."""
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), log=SqliteLog(Path(folder) / "log.db", reserve_mb=1))  # type: ignore[arg-type]
        stop = threading.Event()
        writer = threading.Thread(target=rig.writer.run, args=(stop,))
        writer.start()
        try:
            return asyncio.run(_measure(rig))
        finally:
            stop.set()
            writer.join()
            rig.log.close()
            rig.database.engine.dispose()


async def _measure(rig: Rig) -> list[Row]:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(serve(rig.app, "127.0.0.1", 0, port.set_result))
    address = await port
    try:
        return [*await _board(rig, address), *await _ingest(rig, address), *await _fan_out(rig, address)]
    finally:
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)


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
        for _ in range(100):
            began = time.perf_counter()
            answer = await client.get("/api/board")
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
    cookie = rig.sign_in("operator")
    heard: asyncio.Queue[float] = asyncio.Queue()
    browsers = [asyncio.create_task(_browser(port, cookie, heard)) for _ in range(BROWSERS)]
    for _ in browsers:
        await heard.get()  # each tells once that it listens
    took: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await asyncio.to_thread(rig.log.append, [Entry("incident", (encode(made.incident(rig.clock.now())),))])
        took += [(await heard.get() - began) * 1000 for _ in browsers]
    for browser in browsers:
        browser.cancel()
    await asyncio.gather(*browsers, return_exceptions=True)
    took.sort()
    what = f"incident on the log until {BROWSERS} browsers are told"
    median, late = statistics.median(took), took[int(len(took) * 0.95)]
    return [
        Row(what=f"{what}, median", figure=median, unit="ms", better="less", target=200.0),
        Row(what=f"{what}, 95 %", figure=late, unit="ms", better="less", target=500.0, note="store shows it by then"),
    ]


async def _browser(port: int, cookie: str, heard: asyncio.Queue[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /api/live HTTP/1.1\r\nHost: x\r\nCookie: safecare_session={cookie}\r\n\r\n".encode())
    listening = False
    try:
        while line := await reader.readline():
            if line.startswith(b"data: ") and (b'"topic"' in line) == listening:
                heard.put_nowait(time.perf_counter())
                listening = True
    finally:
        writer.close()


async def _stored(rig: Rig) -> None:
    deps = rig.deps()
    while await asyncio.to_thread(deps.glance.cursor) < rig.log.last():
        await asyncio.sleep(0.02)
