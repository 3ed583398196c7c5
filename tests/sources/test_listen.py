"""Doors that listen."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from safecare.sources import listen
from safecare.sources.api import Intake
from safecare.sources.listen import keep_listening, served
from safecare.testing.intake import MemoryIntake


async def test_an_address_that_is_taken_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "BACK_OFF", 0.0)
    intake, again, tries = MemoryIntake(), asyncio.Event(), 0

    async def serve(_: Intake) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError(98, "in use")
        again.set()
        await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(keep_listening(serve, intake, "door", "127.0.0.1", 1))
    await asyncio.wait_for(again.wait(), 5)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert intake.states["door"] == ("failed", "127.0.0.1:1: [Errno 98] in use")


async def test_http_is_served_until_the_door_closes() -> None:
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])
    async with served(app, "127.0.0.1", 0, 4) as ((host, port), _):
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://{host}:{port}/")).text == "here"
        with pytest.raises(OSError, match="in use"):
            async with served(app, host, port, 4):
                pass
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind((host, port))
