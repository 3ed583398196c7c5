"""The DICOM node between a real sender and a real archive on this machine: judged, recorded, passed, held, refused."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, Verification  # type: ignore[attr-defined]

from safecare.formats.dicom import read_dicom
from safecare.model.events.files import FileJudged
from safecare.sources.dicom.forward import FAILED, NOT_TAKEN
from safecare.sources.dicom.node import DicomNode
from safecare.sources.dicom.server import REFUSED
from safecare.sources.dicom.target import Target
from safecare.sources.files.gate import Policy
from safecare.sources.tls import server_tls
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.medical_attacks.payloads import pe
from safecare.testing.medical_attacks.writer import EXPLICIT, IMPLICIT, Image, Items
from safecare.testing.papers import papers

pytestmark = pytest.mark.slow
PRIVATE: Items = {(0x00090010, "LO"): "X", (0x00091001, "OB"): pe()}
SIZE: Items = {(0x00280010, "US"): 2, (0x00280011, "US"): 2, (0x00280100, "US"): 8, (0x00280002, "US"): 1}


def image(number: int = 1, items: Items | None = None, syntax: str = EXPLICIT) -> bytes:
    return Image(syntax=syntax, items={**SIZE, **(items or {})}, instance=f"1.2.{number}", pixels=b"\1\2\3\4").write()


class Archive:
    """A C-STORE SCP that keeps what it gets; `status` is what it answers."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.files: list[bytes] = []
        self.status = 0x0000
        node = AE(ae_title="ARCHIVE")
        node.add_supported_context(CTImageStorage, [EXPLICIT, IMPLICIT])
        handlers: list[Any] = [(evt.EVT_C_STORE, self._store)]
        self.server = node.start_server(("127.0.0.1", 0), block=False, ssl_context=tls, evt_handlers=handlers)

    @property
    def target(self) -> str:
        assert self.server is not None
        assert self.server.socket is not None
        return f"ARCHIVE@127.0.0.1:{self.server.socket.getsockname()[1]}"

    def stop(self) -> None:
        server, self.server = self.server, None
        if server is not None:
            server.shutdown()

    def _store(self, event: evt.Event) -> int:
        self.files.append(event.encoded_dataset())
        return self.status


@pytest.fixture
def archive() -> Iterator[Archive]:
    made = Archive()
    yield made
    made.stop()


@asynccontextmanager
async def receiving(
    archive: Archive | None, policy: Policy = "observe", **more: Any
) -> AsyncIterator[tuple[DicomNode, MemoryIntake]]:
    node = DicomNode(port=0, policy=policy, forward=archive.target if archive else "", **more)
    intake = MemoryIntake()
    async with running(node, intake):
        yield node, intake


def send(
    port: int, *files: bytes, title: str = "CT1", syntax: str = EXPLICIT, tls: Any = None
) -> list[tuple[int, str]]:
    """Send files on one association; return status and comment of each."""
    node = AE(ae_title=title)
    node.add_requested_context(CTImageStorage, syntax)
    node.add_requested_context(Verification)
    link = node.associate("127.0.0.1", port, ae_title="SAFECARE", tls_args=tls)
    if not link.is_established:
        return []
    assert link.send_c_echo().Status == 0
    answers = []
    for file in files:
        answer = link.send_c_store(dcmread(BytesIO(file)))
        answers.append((int(answer.get("Status", -1)), str(answer.get("ErrorComment", ""))))
    link.release()
    return answers


def judged(intake: MemoryIntake) -> list[FileJudged]:
    return [one for one in intake.events if isinstance(one, FileJudged)]


async def test_what_is_observed_goes_on_bit_for_bit_and_is_recorded(archive: Archive) -> None:
    clean, bad = image(1), image(2, PRIVATE)
    async with receiving(archive) as (node, intake):
        assert await asyncio.to_thread(send, node.address[1], clean, bad) == [(0, ""), (0, "")]
    first, second = judged(intake)
    assert (first.verdict, first.act, first.kept) == ("clean", "passed", False)
    assert (second.verdict, second.act, second.kept) == ("malicious", "passed", True)
    assert second.rules[0] == "dicom.value.program"
    assert second.peer == "127.0.0.1 CT1"
    assert [read_dicom(one).body[read_dicom(one).start :] for one in archive.files] == [
        read_dicom(one).body[read_dicom(one).start :] for one in (clean, bad)
    ]
    assert hashlib.sha256(intake.artifacts.kept[second.artifact]).hexdigest() == second.artifact


async def test_what_is_held_is_kept_and_what_is_refused_is_told(archive: Archive) -> None:
    for policy, status, act in (("hold", 0, "held"), ("refuse", REFUSED, "refused")):
        archive.files.clear()
        async with receiving(archive, policy) as (node, intake):  # type: ignore[arg-type]
            answers = await asyncio.to_thread(send, node.address[1], image(2, PRIVATE), image(1))
        assert [code for code, _ in answers] == [status, 0]
        assert [one.act for one in judged(intake)] == [act, "passed"]
        assert len(archive.files) == 1
        assert "dicom.value.program" in answers[0][1] or policy == "hold"
        assert len(intake.artifacts.kept) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library leaves a socket behind
