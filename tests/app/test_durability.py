"""Nothing that was acknowledged is lost, and nothing is there twice: whatever dies, whenever the disk is full."""

from __future__ import annotations

import os
import random
import shutil
import signal
import smtplib
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from platform_harness import body, client, forced, private, reading, until

from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.scenarios.private import PrivatePlatform
from safecare.store.database import Database
from safecare.store.read import Reader

pytest_plugins = ["platform_fixtures"]
pytestmark = pytest.mark.slow

BATCH, PAUSE = 100, 0.1
"""Events per request, and seconds between requests: 1,000 events/s."""
FORCED = 50
"""Every so many events is one that must become an alert."""


def event(number: int) -> Event:
    return forced(number) if number % FORCED == 0 else reading(number)


class Sender(threading.Thread):
    """Sends 1,000 events/s; sends a batch again until it is acknowledged, as a real sender does."""

    def __init__(self, platform: PrivatePlatform, batches: int) -> None:
        super().__init__()
        self.platform = platform
        self.batches = batches
        self.acknowledged: list[int] = []

    def run(self) -> None:
        for batch in range(self.batches):
            numbers = range(batch * BATCH, (batch + 1) * BATCH)
            while not self._send(body([event(number) for number in numbers])):
                time.sleep(PAUSE)
            self.acknowledged += numbers
            time.sleep(PAUSE)

    def _send(self, raw: bytes) -> bool:
        try:
            with client(self.platform) as http:
                return http.post("/api/ingest/events", content=raw).status_code == 202
        except (httpx.TransportError, OSError):
            return False


def forced_alerts(reader: Reader) -> list[Alert]:
    return [alert for alert in reader.alerts(limit=100_000) if alert.rule == "door.forced"]


def everything_is_there_once(platform: PrivatePlatform, acknowledged: list[int]) -> None:
    expected = {event(number).id for number in acknowledged}
    alarming = {event(number).id for number in acknowledged if number % FORCED == 0}
    reader = Reader(Database(platform.folder / "safecare.db"))
    until(lambda: reader.counts()["events"] >= len(expected))
    until(lambda: len(forced_alerts(reader)) >= len(alarming), 90)
    stored = Counter(one.id for one in reader.events(list(expected)))
    assert set(stored) == expected
    assert set(stored.values()) == {1}
    assert reader.counts()["events"] == len(expected)
    raised = Counter(first for alert in forced_alerts(reader) for first in alert.because)
    assert set(raised) == alarming
    assert set(raised.values()) == {1}


@pytest.mark.timeout(900)
def test_kill_9_of_any_process_at_any_moment(platform: PrivatePlatform) -> None:
    chance = random.Random(os.environ.get("PYTEST_RANDOMLY_SEED", "0"))
    platform.start()
    sender = Sender(platform, batches=150)
    sender.start()
    kills = Counter[str]()
    while sender.is_alive():
        sender.join(chance.uniform(1.0, 3.0))
        if not sender.is_alive():
            break
        children = psutil.Process(platform.pid).children()
        if children and chance.random() < 0.5:
            chance.choice(children).kill()
            kills["child"] += 1
        else:
            os.kill(platform.pid, signal.SIGKILL)
            platform.kill()
            platform.start()
            kills["platform"] += 1
    assert len(kills) == 2, kills
    everything_is_there_once(platform, sender.acknowledged)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 96 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no right to mount a small disk: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("left_mb", [16, 0], ids=["below-the-reserve", "not-a-byte"])
def test_disk_full_refuses_keeps_and_recovers(small_disk: Path, left_mb: int) -> None:
    data = small_disk / "data"
    data.mkdir()
    (data / "safecare.toml").write_text("[limits]\ndisk_reserve_mb = 32\n")
    with private(data) as platform, client(platform) as http:
        before = [event(number) for number in range(500)]
        assert http.post("/api/ingest/events", content=body(before)).status_code == 202
        filler = small_disk / "filler"
        fill(filler, shutil.disk_usage(small_disk).free - left_mb * 2**20)
        until(lambda: http.post("/api/ingest/events", content=body([event(10_000)])).status_code == 507)
        port = platform.runtime()["doors"]["mail-intake"]["settings"]["port"]
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp, pytest.raises(smtplib.SMTPException) as refused:
            smtp.sendmail("a@example.org", ["b@example.org"], "Subject: x\r\n\r\nhello")
        assert "452" in str(refused.value)
        assert http.get("/api/health").json()["disk"]["refusing"]
        filler.unlink()
        after = [event(number) for number in range(1000, 1200)]
        until(lambda: http.post("/api/ingest/events", content=body(after)).status_code == 202)
        everything_is_there_once(platform, [*range(500), *range(1000, 1200)])


def fill(path: Path, size: int) -> None:
    with path.open("wb") as file:
        try:
            while size > 0:
                size -= file.write(bytes(min(size, 1 << 20)))
                file.flush()
        except OSError:
            pass
