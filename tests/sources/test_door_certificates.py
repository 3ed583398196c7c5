"""A certificate that is renewed is shown by every door with TLS to whoever connects next, without a restart."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from safecare.sources.access.webhook import AccessWebhook
from safecare.sources.api import sources
from safecare.sources.dicom.node import DicomNode
from safecare.sources.mail.door import MailDoor
from safecare.sources.mqtt.listener import MqttListener
from safecare.sources.records.fhir import FhirInspection
from safecare.sources.records.mllp import MllpInspection
from safecare.sources.rtls.door import RtlsDoor
from safecare.sources.syslog.door import OFF, SyslogDoor
from safecare.sources.tls import client_tls, server_tls
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.papers import Papers, papers

TOKEN = "a-long-enough-token"
DOORS: dict[str, Callable[[Papers], Any]] = {
    "access-webhook": lambda mine: AccessWebhook(
        "d", port=0, token=TOKEN, certificate=mine.certificate, certificate_key=mine.key
    ),
    "dicom": lambda mine: DicomNode(port=0, certificate=mine.certificate, key=mine.key),
    "fhir-inspect": lambda mine: FhirInspection(
        forward="http://127.0.0.1:1", port=0, certificate=mine.certificate, key=mine.key
    ),
    "fhir-rtls": lambda mine: RtlsDoor(
        "d", port=0, token=TOKEN, certificate=mine.certificate, certificate_key=mine.key
    ),
    "hl7-inspect": lambda mine: MllpInspection(port=0, certificate=mine.certificate, key=mine.key),
    "mail": lambda mine: MailDoor(port=0, certificate=str(mine.certificate), key=str(mine.key)),
    "mqtt": lambda mine: MqttListener("d", port=0, certificate=str(mine.certificate), key=str(mine.key)),
    "syslog": lambda mine: SyslogDoor("d", port=OFF, tls=0, certificate=mine.certificate, key=mine.key),
}


@asynccontextmanager
async def listening(door: Any) -> AsyncIterator[tuple[str, int]]:
    async with running(door, MemoryIntake()):
        yield getattr(door, "secure", door.address)


def shown(address: tuple[str, int], authority: Path, *, mail: bool = False) -> bytes:
    """Return the certificate that is shown; raise `ssl.SSLError` where it is not of `authority`."""
    context = ssl.create_default_context(cafile=authority)
    if mail:
        with smtplib.SMTP(*address, timeout=20) as client:
            client._host = "127.0.0.1"  # type: ignore[attr-defined]
            client.starttls(context=context)
            found = client.sock.getpeercert(binary_form=True)  # type: ignore[union-attr]
    else:
        with (
            socket.create_connection(address, 20) as line,
            context.wrap_socket(line, server_hostname="127.0.0.1") as secure,
        ):
            found = secure.getpeercert(binary_form=True)
    return bytes(found or b"")


def test_each_door_with_a_certificate_is_walked_over() -> None:
    def takes(kind: type) -> bool:
        return "certificate" in kind.__init__.__annotations__  # type: ignore[misc]

    assert {name for name, kind in sources().parts.items() if takes(kind)} == DOORS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", DOORS)
async def test_whoever_connects_next_is_shown_the_new_one(name: str, tmp_path: Path) -> None:
    before = papers(tmp_path)
    old = before.authority.read_bytes()
    mail = name == "mail"
    async with listening(DOORS[name](before)) as address:
        first = await asyncio.to_thread(shown, address, before.authority, mail=mail)
        renewed = papers(tmp_path)  # over the old ones
        second = await asyncio.to_thread(shown, address, renewed.authority, mail=mail)
        renewed.authority.write_bytes(old)
        with pytest.raises(ssl.SSLError):
            await asyncio.to_thread(shown, address, renewed.authority, mail=mail)
    assert first
    assert second
    assert first != second


@asynccontextmanager
async def served(tls: ssl.SSLContext | None) -> AsyncIterator[tuple[str, int]]:
    """A server that says "ok" to whoever may speak with it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"ok")
        await writer.drain()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[:2]


async def heard(address: tuple[str, int], tls: ssl.SSLContext) -> bytes:
    try:
        reader, writer = await asyncio.open_connection(*address, ssl=tls)
        said = await asyncio.wait_for(reader.read(2), 20)
        writer.close()
    except (ssl.SSLError, ConnectionError):
        return b""
    return said


@pytest.mark.slow
async def test_one_of_two_files_alone_changes_nothing(tmp_path: Path) -> None:
    mine = papers(tmp_path)
    tls = server_tls(mine.certificate, mine.key)
    (tmp_path / "new").mkdir()
    new = papers(tmp_path / "new")
    async with served(tls) as address:
        first = await asyncio.to_thread(shown, address, mine.authority)
        mine.certificate.write_bytes(new.certificate.read_bytes())
        assert await asyncio.to_thread(shown, address, mine.authority) == first
        mine.certificate.unlink()
        assert await asyncio.to_thread(shown, address, mine.authority) == first
        mine.certificate.write_bytes(new.certificate.read_bytes())
        mine.key.write_bytes(new.key.read_bytes())
        assert await asyncio.to_thread(shown, address, new.authority) not in (b"", first)


@pytest.mark.slow
async def test_clients_are_asked_for_papers_of_the_authority_of_now(tmp_path: Path) -> None:
    mine, one, other = papers(tmp_path), papers(tmp_path, "one"), papers(tmp_path, "other")
    asked = tmp_path / "asked.pem"
    asked.write_bytes(one.authority.read_bytes())

    def client(own: Papers) -> ssl.SSLContext:
        made = client_tls(mine.authority, own.certificate, own.key)
        assert made
        return made()

    async with served(server_tls(mine.certificate, mine.key, asked)) as address:
        assert [await heard(address, client(own)) for own in (one, other)] == [b"ok", b""]
        asked.write_bytes(other.authority.read_bytes())
        assert [await heard(address, client(own)) for own in (one, other)] == [b"", b"ok"]


@pytest.mark.slow
async def test_the_way_on_trusts_the_authority_of_now(tmp_path: Path) -> None:
    mine = papers(tmp_path)
    onward = client_tls(mine.authority)
    assert onward
    async with served(server_tls(mine.certificate, mine.key)) as address:
        assert await heard(address, onward()) == b"ok"
        kept = onward()
        papers(tmp_path)
        assert await heard(address, kept) == b""
        assert await heard(address, onward()) == b"ok"
