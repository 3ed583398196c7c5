"""The console's server against clients that only hold connections."""

from __future__ import annotations

import asyncio

import pytest
from console_rig import TOKEN, Running

pytest_plugins = ["console_fixtures"]
pytestmark = pytest.mark.slow

HALVES = [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"GET /sign-in/x HTTP/1.1\r\nHost: x\r\n\r\nGET / HT"]


@pytest.mark.parametrize("half", HALVES, ids=["nothing", "half a request", "half a second request"])
async def test_a_connection_that_asks_for_nothing_is_ended(
    served: Running, half: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safecare.console.server.PATIENCE", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(half)
    async with asyncio.timeout(10):
        await reader.read(-1)  # to its end
    writer.close()


async def test_a_live_stream_outlasts_the_patience(served: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safecare.console.server.PATIENCE", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET /api/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n\r\n")
    async with asyncio.timeout(10):
        while b"event: beat" not in await reader.readline():
            pass
        while b"event: beat" not in await reader.readline():  # three seconds later
            pass
    writer.close()
