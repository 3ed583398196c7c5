"""Ways to start a real platform and to talk to it, for the tests of this folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from safecare.app.files import demo_hospital, hospital_of
from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.events.building import Reading
from safecare.model.events.doors import DoorOpened
from safecare.model.events.panels import PanelSignal
from safecare.model.ids import AssetId, SiteId, ZoneId
from safecare.scenarios.private import PrivatePlatform, free_doors, free_ports

DOOR = "door.aurore.pharmacy"
START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
"""Recent, so that retention leaves the events of a test alone."""


def private(folder: Path) -> PrivatePlatform:
    """A platform over `folder` whose doors listen on free ports."""
    (modbus,) = free_ports(1)
    doors: dict[str, dict[str, Any]] = {
        **free_doors(hospital_of(demo_hospital()).doors),
        "modbus-building": {"moved": {"127.0.0.1:15020": f"127.0.0.1:{modbus}"}},
    }
    return PrivatePlatform(folder, doors)


def client(platform: PrivatePlatform) -> httpx.Client:
    """A client that acts as the local administrator."""
    headers = {"Authorization": f"Bearer {platform.token()}", "X-Safecare": "1"}
    return httpx.Client(base_url=platform.url, headers=headers, timeout=20)


def reading(number: int) -> Event:
    at = START + timedelta(milliseconds=number)
    return Reading(
        id=Event.id_for(at, "test", str(number)),
        at=at,
        seen=at,
        source="test",
        site=SiteId("aurore"),
        asset=AssetId("freezer.aurore.vaccine.1"),
        zone=ZoneId("aurore.pharmacy.cold"),
        quantity="temperature",
        value=-20.0,
        unit="Cel",
    )


def forced(number: int) -> Event:
    """An opening that nobody was granted: each is one alert of its own."""
    return DoorOpened(**_at_the_door(number))


def reported(number: int) -> Event:
    """A door's controller says that the door was forced: an alert that waits for nothing else."""
    return PanelSignal(**_at_the_door(number), what="forced")


def _at_the_door(number: int) -> dict[str, Any]:
    at = START + timedelta(milliseconds=number)
    return {
        "id": Event.id_for(at, "test", str(number)),
        "at": at,
        "seen": at,
        "source": "test",
        "site": SiteId("aurore"),
        "asset": AssetId(DOOR),
        "zone": ZoneId("aurore.pharmacy"),
    }


def body(events: list[Event]) -> bytes:
    return b"\n".join(map(encode_event, events))


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until `condition` holds. Raises `TimeoutError`."""
    end = time.monotonic() + seconds
    pause = 0.02
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not so within {seconds} s")
        time.sleep(pause)
