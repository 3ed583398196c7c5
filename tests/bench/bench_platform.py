"""The whole platform as a program, on the demo hospital: start, memory, and the way from an event to the screen."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.testing.bench import Row

sys.path.insert(0, str(Path(__file__).parent.parent / "app"))

from platform_harness import body, client, forced, private, reading, reported, until

ALERTS = 30
"""Events of each way that must become alerts, one after the other; 20 s apart by their own clock."""
WAYS: tuple[tuple[str, Callable[[int], Event], int, float, str], ...] = (
    ("word of a door's controller", reported, -ALERTS, 1.0, ""),
    ("bare opening of a door", forced, 0, 3.0, "of it 2 s for the word of its grant, which may come by another way"),
)
"""What is sent, how it is made, its first number, seconds allowed, and why. The 2 s are `ForcedDoor.patience`."""
LOAD = 60_000
"""Events of the throughput figure."""


def rows() -> Iterator[Row]:
    """Measure a private platform on free ports of 127.0.0.1."""
    with tempfile.TemporaryDirectory(prefix="safecare-bench-") as place:
        platform = private(Path(place) / "data")
        for what in ("first start", "second start"):
            begun = time.monotonic()
            platform.start()
            took = time.monotonic() - begun
            yield Row(what=f"{what} until ready", figure=took, unit="s", better="less", target=10.0)
            if what == "first start":
                platform.stop()
        try:
            with client(platform) as http:
                yield from _running(http)
        finally:
            platform.stop()


def _running(http: httpx.Client) -> Iterator[Row]:
    until(lambda: len(http.get("/api/health").json()["stages"]) >= 6)
    time.sleep(5.0)  # idle is idle
    memory = http.get("/api/health").json()["memory_mb"]
    yield Row(what="memory of all processes, idle", figure=memory, unit="MB", better="less", target=300.0)
    for what, kind, first, target, note in WAYS:
        latencies = sorted(_latency(http, kind((first + number) * 20_000)) for number in range(ALERTS))
        for name, share in (("median", 0.5), ("99 %", 0.99)):
            figure = latencies[min(len(latencies) - 1, int(len(latencies) * share))]
            yield Row(
                what=f"{what} until its alert is readable, {name}",
                figure=figure,
                unit="s",
                better="less",
                target=target,
                note=note,
            )
    empty = statistics.median(_empty(http) for _ in range(50))
    yield Row(what="an answer of the console, median", figure=empty * 1000, unit="ms", better="less")
    yield _throughput(http)


def _latency(http: httpx.Client, event: Event) -> float:
    """Return the seconds from the request with one event until its alert stands in the API."""
    begun = time.monotonic()
    http.post("/api/ingest/events", content=body([event])).raise_for_status()
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    while True:
        alerts = http.get("/api/alerts", params={"limit": 5, "since": since}).json()
        if any(datetime.fromisoformat(alert["first"]) == event.at for alert in alerts):
            return time.monotonic() - begun
        if time.monotonic() - begun > 20:
            raise TimeoutError("no alert within 20 s")


def _empty(http: httpx.Client) -> float:
    begun = time.monotonic()
    http.get("/api/me").raise_for_status()
    return time.monotonic() - begun


def _throughput(http: httpx.Client) -> Row:
    """Send events as fast as they are acknowledged; count until the store has them all."""
    before = http.get("/api/board").json()["counts"]["events"]
    batches = [
        b"\n".join(encode_event(reading(10_000_000 + at + one)) for one in range(1000)) for at in range(0, LOAD, 1000)
    ]
    begun = time.monotonic()
    for batch in batches:
        http.post("/api/ingest/events", content=batch).raise_for_status()
    acknowledged = time.monotonic() - begun
    until(lambda: http.get("/api/board").json()["counts"]["events"] >= before + LOAD, 120)
    stored = time.monotonic() - begun
    return Row(
        what="events/s through HTTP, log, all detectors and store",
        figure=LOAD / stored,
        unit="/s",
        peer=LOAD / acknowledged,
        peer_name="acknowledged/s",
        target=5_000.0,
        note="target: a large hospital's 5,000/s",
    )
