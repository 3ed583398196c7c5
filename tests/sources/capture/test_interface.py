"""The live interface: the loopback heard by a confined process. Skipped where one may not listen."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from safecare.model.events.network import CommandSeen
from safecare.sources.api import UnreadableError
from safecare.sources.capture.interface import Interface
from safecare.sources.capture.packets import open_interface
from safecare.testing.captures import modbus
from safecare.testing.intake import MemoryIntake, running

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
    with server:
        async with running(Interface("wire", "lo"), intake), asyncio.timeout(60):
            while not heard_at(port, intake):
                await asyncio.to_thread(exchanged, server)
                await asyncio.sleep(0.2)
    found = heard_at(port, intake)[0]
    assert (found.command, found.target) == ("write_single_coil", "coil:3")


async def test_an_interface_that_is_not_there_is_told() -> None:
    intake = MemoryIntake()
    async with running(Interface("wire", "nosuch0"), intake):
        await intake.until(lambda one: one.states.get("wire", ("",))[0] == "failed")
    with pytest.raises(UnreadableError):
        Interface("wire", "lo").decode(b"", {}, intake)
