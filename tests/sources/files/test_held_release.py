"""Held images and records, released: real receivers on this machine, crashes between the act and the sending."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydicom import dcmread
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage  # type: ignore[attr-defined]

from safecare.exchange.log import LogFullError
from safecare.formats.dicom import read_dicom
from safecare.formats.mllp import frame
from safecare.model.event import Event
from safecare.model.events.files import FileJudged, HeldForwarded
from safecare.sources.dicom.node import DicomNode
from safecare.sources.files.release import Release, Sent, releasing
from safecare.sources.records.fhir import FhirInspection
from safecare.sources.records.mllp import MllpInspection
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.medical_attacks.carriers import binary, ed, fhir, oru
from safecare.testing.medical_attacks.payloads import pe
from safecare.testing.medical_attacks.writer import EXPLICIT, Image, Items
from safecare.testing.onward import HeldSite, mllp_receiver

pytestmark = pytest.mark.slow
BAD = oru(ed(pe()))
PRIVATE: Items = {(0x00090010, "LO"): "X", (0x00091001, "OB"): pe()}
SIZE: Items = {(0x00280010, "US"): 2, (0x00280011, "US"): 2, (0x00280100, "US"): 8, (0x00280002, "US"): 1}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[HeldSite]:
    made = HeldSite(tmp_path)
    yield made
    made.close()


async def send(port: int, message: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(frame(message))
    assert b"MSA|AA" in await asyncio.wait_for(reader.read(65536), 20)
    writer.close()


def held(intake: MemoryIntake) -> FileJudged:
    [one] = [one for one in intake.events if isinstance(one, FileJudged) and one.act == "held"]
    return one


def told(intake: MemoryIntake) -> list[tuple[str, str]]:
    return [(one.outcome, one.detail) for one in intake.events if isinstance(one, HeldForwarded)]


async def until_told(intake: MemoryIntake, outcome: str) -> None:
    await intake.until(lambda one: outcome in {word for word, _ in told(one)}, 30)


async def test_a_released_image_reaches_the_archive_as_it_came_and_only_once(site: HeldSite) -> None:
    got: list[bytes] = []
    archive = AE(ae_title="ARCHIVE")
    archive.add_supported_context(CTImageStorage, [EXPLICIT])

    def store(event: evt.Event) -> int:
        got.append(event.encoded_dataset())
        return 0x0000

    handlers: list[Any] = [(evt.EVT_C_STORE, store)]
    server = archive.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None
    assert server.socket is not None
    forward = f"ARCHIVE@127.0.0.1:{server.socket.getsockname()[1]}"
    image = Image(syntax=EXPLICIT, items={**SIZE, **PRIVATE}, instance="1.2.3", pixels=b"\1\2\3\4").write()

    def modality(port: int) -> int:
        node = AE(ae_title="CT1")
        node.add_requested_context(CTImageStorage, EXPLICIT)
        link = node.associate("127.0.0.1", port, ae_title="SAFECARE")
        status = int(link.send_c_store(dcmread(BytesIO(image))).Status)
        link.release()
        return status

    try:
        node, intake = DicomNode(port=0, policy="hold", forward=forward, held=site.held), site.intake()
        async with running(node, intake):
            assert await asyncio.to_thread(modality, node.address[1]) == 0
            site.act(held(intake))
            await until_told(intake, "sent")
        node, again = DicomNode(port=0, policy="hold", forward=forward, held=site.held), site.intake()
        async with running(node, again):
            site.act(held(intake), number=2)  # a second act: what stands before it in the log is not done again
            await until_told(again, "sent")
    finally:
        server.shutdown()
    assert len(got) == 2
    assert {read_dicom(one).body[read_dicom(one).start :] for one in got} == {image[read_dicom(image).start :]}


async def test_an_act_that_no_door_saw_is_done_after_the_crash_with_back_off_and_refusals_told(site: HeldSite) -> None:
    got: list[bytes] = []
    intake = site.intake()
    async with mllp_receiver(got) as port:
        pass  # a port that nobody listens on now
    point = MllpInspection(port=0, forward=f"127.0.0.1:{port}", policy="hold", held=site.held)
    async with running(point, intake):
        await send(point.address[1], BAD)
    site.act(held(intake))  # while no door runs
    point = MllpInspection(port=0, forward=f"127.0.0.1:{port}", policy="hold", held=site.held)
    second = site.intake()
    async with running(point, second):
        await until_told(second, "waiting")
    async with mllp_receiver(got, ["AR"], port=port):
        point = MllpInspection(port=0, forward=f"127.0.0.1:{port}", policy="observe", held=site.held)
        third = site.intake()
        async with running(point, third):
            await until_told(third, "refused")
            assert told(third)[-1] == ("refused", "AR unknown patient")
            site.act(held(intake), number=2)
            await until_told(third, "sent")
    assert got == [BAD, BAD]


async def test_what_is_discarded_is_never_sent(site: HeldSite) -> None:
    got: list[bytes] = []
    async with mllp_receiver(got) as port:
        point = MllpInspection(port=0, forward=f"127.0.0.1:{port}", policy="hold", held=site.held)
        intake = site.intake()
        async with running(point, intake):
            await send(point.address[1], BAD)
        first = held(intake)
        site.act(first, number=1)
        site.act(first, "discard", number=2)
        other = msgspec.structs.replace(first, id=Event.id_for(first.at, "test", "other"))
        site.act(other, number=3)
        point = MllpInspection(port=0, forward=f"127.0.0.1:{port}", policy="hold", held=site.held)
        after = site.intake()
        async with running(point, after):
            await until_told(after, "sent")
    assert [one.file for one in after.events if isinstance(one, HeldForwarded)] == [other.id]
    assert got == [BAD]


def some(site: HeldSite, intake: MemoryIntake) -> FileJudged:
    """A held file of a door of our own."""
    return FileJudged(
        id=Event.id_for(intake.clock.now(), "test", "1"),
        at=intake.clock.now(),
        seen=intake.clock.now(),
        source="door",
        site=intake.hospital.sites[0].id,
        artifact=site.artifacts.keep(b"bytes", ""),
        size=5,
        type="x",
        verdict="malicious",
        score=1.0,
        act="held",
    )


async def test_what_breaks_the_sending_is_told_and_the_next_one_goes(site: HeldSite) -> None:
    tries: list[bytes] = []

    async def take(raw: bytes, call: bytes) -> Sent:
        del call
        tries.append(raw)
        if len(tries) == 1:
            raise ValueError("odd")
        return Sent("sent")

    intake = site.intake()
    site.act(some(site, intake))
    async with releasing(Release("door", "hold", site.held, take), intake):
        await until_told(intake, "unclear")
        site.act(some(site, intake), number=2)
        await until_told(intake, "sent")
    assert told(intake) == [("unclear", "ValueError: odd"), ("sent", "")]


async def test_an_answer_is_told_though_the_disk_was_full_and_nothing_is_sent_twice(site: HeldSite) -> None:
    got: list[bytes] = []

    async def take(raw: bytes, call: bytes) -> Sent:
        assert not call
        got.append(raw)
        return Sent("sent")

    intake = site.intake()
    site.act(some(site, intake))
    intake.room = 0
    async with releasing(Release("door", "hold", site.held, take, wait=0.01), intake):
        await intake.until(lambda one: one.states.get("door/held", ("", ""))[0] == "failed")
    intake.room = None
    async with releasing(Release("door", "hold", site.held, take), intake):
        await until_told(intake, "sent")
    assert got == [b"bytes"]
    assert issubclass(LogFullError, OSError)


@contextmanager
def fhir_server(answers: Callable[[BaseHTTPRequestHandler], int]) -> Iterator[str]:
    """Run a server that asks `answers` for its status (0: closes without one)."""

    class Fhir(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            status = answers(self)
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fhir)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/base"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def put(port: int, raw: bytes, **more: str) -> tuple[int, str | None]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Content-Type": "application/fhir+json", "If-Match": 'W/"1"', **more}
    link.request("PUT", "/Binary/1?a=b", raw, headers)
    told = link.getresponse()
    told.read()
    link.close()
    return told.status, told.headers["Retry-After"]


async def test_a_fhir_request_is_made_as_it_was_and_not_twice(site: HeldSite) -> None:
    got: list[tuple[str, str, bytes, str | None]] = []
    cut = threading.Event()
    bad = fhir(binary(pe()))

    def answer(asked: BaseHTTPRequestHandler) -> int:
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        got.append((asked.command, asked.path, body, asked.headers["If-Match"]))
        return 0 if cut.is_set() else 201

    with fhir_server(answer) as forward:
        point, intake = FhirInspection(forward=forward, port=0, policy="hold", held=site.held), site.intake()
        async with running(point, intake):
            assert await asyncio.to_thread(put, point.address[1], bad) == (202, None)
            site.act(held(intake))
            await until_told(intake, "sent")
            cut.set()
            site.act(held(intake), number=2)
            await until_told(intake, "unclear")
    assert got == [("PUT", "/base/Binary/1?a=b", bad, 'W/"1"')] * 2


async def test_a_fhir_request_that_proves_its_sender_passes_when_that_sends_it_again(site: HeldSite) -> None:
    got: list[str | None] = []
    bad = fhir(binary(pe()))

    def answer(asked: BaseHTTPRequestHandler) -> int:
        asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        got.append(asked.headers["Authorization"])
        return 401 if got[-1] == "Bearer stale" else 201

    with fhir_server(answer) as forward:
        for turn in range(2):  # the second door begins with what the first one left: a release outlives the process
            point, intake = FhirInspection(forward=forward, port=0, policy="hold", held=site.held), site.intake()
            async with running(point, intake):
                port = point.address[1]
                if turn == 0:
                    assert await asyncio.to_thread(put, port, bad, Authorization="Bearer old") == (503, "60")
                    assert await asyncio.to_thread(put, port, bad, Authorization="Bearer old") == (503, "60")
                    assert len([one for one in intake.events if isinstance(one, FileJudged)]) == 1
                    site.act(held(intake))
                await intake.until(lambda one: one.states.get("fhir-inspect/held", ("", ""))[0] == "waiting", 30)
                if turn == 1:
                    assert (await asyncio.to_thread(put, port, bad, Authorization="Bearer stale"))[0] == 401
                    assert (await asyncio.to_thread(put, port, bad, Authorization="Bearer new"))[0] == 201
                    await until_told(intake, "sent")
                    assert (await asyncio.to_thread(put, port, bad, Authorization="Bearer new"))[0] == 503  # anew
    assert got == ["Bearer stale", "Bearer new"]
    assert not any(b"Bearer" in raw for raw in site.artifacts.kept.values())


async def test_a_fhir_request_that_a_person_discarded_is_refused_when_it_comes_again(site: HeldSite) -> None:
    bad = fhir(binary(pe()))
    point, intake = (
        FhirInspection(forward="http://127.0.0.1:1/base", port=0, policy="hold", held=site.held),
        site.intake(),
    )
    async with running(point, intake):
        port = point.address[1]
        assert (await asyncio.to_thread(put, port, bad, Cookie="a=b"))[0] == 503
        site.act(held(intake), "discard")
        async with asyncio.timeout(10):
            while (await asyncio.to_thread(put, port, bad, Cookie="a=b"))[0] != 422:
                pass
