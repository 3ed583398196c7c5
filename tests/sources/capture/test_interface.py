"""The live interface: the loopback heard by a confined process. Skipped where one may not listen."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import pytest

from safecare.model.events.network import CommandSeen
from safecare.sources.api import UnreadableError
from safecare.sources.capture.interface import Interface
from safecare.sources.capture.packets import open_interface
from safecare.testing.captures import modbus
from safecare.testing.intake import MemoryIntake

WRITE = modbus(7, 1, struct.pack(">BHH", 5, 3, 0xFF00))


def may_listen() -> bool:
    try:
        open_interface("lo").close()
    except OSError:
        return False
    return True


def exchanged(server: socket.socket) -> None:
    """Say something over loopback, and close everything that it took."""
    with socket.create_connection(server.getsockname()) as client, server.accept()[0] as taken:
        client.sendall(WRITE)
        taken.sendall(taken.recv(len(WRITE), socket.MSG_WAITALL))
        client.recv(len(WRITE), socket.MSG_WAITALL)


def heard_at(port: int, intake: MemoryIntake) -> list[CommandSeen]:
    """Return the commands to our own port: other tests speak over loopback at the same time."""
    return [event for event in intake.events if isinstance(event, CommandSeen) and event.dst_port == port]


@pytest.mark.slow
@pytest.mark.skipif(not may_listen(), reason="needs the right to listen (CAP_NET_RAW)")
async def test_a_command_on_the_wire_becomes_an_event() -> None:
    intake = MemoryIntake()
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    listening = asyncio.create_task(Interface("wire", "lo").run(intake))
    try:
        async with asyncio.timeout(60):
            while not heard_at(port, intake):
                await asyncio.to_thread(exchanged, server)
                await asyncio.sleep(0.2)
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        server.close()
    found = heard_at(port, intake)[0]
    assert (found.command, found.target) == ("write_single_coil", "coil:3")


async def test_an_interface_that_is_not_there_is_told() -> None:
    intake = MemoryIntake()
    listening = asyncio.create_task(Interface("wire", "nosuch0").run(intake))
    async with asyncio.timeout(10):
        while "wire" not in intake.states or intake.states["wire"][0] != "failed":
            await asyncio.sleep(0.01)
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening
    with pytest.raises(UnreadableError):
        Interface("wire", "lo").decode(b"", {}, intake)
