"""Inspection points and what is sent to deceive them: nothing passes unjudged, nothing is taken that was not stored."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import zlib
from collections.abc import Iterator

import pytest

from safecare.formats.mllp import MllpDecoder, frame
from safecare.model.events.files import FileJudged
from safecare.sources.records.fhir import FhirInspection
from safecare.sources.records.mllp import MllpInspection
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.medical_attacks.carriers import binary, ed, fhir, oru
from safecare.testing.medical_attacks.payloads import pdf, pe
from safecare.testing.onward import Asked, fhir_server

pytestmark = pytest.mark.slow
CLEAN, BAD = fhir(binary(pdf(""))), fhir(binary(pe()))


@pytest.fixture
def server() -> Iterator[tuple[str, list[Asked]]]:
    with fhir_server() as made:
        yield made


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    named = {"Content-Type": "application/fhir+json", **{key.replace("_", "-"): one for key, one in headers.items()}}
    link.request(method, path, body or None, named)
    told = link.getresponse()
    told.read()
    link.close()
    return told.status


def judged(intake: MemoryIntake) -> int:
    return sum(isinstance(one, FileJudged) for one in intake.events)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("method", "body", "coding", "status"),
    [
        ("POST", gzip.compress(BAD), "gzip", 422),
        ("POST", gzip.compress(gzip.compress(BAD)), "gzip, gzip", 422),
        ("POST", zlib.compress(BAD), "deflate", 422),
        ("POST", raw_deflate(BAD), "deflate", 415),
        ("POST", b"\x8b\x02\x80abc\x03", "br", 415),
        ("GET", BAD, "identity", 422),
        ("DELETE", BAD, "", 422),
        ("POST", gzip.compress(CLEAN), "gzip", 201),
        ("DELETE", b"", "", 200),
    ],
)
async def test_no_body_passes_unjudged(
    server: tuple[str, list[Asked]], method: str, body: bytes, coding: str, status: int
) -> None:
    base, got = server
    point = FhirInspection(forward=base, port=0, policy="refuse")
    async with running(point):
        told = await asyncio.to_thread(ask, point.address[1], method, "/Binary/1", body, Content_Encoding=coding)
    assert told == status
    assert got == ([(method, "/base/Binary/1", body)] if status < 300 else [])


async def test_who_only_looks_stops_no_coding(server: tuple[str, list[Asked]]) -> None:
    base, got = server
    point = FhirInspection(forward=base, port=0)
    async with running(point) as intake:
        assert (
            await asyncio.to_thread(ask, point.address[1], "POST", "/Binary", b"\x8bab\x03", Content_Encoding="br")
            == 201
        )
        (told,) = [one for one in intake.events if isinstance(one, FileJudged)]
        assert (told.verdict, told.rules) == ("unreadable", ("record.not-read",))
    assert got == [("POST", "/base/Binary", b"\x8bab\x03")]


async def test_a_path_goes_on_as_it_was_sent_and_never_up(server: tuple[str, list[Asked]]) -> None:
    base, got = server
    paths = ["/Patient/caf%C3%A9", "/Patient/a%2Fb", "/ValueSet/a%20b?x=%20y&z=..", "/Binary/a..b"]
    point = FhirInspection(forward=base, port=0)
    async with running(point):
        for path in paths:
            assert await asyncio.to_thread(ask, point.address[1], "GET", path) == 200
        for path in ("/../admin", "/Patient/%2e%2e/%2E%2e/admin", "/Patient/..%2f..", "/a/%252e%252e/b", "/a/..%5cb"):
            assert await asyncio.to_thread(ask, point.address[1], "GET", path) == 400
    assert [path for _, path, _ in got] == ["/base" + path for path in paths]


async def test_an_answer_to_another_message_is_none_to_this_one() -> None:
    """A receiver that answers twice, or late, must not have the next message taken for stored."""
    head = b"MSH|^~\\&|DPI\r"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = MllpDecoder()
        while data := await reader.read(65536):
            for _ in decoder.feed(data):
                for answer in (b"MSA|AA|41\r", b"MSA|AE|42\r"):
                    writer.write(frame(head + answer))
                    await writer.drain()
        writer.close()

    receiver = await asyncio.start_server(talk, "127.0.0.1", 0)
    point = MllpInspection(port=0, forward=f"127.0.0.1:{receiver.sockets[0].getsockname()[1]}")
    async with receiver, running(point):
        reader, writer = await asyncio.open_connection("127.0.0.1", point.address[1])
        decoder, answers = MllpDecoder(), list[bytes]()
        for _ in range(3):
            writer.write(frame(oru(ed(pdf("")))))
            while not (told := decoder.feed(await asyncio.wait_for(reader.read(65536), 20))):
                pass
            answers += told
        writer.close()
    assert answers == [head + b"MSA|AE|42\r"] * 3


@pytest.mark.parametrize("answer", [b"MSH|^~\\&|D\rMSA|AA|\r", b"no message"])
async def test_an_answer_that_names_no_message_is_handed_back(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(frame(answer))
        await writer.drain()
        await reader.read()
        writer.close()

    receiver = await asyncio.start_server(talk, "127.0.0.1", 0)
    point = MllpInspection(port=0, forward=f"127.0.0.1:{receiver.sockets[0].getsockname()[1]}")
    async with receiver, running(point):
        reader, writer = await asyncio.open_connection("127.0.0.1", point.address[1])
        writer.write(frame(oru(ed(pdf("")))))
        assert MllpDecoder().feed(await asyncio.wait_for(reader.read(65536), 20)) == [answer]
        writer.close()
