"""The DICOM node and peers that mean harm: lengths that lie, silence, floods, halves; honest ones are served beside.

Each peer is a plain socket, since the library would not send what they send.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage  # type: ignore[attr-defined]

from safecare.model.events.files import FileJudged
from safecare.sources.dicom.node import DicomNode
from safecare.sources.dicom.wire import MOST_PDU
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.medical_attacks.writer import EXPLICIT, Image, Items
from safecare.testing.papers import papers

pytestmark = pytest.mark.slow
SIZE: Items = {(0x00280010, "US"): 2, (0x00280011, "US"): 2, (0x00280100, "US"): 8, (0x00280002, "US"): 1}
IMAGE = Image(items=SIZE, instance="1.2.3", pixels=b"\1\2\3\4").write()
LONG = 20.0
"""Seconds after which a test gives up; nothing takes that long."""


@asynccontextmanager
async def receiving(**more: Any) -> AsyncIterator[tuple[int, MemoryIntake]]:
    node, intake = DicomNode(port=0, **more), MemoryIntake()
    async with running(node, intake):
        yield node.address[1], intake


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(body)) + body


def request(contexts: int = 1, syntaxes: int = 1, image: str = CTImageStorage) -> bytes:
    """Return an A-ASSOCIATE-RQ (PS3.8 9.3.2); contexts beyond 128 use their numbers again."""
    inner = item(0x30, image.encode()) + item(0x40, EXPLICIT.encode()) * syntaxes
    parts = [item(0x20, bytes([(2 * place + 1) % 256, 0, 0, 0]) + inner) for place in range(contexts)]
    user = item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3"))
    body = struct.pack(">HH", 1, 0) + b"SAFECARE".ljust(16) + b"CT1".ljust(16) + bytes(32)
    body += item(0x10, b"1.2.840.10008.3.1.1.1") + b"".join(parts) + user
    return struct.pack(">BBI", 1, 0, len(body)) + body


def store(length: int | None = None) -> bytes:
    """Return a P-DATA-TF with the command of a C-STORE and no image; `length` is what it says of itself."""
    elements = [(0x0002, CTImageStorage.encode() + b"\0"), (0x0100, b"\1\0"), (0x0110, b"\1\0"), (0x0700, b"\0\0")]
    elements += [(0x0800, b"\0\0"), (0x1000, b"1.2.3\0")]
    inner = b"".join(struct.pack("<HHI", 0, tag, len(value)) + value for tag, value in elements)
    command = struct.pack("<HHII", 0, 0, 4, len(inner)) + inner
    value = struct.pack(">I", len(command) + 2) + b"\1\3" + command
    return struct.pack(">BBI", 4, 0, len(value) if length is None else length) + value


def peer(port: int, *sent: bytes) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), LONG)
    for one in sent:
        link.sendall(one)
    return link


def told(link: socket.socket) -> int:
    """Return the type of the PDU that comes; 0 where the node closed."""
    with contextlib.suppress(ConnectionError):
        head = link.recv(6)
        if len(head) == 6:
            left = int.from_bytes(head[2:], "big")
            while left:
                left -= len(link.recv(left)) or left
            return head[0]
    return 0


def ends(link: socket.socket) -> bool:
    """Tell whether the node rejects, aborts or closes the connection."""
    try:
        return told(link) in (0, 3, 7)
    except TimeoutError:
        return False
    finally:
        link.close()


def send(port: int, host: str = "127.0.0.1", tls: Any = None) -> int:
    """Send an image by the library's sender from `host`; return its status, -1 without an association."""
    node = AE(ae_title="CT1")
    node.add_requested_context(CTImageStorage, EXPLICIT)
    link = node.associate("127.0.0.1", port, ae_title="SAFECARE", tls_args=tls, bind_address=(host, 0))
    if not link.is_established:
        return -1
    status = int(link.send_c_store(dcmread(BytesIO(IMAGE))).get("Status", -1))
    link.release()
    return status


def judged(intake: MemoryIntake) -> int:
    return sum(isinstance(one, FileJudged) for one in intake.events)


async def away(work: Callable[..., Any], *args: Any) -> Any:
    return await asyncio.to_thread(work, *args)


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack(">BBI", 1, 0, 0xFFFFFFFF) + bytes(4096),
        struct.pack(">BBI", 4, 0, MOST_PDU + 1),
        struct.pack(">BBI", 4, 0, 100) + bytes(100),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n" + bytes(64),
        request()[:-1] + b"\xff" * 9,
    ],
    ids=["4 GB", "too long", "data first", "TLS", "HTTP", "broken item"],
)
async def test_what_is_no_request_ends_the_connection_and_nothing_else(sent: bytes) -> None:
    async with receiving() as (port, intake):
        link = await away(peer, port, sent)
        assert await away(ends, link)
        assert judged(intake) == 0
        assert await away(send, port) == 0
        assert judged(intake) == 1


async def test_a_length_that_lies_is_not_believed_in_an_association() -> None:
    async with receiving() as (port, intake):
        link = await away(peer, port, request())
        assert await away(told, link) == 2
        await away(link.sendall, store(0xFFFFFFF0))
        assert await away(ends, link)
        assert await away(send, port) == 0
        assert judged(intake) == 1


async def test_half_an_image_is_none() -> None:
    async with receiving() as (port, intake):
        for broken in (store(), store()[:-20]):
            link = await away(peer, port, request())
            assert await away(told, link) == 2
            await away(link.sendall, broken)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            link.close()
        assert await away(send, port) == 0
        assert judged(intake) == 1


async def test_who_stops_in_the_middle_of_a_pdu_is_let_go() -> None:
    async with receiving(quiet_seconds=0.2) as (port, _):
        for sent in (b"", request()[:40], struct.pack(">BBI", 1, 0, 5000)):
            link = await away(peer, port, sent)
            assert await away(ends, link)


async def test_a_host_that_takes_all_connections_locks_out_nobody_else() -> None:
    async with receiving(associations=3) as (port, intake):
        links = [await away(peer, port) for _ in range(12)]
        try:
            ended = [await away(ends, one) for one in links[3:]]
            assert all(ended)
            assert await away(send, port) == -1
            assert await away(send, port, "127.0.0.2") == 0
            assert judged(intake) == 1
        finally:
            for one in links[:3]:
                one.close()


async def test_contexts_and_syntaxes_as_many_as_there_may_be_are_answered() -> None:
    async with receiving() as (port, intake):
        link = await away(peer, port, request(128, 40))
        assert await away(told, link) == 2
        link.close()
        for more in (2000, 10_000):  # more than there are numbers for: whatever is said of them, nothing is taken
            link = await away(peer, port, request(more))
            await away(told, link)
            link.close()
        assert await away(send, port) == 0
        assert judged(intake) == 1


async def test_a_silent_peer_holds_up_no_handshake(tmp_path: Path) -> None:
    import ssl

    authority, certificate, key = papers(tmp_path)
    trusted = ssl.create_default_context(cafile=authority)
    async with receiving(certificate=certificate, key=key) as (port, intake):
        silent = [await away(peer, port) for _ in range(3)]
        assert await away(send, port, "127.0.0.1", (trusted, "localhost")) == 0
        assert judged(intake) == 1
        for one in silent:
            one.close()
