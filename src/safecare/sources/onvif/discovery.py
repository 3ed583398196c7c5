"""Asks the network which ONVIF devices there are: one question to all, and the answers of some seconds.

What answers is not believed: it is shown to a person, who names what belongs to the hospital in its files.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from safecare.formats.camera_words import CameraWordError
from safecare.formats.onvif_discovery import GROUP, PORT, Answer, probe, read_answers

TIMES, APART = 2, 0.4
"""How often the question is sent (datagrams get lost; WS-Discovery, 3.1.2 repeats as often), and seconds between."""
MOST = 2000
"""Most devices that are remembered (chosen: more than a network of one site holds)."""


class Device(NamedTuple):
    """A device that answered from `host`, and what it said."""

    host: str
    answer: Answer

    @property
    def url(self) -> str:
        """The address to put down for it: its own service, at the host that answered."""
        told = urlsplit(self.answer.urls[0])
        place = f"{self.host}:{told.port}" if told.port else self.host
        return urlunsplit(("onvifs" if told.scheme == "https" else "onvif", place, told.path or "/", "", ""))


class _Hearing(asyncio.DatagramProtocol):
    def __init__(self, message: str) -> None:
        self.message = message
        self.found: dict[tuple[str, tuple[str, ...]], Device] = {}
        self.unread = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            answers = read_answers(data, self.message)
        except (CameraWordError, UnicodeDecodeError):
            self.unread += 1
            return
        for one in answers:
            if len(self.found) < MOST:
                self.found.setdefault((addr[0], one.urls), Device(addr[0], one))


async def find(seconds: float, interface: str = "", group: str = GROUP, port: int = PORT) -> tuple[list[Device], int]:
    """Return who answered within `seconds`, and how many answers could not be read. Raises `OSError`.

    `interface`: our address on the network that is asked, where there is more than one. `group` may be one device.
    """
    hearing = _Hearing(f"urn:uuid:{secrets.token_hex(4)}-0000-4000-8000-{secrets.token_hex(6)}")
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        own.setblocking(False)
        if interface:
            own.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        own.bind((interface, 0))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: hearing, sock=own)
    except BaseException:
        own.close()
        raise
    try:
        for _ in range(TIMES):
            transport.sendto(probe(hearing.message), (group, port))
            await asyncio.sleep(min(APART, seconds / TIMES))
        await asyncio.sleep(max(0.0, seconds - TIMES * APART))
    finally:
        transport.close()
    return sorted(hearing.found.values()), hearing.unread
