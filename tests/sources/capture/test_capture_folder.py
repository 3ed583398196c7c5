"""The capture door: a real folder, a real confined process, real files, good and bad."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import lzma
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import dpkt
import psutil
import pytest
import zstandard

from safecare.model.events.files import FileJudged
from safecare.model.events.network import ConnectionSeen, IdentitySeen
from safecare.sources.api import UnreadableError
from safecare.sources.capture.folder import CaptureFolder
from safecare.testing.captures import Wire
from safecare.testing.greetings import tls_certificate, tls_hello
from safecare.testing.intake import MemoryIntake, running

pytestmark = pytest.mark.slow


def capture(conversations: int) -> bytes:
    """A pcap in which the pharmacy's workstation knocks at so many ports and is refused."""
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file)
    ends = bytes((10, 1, 10, 21)), bytes((10, 1, 20, 10))
    for number in range(conversations):
        for outward, flags in ((True, 0x02), (False, 0x14)):
            port = 1000 + number
            ports = (40_000, port) if outward else (port, 40_000)
            part = dpkt.tcp.TCP(sport=ports[0], dport=ports[1], flags=flags)
            src, dst = ends if outward else ends[::-1]
            ip = dpkt.ip.IP(src=src, dst=dst, p=6, data=part, len=40)
            writer.writepkt(bytes(dpkt.ethernet.Ethernet(data=ip)), ts=1_773_713_400 + number * 0.001)
    return file.getvalue()


@contextlib.asynccontextmanager
async def watching(folder: Path, intake: MemoryIntake) -> AsyncIterator[None]:
    async with running(CaptureFolder("captures", folder, settle=0.1), intake):
        yield


async def there(path: Path) -> None:
    async with asyncio.timeout(30):
        while not path.exists():
            await asyncio.sleep(0.02)


async def test_a_capture_is_read_and_put_away(tmp_path: Path) -> None:
    intake = MemoryIntake()
    (tmp_path / "one.pcap").write_bytes(capture(1500))
    async with watching(tmp_path, intake):
        await there(tmp_path / "done" / "one.pcap")
    talks = [event for event in intake.events if isinstance(event, ConnectionSeen)]
    assert (len(talks), {talk.outcome for talk in talks}) == (1500, {"refused"})
    assert talks[0].asset == "ws.pharmacy.1"
    assert len({talk.id for talk in talks}) == 1500


async def test_reading_goes_on_after_a_file_that_the_packets_carried(tmp_path: Path) -> None:
    intake, wire = MemoryIntake(), Wire()
    for number in range(2):
        talk = wire.tcp("10.1.10.31", 40_000 + number, "10.1.20.10", 8081)
        talk.ask(b"GET /notes.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        talk.answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 40\r\n\r\n" + b"%d" % number * 40)
    for number in range(1100):
        wire.tcp("10.1.10.31", 50_000 + number, "10.1.20.10", 9).ask(b"later")
    (tmp_path / "one.pcap").write_bytes(wire.pcap())
    async with watching(tmp_path, intake):
        await there(tmp_path / "done" / "one.pcap")
    assert len([event for event in intake.events if isinstance(event, FileJudged)]) == 2
    assert len([event for event in intake.events if isinstance(event, ConnectionSeen)]) == 1102


async def test_what_cannot_be_opened_moved_or_named_does_not_stop_the_rest(tmp_path: Path) -> None:
    intake = MemoryIntake()
    (tmp_path / "folder.pcap").mkdir()
    os.mkfifo(tmp_path / "pipe.pcap")
    hostile = tmp_path / os.fsdecode(b"\xff\x1b[31m\n.pcap")
    hostile.write_bytes(capture(1))
    (tmp_path / "bad").write_bytes(b"where the folder should be")
    (tmp_path / "a-broken.pcap").write_bytes(b"no capture")
    async with watching(tmp_path, intake):
        await there(tmp_path / "done" / hostile.name)
        (tmp_path / "later.pcap").write_bytes(capture(2))
        await there(tmp_path / "done" / "later.pcap")
    assert len(intake.events) == 3


async def test_bad_files_are_kept_with_the_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    intake = MemoryIntake()
    (tmp_path / "a.pcap").write_bytes(b"not a capture at all, just words")
    (tmp_path / "b.pcap").write_bytes(capture(3)[:-10])
    (tmp_path / "c.pcap").write_bytes(capture(2))
    async with watching(tmp_path, intake):
        for name in ("bad/a.pcap", "bad/b.pcap", "done/c.pcap"):
            await there(tmp_path / name)
    assert [("header" in one.place, one.context["name"]) for one in intake.rejects] == [
        (True, "a.pcap"),
        (False, "b.pcap"),
    ]
    assert len(intake.events) == 5


async def test_a_worker_that_is_killed_is_tried_again(tmp_path: Path) -> None:
    intake = MemoryIntake()
    (tmp_path / "big.pcap").write_bytes(capture(40_000))
    async with watching(tmp_path, intake):
        killed = 0
        async with asyncio.timeout(60):
            while not (tmp_path / "done" / "big.pcap").exists():
                for child in psutil.Process().children() if not killed else []:
                    with contextlib.suppress(psutil.Error, ProcessLookupError):
                        if "safecare.sources.capture.worker" in child.cmdline():
                            os.kill(child.pid, signal.SIGKILL)
                            killed += 1
                await asyncio.sleep(0.02)
    assert killed
    assert len({event.id for event in intake.events}) == 40_000 == len(intake.events)


def test_a_reject_can_be_read_again() -> None:
    intake, door = MemoryIntake(), CaptureFolder("captures", Path("captures"))
    assert len(list(door.decode(capture(4), {"name": "x"}, intake))) == 4
    with pytest.raises(UnreadableError, match="header"):
        list(door.decode(b"words", {}, intake))


async def test_packed_captures_and_certificates_are_read_behind_the_locked_door(tmp_path: Path) -> None:
    intake, wire = MemoryIntake(), Wire()
    talk = wire.tcp("10.1.10.21", 40_000, "10.1.20.10", 443)
    talk.ask(tls_hello("pump.local"))
    for record in tls_certificate("pump.local"):
        talk.answer(record)
    packed = {
        "a.pcap.gz": gzip.compress(wire.pcap()),
        "b.pcapng.zst": zstandard.ZstdCompressor().compress(wire.pcapng()),
        "c.pcap.xz": lzma.compress(wire.pcap()),
    }
    async with watching(tmp_path, intake):
        for name, raw in packed.items():
            (tmp_path / name).write_bytes(raw)
        for name in packed:
            await there(tmp_path / "done" / name)
    told = [one for one in intake.events if isinstance(one, IdentitySeen) and one.system == "tls.certificate"]
    assert len(told) == len(packed)
    assert all(one.value.startswith("pump.local, signed by itself, until ") for one in told)
    assert not intake.rejects
