"""A worker that is ready and gets no processor is waited for, and told; one that has none to wait for is ended."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from safecare.model.events.video import CameraState
from safecare.sources.camera import client
from safecare.sources.camera.client import STARVED, WorkerDiedError, queued
from safecare.sources.camera.live import LiveCamera
from safecare.sources.camera.messages import Done, Message, PictureChange, Progress, Starved
from safecare.sources.camera.places import CameraSettings
from safecare.testing.intake import MemoryIntake

PATIENCE = 0.001


async def rounds(told: Callable[[int], float], answer: int | None, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how often a worker was waited for again, if its queue is as `told`, and it answers in round `answer`."""
    monkeypatch.setattr(client, "queued", told)
    monkeypatch.setattr(client, "LEAST_WAIT", PATIENCE / 100)
    reading: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    count = 0
    try:
        async for _ in client._starving(1, reading, PATIENCE):
            count += 1
            if count == answer:
                reading.set_result(Progress(1))
    finally:
        reading.cancel()
    return count


async def test_who_waits_for_a_processor_is_waited_for_and_who_does_not_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    growing = itertools.count()
    assert await rounds(lambda pid: float(next(growing)), 3, monkeypatch) == 3
    with pytest.raises(WorkerDiedError, match="took too long"):
        await rounds(lambda pid: 5.0, 3, monkeypatch)


async def test_even_who_waits_for_a_processor_is_ended_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    growing = itertools.count()
    with pytest.raises(WorkerDiedError, match="took too long"):
        await rounds(lambda pid: float(next(growing)), 2 * STARVED, monkeypatch)


def test_the_queue_of_a_process_that_has_ended_is_empty() -> None:
    assert queued(os.getpid()) >= 0.0
    assert queued(2**22 + 1) == 0.0


class Told:
    """A worker that says what a test lets it say."""

    layers: tuple[str, ...] = ()
    problem = ""

    def __init__(self, clock: Any, *messages: Message) -> None:
        self._clock, self._messages = clock, messages

    async def answers(self, job: Any, **_: float) -> AsyncIterator[Message]:
        for message in self._messages:
            yield message
            self._clock.advance(timedelta(seconds=1))

    async def stop(self) -> None:
        pass


@pytest.mark.parametrize("back", ["ok", "replayed"])
async def test_a_camera_without_processor_time_is_lost_until_there_is_some_again(back: Any) -> None:
    intake = MemoryIntake()
    camera = intake.hospital.asset("camera.corridor")
    assert camera is not None
    worker: Any = Told(
        intake.clock, PictureChange(0.0, back), Starved(21.0), Starved(42.0), Progress(7), Progress(8), Done(8, 9.0)
    )
    live = LiveCamera("camera", camera, CameraSettings(url="rtsp://camera/"), intake, worker=worker)
    assert await live._follow() == (True, "lost", "the stream ended")
    states = [event.state for event in intake.events if isinstance(event, CameraState)]
    assert states == [back, "lost", back]
