"""Clips through a real folder, a real worker process and an intake in memory."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest

from safecare.model.events.video import CameraState, PeopleSeen
from safecare.scenarios.make.clips import Clip, make_clip
from safecare.sources.api import UnreadableError
from safecare.sources.camera.client import WorkerClient, WorkerDiedError
from safecare.sources.camera.clips import CLIPS
from safecare.sources.camera.messages import ClipJob, Done, View
from safecare.sources.camera.source import Cameras
from safecare.sources.upload import UploadFolder
from safecare.testing.intake import MemoryIntake, running

pytestmark = pytest.mark.slow

START = datetime(2026, 11, 23, 14, 18, tzinfo=UTC)
NAME = "camera.corridor__20261123T141800Z.mp4"


@pytest.fixture(scope="module")
def loiterer() -> Clip:
    return make_clip("loitering", seconds=20, seed=3)


def people(intake: MemoryIntake) -> list[PeopleSeen]:
    return [event for event in intake.events if isinstance(event, PeopleSeen)]


def states(intake: MemoryIntake) -> list[tuple[str | None, str]]:
    return [(event.asset, event.state) for event in intake.events if isinstance(event, CameraState)]


def upload(folder: Path, name: str, raw: bytes) -> None:
    """Write elsewhere, then rename: as a careful recorder does."""
    part = folder / f"{name}.part"
    part.write_bytes(raw)
    part.rename(folder / name)


async def test_people_of_a_clip_are_told_at_their_own_time(tmp_path: Path, loiterer: Clip) -> None:
    intake = MemoryIntake()
    async with running(Cameras(folder=tmp_path, settle=0.1), intake):
        upload(tmp_path, NAME, loiterer.raw)
        await intake.until(lambda one: (tmp_path / "done" / NAME).exists() and one.states["camera"][1] == NAME, 60)
    told = people(intake)
    assert len(told) > 12
    assert all(event.asset == "camera.corridor" and event.zone == "aurore.corridor.pharmacy" for event in told)
    assert START < told[0].at < told[-1].at
    assert (told[-1].at - START).total_seconds() < 20.5
    for event in told:
        truth = loiterer.truth[min(len(loiterer.truth) - 1, round((event.at - START).total_seconds() * loiterer.fps))]
        stayer = next((box for box in truth if box.id == 1), None)
        if stayer is not None and event.at > told[1].at:
            foot = (stayer.x + stayer.width / 2, stayer.y + stayer.height)
            assert any(abs(one.x - foot[0]) < 45 and abs(one.y - foot[1]) < 45 for one in event.people)
    assert states(intake) == [("camera.corridor", "ok")]
    assert not intake.rejects


async def test_same_clip_again_gives_the_same_ids(tmp_path: Path, loiterer: Clip) -> None:
    ids = []
    for folder in ("a", "b"):
        intake = MemoryIntake()
        (tmp_path / folder).mkdir()
        async with running(Cameras(folder=tmp_path / folder, settle=0.1), intake):
            upload(tmp_path / folder, NAME, loiterer.raw)
            await intake.until(lambda one: one.states.get("camera", ("", ""))[1] == NAME, 60)
        ids.append([event.id for event in intake.events])
    assert ids[0] == ids[1]


async def test_cut_and_garbage_files_are_refused_and_the_next_clip_is_read(tmp_path: Path, loiterer: Clip) -> None:
    intake = MemoryIntake()
    async with running(Cameras(folder=tmp_path, settle=0.1), intake):
        upload(tmp_path, "camera.corridor__20261123T141000Z.mp4", loiterer.raw[:40_000])
        upload(tmp_path, "camera.hall__20261123T141100Z.avi", b"garbage" * 500)
        upload(tmp_path, "nobody__20261123T141200Z.mp4", loiterer.raw)
        upload(tmp_path, "holiday.mkv", b"")
        upload(tmp_path, NAME, loiterer.raw)
        await intake.until(lambda one: len(one.rejects) == 4 and one.states["camera"][1].startswith("holiday.mkv"), 60)
    assert sorted(path.name for path in (tmp_path / "bad").iterdir()) == [
        "camera.corridor__20261123T141000Z.mp4",
        "camera.hall__20261123T141100Z.avi",
        "holiday.mkv",
        "nobody__20261123T141200Z.mp4",
    ]
    assert ("camera.hall", "unreadable") in states(intake)
    corridor = [state for camera, state in states(intake) if camera == "camera.corridor"]
    assert corridor == ["unreadable", "ok"]
    assert all(reject.reason for reject in intake.rejects)
    assert len(people(intake)) > 12
    assert {reject.place for reject in intake.rejects} == {"header", "file name"}


async def test_clip_that_breaks_off_keeps_what_was_seen_and_is_refused(tmp_path: Path, loiterer: Clip) -> None:
    raw = remuxed(loiterer.raw, "matroska")
    intake = MemoryIntake()
    name = "camera.corridor__20261123T141800Z.mkv"
    async with running(Cameras(folder=tmp_path, settle=0.1), intake):
        upload(tmp_path, name, raw[: len(raw) * 2 // 3])
        await intake.until(lambda one: one.states.get("camera", ("", ""))[1].startswith(name), 60)
    assert people(intake)
    assert "breaks off" in intake.rejects[0].reason
    assert (tmp_path / "bad" / name).exists()


def remuxed(raw: bytes, format: str) -> bytes:
    import io

    buffer = io.BytesIO()
    with av.open(io.BytesIO(raw), "r") as source, av.open(buffer, "w", format=format) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return buffer.getvalue()


async def test_worker_killed_in_the_middle_is_tried_again(tmp_path: Path, loiterer: Clip) -> None:
    intake = MemoryIntake()
    door = Cameras(folder=tmp_path, settle=0.1)
    reader = door._reader(tmp_path, intake)
    upload(tmp_path, NAME, loiterer.raw)
    task = asyncio.create_task(reader.read(tmp_path / NAME))
    async with asyncio.timeout(30):
        while reader.worker.pid is None:
            await asyncio.sleep(0)
    os.kill(reader.worker.pid, signal.SIGKILL)
    await task
    await reader.worker.stop()
    assert len(people(intake)) > 12
    assert not intake.rejects


async def test_clip_that_takes_too_long_is_given_up(tmp_path: Path, loiterer: Clip) -> None:
    intake = MemoryIntake()
    async with running(Cameras(folder=tmp_path, settle=0.1, overtime=0.05), intake):
        upload(tmp_path, NAME, loiterer.raw)
        await intake.until(lambda one: len(one.rejects) == 1, 60)
    assert "too long" in intake.rejects[0].reason
    assert states(intake) == [("camera.corridor", "unreadable")]


async def test_full_log_holds_the_clip_back_until_there_is_room(tmp_path: Path, loiterer: Clip) -> None:
    intake = MemoryIntake()
    intake.room = 0
    async with running(Cameras(folder=tmp_path, settle=0.1), intake):
        upload(tmp_path, NAME, loiterer.raw)
        await intake.until(lambda one: one.states.get("camera", ("", ""))[0] == "failed", 60)
        assert (tmp_path / NAME).exists()
        intake.room = None
        await intake.until(lambda one: one.states["camera"][1] == NAME, 60)
    assert len(people(intake)) > 12


async def test_stutter_and_change_of_resolution_are_borne(tmp_path: Path, loiterer: Clip) -> None:
    """Pictures come late or not at all, and the second half is smaller: MJPEG in AVI may do that."""
    raw = stuttering(loiterer)
    intake = MemoryIntake()
    name = "camera.corridor__20261123T141800Z.mkv"
    async with running(Cameras(folder=tmp_path, settle=0.1), intake):
        upload(tmp_path, name, raw)
        await intake.until(lambda one: (tmp_path / "done" / name).exists(), 60)
    assert people(intake)
    assert not intake.rejects


def stuttering(clip: Clip) -> bytes:
    import io
    from fractions import Fraction

    buffer = io.BytesIO()
    with av.open(io.BytesIO(clip.raw), "r") as source, av.open(buffer, "w", format="matroska") as target:
        stream = target.add_stream("mjpeg", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuvj420p"
        encoders: dict[int, Any] = {}
        for number, frame in enumerate(source.decode(video=0)):
            if number % 7 in {2, 3} or 60 <= number < 90:
                continue
            width = 640 if number < 120 else 320
            small = frame.reformat(width=width, height=width * 9 // 16, format="yuvj420p")
            small.pts, small.time_base = number * 100 + (37 if number % 5 else 0), Fraction(1, 1000)
            encoder = encoders.get(width)
            if encoder is None:
                encoder = encoders[width] = av.CodecContext.create("mjpeg", "w")
                encoder.width, encoder.height, encoder.pix_fmt = width, width * 9 // 16, "yuvj420p"
                encoder.time_base = Fraction(1, 1000)
            for packet in encoder.encode(small):
                packet.stream = stream
                target.mux(packet)
    return buffer.getvalue()


def test_rejected_clip_can_be_read_again_from_its_bytes(loiterer: Clip) -> None:
    intake = MemoryIntake()
    door = Cameras()
    events = list(door.decode(loiterer.raw, {"name": NAME}, intake))
    assert len([event for event in events if isinstance(event, PeopleSeen)]) > 12
    with pytest.raises(UnreadableError) as caught:
        door.decode(b"garbage", {"name": NAME}, intake)
    assert caught.value.place == "header"


async def test_worker_is_confined_and_stays_small(tmp_path: Path, loiterer: Clip) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(loiterer.raw)
    client = WorkerClient()
    async for message in client.answers(ClipJob("c", str(path), "mov", 0.0, View()), silence=30):
        if isinstance(message, Done):
            assert message.frames == pytest.approx(100, abs=3)
    process = psutil.Process(client.pid)
    assert process.memory_info().rss < 220 * 1024 * 1024
    assert process.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert {"limits"} <= set(client.layers) <= {"limits", "landlock", "seccomp"}
    await client.stop()
    assert not psutil.pid_exists(process.pid)


async def test_worker_ends_with_its_parent() -> None:
    client = WorkerClient()
    process = await client._running()
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.timeout(30):
        assert await process.wait() == 0
    await client.stop()


async def test_bytes_that_are_no_job_end_the_worker(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"nothing")
    client = WorkerClient()
    process = await client._running()
    assert process.stdin is not None
    process.stdin.write(b"\xff\xff\xff\xffnonsense")
    job = ClipJob("c", str(path), "mov", 0.0, View())
    with pytest.raises(WorkerDiedError):
        async for _ in client.answers(job, silence=30):
            pass
    await client.stop()


async def test_playlist_in_disguise_opens_nothing(tmp_path: Path) -> None:
    intake = MemoryIntake()
    async with running(Cameras(folder=tmp_path, settle=0.1), intake):
        upload(tmp_path, NAME, b"#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n")
        await intake.until(lambda one: len(one.rejects) == 1, 60)
    assert not people(intake)


def test_folder_waits_for_a_clip_that_still_grows(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path, 1.0, CLIPS)
    path = tmp_path / NAME
    for second in range(5):
        path.write_bytes(np.zeros(second + 1, np.uint8).tobytes())
        assert folder.complete(float(second) / 2) == []
    assert folder.complete(5.0) == [path]
