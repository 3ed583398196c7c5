"""Fixtures: a console, and one that is served over TCP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from console_rig import Rig, Running

from safecare.console.server import serve
from safecare.testing.cascade import incident_of, theft_alerts


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.database.engine.dispose()


@pytest.fixture
async def served(rig: Rig) -> AsyncIterator[Running]:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(rig.app, "127.0.0.1", 0, port.set_result))
    stop = threading.Event()
    writer = threading.Thread(target=rig.writer.run, args=(stop,))
    writer.start()
    try:
        yield Running(rig, await asyncio.wait_for(port, 10), task)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        stop.set()
        await asyncio.to_thread(writer.join)


@pytest.fixture
def story(rig: Rig) -> Iterator[Rig]:
    """The vaccine theft: its alerts and its incident."""
    alerts = theft_alerts()
    rig.add(*alerts, incident_of(alerts))
    yield rig
    rig.app.state.player.stop()