async def test_an_archive_that_refuses_or_is_gone_is_told_to_the_sender(archive: Archive) -> None:
    archive.status = 0xA900
    async with receiving(archive) as (node, _):
        assert (await asyncio.to_thread(send, node.address[1], image()))[0][0] == 0xA900
    big = "1.2.840.10008.1.2.2"
    async with receiving(archive) as (node, _):
        file = image(1, syntax=big)
        assert (await asyncio.to_thread(send, node.address[1], file, syntax=big))[0][0] == NOT_TAKEN
    async with receiving(archive) as (node, _):
        await asyncio.to_thread(archive.stop)
        assert (await asyncio.to_thread(send, node.address[1], image()))[0][0] == FAILED


async def test_without_an_archive_images_are_kept_here() -> None:
    async with receiving(None) as (node, intake):
        assert "passes nothing on" in intake.states["dicom"][1]
        assert await asyncio.to_thread(send, node.address[1], image()) == [(0, "")]
        assert "confined by limits" in intake.states["dicom"][1]
    assert judged(intake)[0].kept
    assert judged(intake)[0].artifact in intake.artifacts.kept


async def test_no_room_is_told_unless_the_policy_is_never_to_stop_anything(archive: Archive) -> None:
    async with receiving(archive, "hold") as (node, intake):
        intake.room = 0
        assert await asyncio.to_thread(send, node.address[1], image()) == [(FAILED, "no room, send again")]
    assert not archive.files
    async with receiving(archive) as (node, intake):
        intake.room = 0
        assert await asyncio.to_thread(send, node.address[1], image()) == [(0, "")]
        assert intake.states["dicom"] == ("failed", "no room: 1 passed on without a record")
    assert len(archive.files) == 1


async def test_strangers_and_too_large_images_are_turned_away(archive: Archive) -> None:
    async with receiving(archive, callers=("CT1",), image_mb=0.001) as (node, intake):
        assert await asyncio.to_thread(send, node.address[1], image(), title="OTHER") == []
        big = image(1, {(0x00204000, "LT"): "x" * 9000})
        assert (await asyncio.to_thread(send, node.address[1], big))[0][0] == -1
    assert not archive.files
    assert not judged(intake)


async def test_images_come_over_tls_where_a_certificate_is_set(tmp_path: Path) -> None:
    authority, certificate, key = papers(tmp_path)
    async with receiving(None, certificate=certificate, key=key) as (node, intake):
        assert await asyncio.to_thread(send, node.address[1], image()) == []
        trusted = ssl.create_default_context(cafile=authority)
        assert await asyncio.to_thread(send, node.address[1], image(), tls=(trusted, "localhost")) == [(0, "")]
    assert len(judged(intake)) == 1


async def test_images_go_to_the_archive_over_tls_with_a_certificate_of_our_own(tmp_path: Path) -> None:
    authority, certificate, key = papers(tmp_path)
    other = papers(tmp_path, "other").authority
    archive = Archive(server_tls(certificate, key, authority))
    ours: dict[str, Any] = {"forward_authority": authority, "forward_certificate": certificate, "forward_key": key}
    try:
        async with receiving(archive, **ours) as (node, _):
            assert await asyncio.to_thread(send, node.address[1], image()) == [(0, "")]
        others: tuple[dict[str, Any], ...] = ({"forward_authority": other}, {})
        for wrong in others:
            async with receiving(archive, **wrong) as (node, _):
                answers = await asyncio.to_thread(send, node.address[1], image())
                assert [status for status, _ in answers] == [FAILED]
    finally:
        archive.stop()
    assert len(archive.files) == 1


def test_targets_are_read() -> None:
    assert Target.read("PACS@10.0.0.5:104") == Target("PACS", "10.0.0.5", 104)
    for wrong in ("PACS", "@h:1", "PACS@h", "PACS@h:x", "A" * 17 + "@h:1"):
        with pytest.raises(ValueError, match="target"):
            Target.read(wrong)


async def test_the_node_stops_at_once_whatever_its_peers_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that keeps its association open, and an image under judgement: told to send again; no thread is left."""
    judging = asyncio.Event()

    async def never(*_: Any, **__: Any) -> Any:
        judging.set()
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr("safecare.sources.files.gate.Gate.admit", never)
    loop = asyncio.get_running_loop()
    async with receiving(None) as (node, _):
        sending = loop.run_in_executor(None, send, node.address[1], image())
        quiet = AE(ae_title="QUIET")
        quiet.add_requested_context(Verification)
        link = await loop.run_in_executor(
            None, lambda: quiet.associate("127.0.0.1", node.address[1], ae_title="SAFECARE")
        )
        assert link.is_established
        await asyncio.wait_for(judging.wait(), 10)
        begun = loop.time()
    assert loop.time() - begun < 5
    assert all(status != 0 for status, _ in await sending)
    left = [one for one in threading.enumerate() if "AcceptorThread" in one.name]
    assert not left or all(one.daemon for one in left)
