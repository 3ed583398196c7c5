"""Clips around alerts: what a camera remembers, what is cut out of it, and that no head of it is recognisable."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from io import BytesIO
from typing import Any

import av
import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from safecare.exchange.log import Entry
from safecare.exchange.memory import MemoryLog
from safecare.model.alert import Alert, Domain
from safecare.model.clock import SystemClock
from safecare.model.events.video import ClipKept, ClipMissing, PeopleSeen
from safecare.model.ids import AlertId, ArtifactHash, AssetId, ZoneId
from safecare.model.text import say
from safecare.model.topics import encode as encode_item
from safecare.scenarios.make.clips import pictures
from safecare.scenarios.make.scenes import loitering
from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.clipping import Clipper
from safecare.sources.camera.messages import ClipMade, Cut
from safecare.sources.camera.publish import Outlet
from safecare.sources.camera.ring import MOST_BYTES, Ring
from safecare.sources.camera.source import Cameras
from safecare.sources.camera.vision.masks import Masks
from safecare.sources.camera.vision.parts import Box
from safecare.store.vault import Vault
from safecare.testing.camera_streams import FORMAT, Camera, CameraServer, encode
from safecare.testing.hospital_building import SITE
from safecare.testing.intake import MemoryIntake, running

SIZE, FPS = (320, 180), 5
HEAD = (slice(40, 60), slice(120, 140))
"""Rows and columns of a chequered head in the picture."""


def chequered(number: int) -> Any:
    """Return a grey picture with a head that has texture, and a mark that tells its number."""
    picture = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    board = np.indices((20, 20)).sum(0) // 2 % 2 * 255
    picture[HEAD] = board[..., None]
    picture[150:170, number * 2 % 300 : number * 2 % 300 + 12] = 255
    return picture


class Played:
    """A ring that is given a clip at the pace of a clock that the test moves."""

    def __init__(self, count: int = 200, masks: Any = (), heads: bool = True) -> None:
        self.now = 0.0
        self.heads = [Box(110, 38, 40, 100)] if heads else None
        self.strangers: list[Box] = []
        self.source = av.open(BytesIO(encode((chequered(n) for n in range(count)), FPS).raw), "r")
        stream = self.source.streams.video[0]
        self.sitting: list[Box] | None = []
        self.ring = Ring(
            stream.codec_context,
            stream.time_base or Fraction(1),
            Masks(masks),
            lambda: self.now,
            lambda image: self.sitting,
        )
        self.packets = iter(self.source.demux(stream))

    def play(self, seconds: float) -> ClipMade | None:
        """Let so many seconds of the stream come; return the clip that was made meanwhile."""
        done = None
        for _ in range(round(seconds * FPS)):
            packet = next(self.packets)
            assert packet.pts is not None
            assert packet.time_base is not None
            at = float(packet.pts * packet.time_base)
            self.now = at
            self.ring.take(packet)
            if self.heads is not None:
                self.ring.saw(at, self.heads, self.strangers)
            done = self.ring.step() or done
        return done


def seen(raw: bytes) -> list[Any]:
    with av.open(BytesIO(raw), "r") as film:
        return [frame.to_ndarray(format="bgr24") for frame in film.decode(video=0)]


def alert_at(
    at: datetime, *, assets: tuple[AssetId, ...] = (), zones: tuple[ZoneId, ...] = (), number: int = 1
) -> Alert:
    return Alert(
        id=AlertId(f"alert {number} {at.isoformat()}"),
        rule="door.forced",
        rule_version=1,
        domain=Domain.PHYSICAL,
        site=SITE,
        first=at,
        last=at,
        severity=50,
        confidence=0.9,
        title=say("Say why."),
        why=(),
        because=(),
        assets=assets,
        zones=zones,
    )


def texture(picture: Any) -> float:
    return float(picture[HEAD][..., 1].std())


def test_a_clip_has_what_came_before_and_after_and_no_head() -> None:
    played = Played()
    assert played.play(15) is None
    played.ring.ask(Cut(7, 1.0, clear=True))
    made = played.play(24)
    assert made is not None
    assert made.numbers == (7,)
    assert made.seconds == pytest.approx(20.0, abs=0.5)
    hidden, clear = seen(made.raw), seen(made.clear)
    assert len(hidden) == len(clear) == pytest.approx(100, abs=3)
    assert max(map(texture, hidden)) < 40 < 80 < min(map(texture, clear))


def test_without_the_wish_there_is_no_clear_copy() -> None:
    played = Played(100)
    played.play(5)
    played.ring.ask(Cut(1, 0.0))
    [made] = played.ring.finish()
    assert made.clear == b""
    assert max(map(texture, seen(made.raw))) < 40


def test_alerts_that_follow_each_other_share_a_clip() -> None:
    played = Played(300)
    played.play(12)
    played.ring.ask(Cut(1, 0.0))
    played.play(5)
    played.ring.ask(Cut(2, 0.0))
    made = played.play(35)
    assert made is not None
    assert made.numbers == (1, 2)
    assert made.seconds == pytest.approx(25.0, abs=0.5)


def test_a_stream_that_ends_gives_what_is_left_at_once() -> None:
    played = Played(60)
    played.play(6)
    played.ring.ask(Cut(3, 0.0))
    [made] = played.ring.finish()
    assert made.numbers == (3,)
    assert made.seconds == pytest.approx(6.0, abs=0.5)
    assert list(played.ring.finish()) == []


def test_where_nobody_looked_the_whole_picture_is_unrecognisable() -> None:
    played = Played(60, heads=False)
    played.play(6)
    played.ring.ask(Cut(1, 0.0))
    [made] = played.ring.finish()
    assert max(map(texture, seen(made.raw))) < 40


def test_masks_hold_in_the_clear_copy() -> None:
    corner = (((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)),)
    played = Played(60, masks=corner)
    played.play(6)
    played.ring.ask(Cut(1, 0.0, clear=True))
    [made] = played.ring.finish()
    assert max(float(one[:80].mean()) for one in seen(made.clear)) < 12


def test_memory_is_bounded_by_bytes_and_by_time() -> None:
    played = Played(200)
    played.play(39)
    kept = list(played.ring._packets)
    assert kept[0].whole
    assert kept[-1].came - kept[0].came <= 13.0  # ten seconds, and up to the whole picture before
    ring = Played(10).ring
    for number in range(100):
        packet = av.Packet(bytes(200_000))
        packet.pts = packet.dts = number
        ring.take(packet)
    assert ring._bytes <= MOST_BYTES


async def test_what_is_asked_too_late_or_of_nobody_gives_nothing() -> None:
    intake = MemoryIntake()
    camera = intake.hospital.asset("camera.corridor")
    assert camera is not None
    clipper = Clipper("camera", camera, intake, WorkerClient(), 7.0)
    fresh = alert_at(intake.clock.now(), zones=(camera.watches,) if camera.watches else ())
    assert clipper.wants(fresh)
    assert not clipper.wants(alert_at(intake.clock.now(), zones=()))
    clipper.ask(fresh)  # no worker runs
    clipper.ask(alert_at(intake.clock.now() - timedelta(minutes=1), zones=fresh.zones))
    await clipper.keep(ClipMade((1, 2), 5.0, 10.0, b"film"), Outlet(intake, "camera"))
    assert intake.events == []
    await clipper.tell()
    assert [event.why for event in intake.events if isinstance(event, ClipMissing)] == ["lost", "late"]
    await clipper.tell()
    assert len(intake.events) == 2


class Asked(WorkerClient):
    """A worker that takes each question."""

    def ask(self, cut: Cut) -> bool:
        del cut
        return True


def waiting(intake: MemoryIntake, vault: Vault | None = None) -> tuple[Clipper, Outlet]:
    """Return a clipper of which a clip is asked for."""
    camera = intake.hospital.asset("camera.corridor")
    assert camera is not None
    clipper = Clipper("camera", camera, intake, Asked(), 7.0, vault)
    clipper.ask(alert_at(intake.clock.now(), assets=(camera.id,)))
    return clipper, Outlet(intake, "camera")


def reasons(intake: MemoryIntake) -> list[str]:
    return [event.why for event in intake.events if isinstance(event, ClipMissing)]


async def test_a_clip_that_the_disk_refuses_is_told_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    intake = MemoryIntake()
    clipper, outlet = waiting(intake)

    async def broken(raw: bytes, media: str) -> ArtifactHash:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(intake, "keep", broken)
    await clipper.keep(ClipMade((1,), 5.0, 10.0, b"film"), outlet)
    await clipper.tell()
    assert reasons(intake) == ["store"]
    assert intake.states["camera/camera.corridor/clips"] == (
        "failed",
        "a clip, or its clear copy, could not be stored: Input/output error",
    )


async def test_a_clear_copy_that_cannot_be_sealed_is_told_and_ends_nothing() -> None:
    class Full:
        def put(self, name: str, secret: str) -> None:
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    intake = MemoryIntake()
    clipper, outlet = waiting(intake, Full())  # type: ignore[arg-type]
    await clipper.keep(ClipMade((1,), 5.0, 10.0, b"film", b"clear"), outlet)
    [kept] = [event for event in intake.events if isinstance(event, ClipKept)]
    assert (kept.clear, kept.key) == (None, "")
    assert intake.states["camera/camera.corridor/clips"][0] == "failed"


async def test_a_clip_of_no_picture_and_one_whose_worker_is_gone_are_told_once_there_is_room() -> None:
    intake = MemoryIntake()
    clipper, outlet = waiting(intake)
    await clipper.keep(ClipMade((1,), 5.0, 0.0, b""), outlet)
    intake.room = 0
    await clipper.tell()
    assert reasons(intake) == []
    intake.room = None
    clipper.ask(alert_at(intake.clock.now(), assets=(clipper.camera.id,)))
    clipper.forget()
    await clipper.tell()
    assert reasons(intake) == ["empty", "lost"]


async def test_two_alerts_at_once_have_both_their_clip() -> None:
    intake = MemoryIntake()
    clipper, outlet = waiting(intake)
    clipper.ask(alert_at(intake.clock.now(), assets=(clipper.camera.id,), number=2))
    await clipper.keep(ClipMade((1, 2), 5.0, 10.0, b"film"), outlet)
    await clipper.tell()
    [kept] = [event for event in intake.events if isinstance(event, ClipKept)]
    assert len(set(kept.alerts)) == 2
    assert reasons(intake) == []


@pytest.mark.slow
async def test_an_alert_gives_a_clip_of_the_camera_that_watches_the_place() -> None:
    clip = encode(pictures(loitering(seconds=60, seed=3), SIZE, FPS), FPS)
    log, intake = MemoryLog(), MemoryIntake(clock=SystemClock())
    server = CameraServer({"hall": Camera("good", [clip])})
    async with server.serving():
        settings = {"camera.corridor": {"url": server.url("hall"), "format": FORMAT}}
        door = Cameras(cameras=settings, log=log, model="none")
        async with running(door, intake):
            await intake.until(lambda one: any(isinstance(event, PeopleSeen) for event in one.events), 60)
            alert = alert_at(intake.clock.now(), assets=(AssetId("camera.corridor"),))
            log.append([Entry("alert", (encode_item(alert),))])
            await intake.until(lambda one: any(isinstance(event, ClipKept) for event in one.events), 60)
    [kept] = [event for event in intake.events if isinstance(event, ClipKept)]
    assert (kept.asset, kept.alerts, kept.clear) == ("camera.corridor", (alert.id,), None)
    assert kept.until - kept.at == timedelta(days=7)
    assert len(seen(intake.artifacts.kept[kept.artifact])) > 20


def test_somebody_whom_nothing_found_is_unrecognisable_in_the_clip() -> None:
    for strangers, most in (([Box(118, 38, 24, 24)], 40), ([], 255)):
        played = Played(60)
        played.heads, played.strangers = [], strangers
        played.play(6)
        played.ring.ask(Cut(1, 0.0))
        [made] = played.ring.finish()
        found = max(map(texture, seen(made.raw)))
        assert most - 175 < found < most  # without the motion there is nobody to hide


def test_somebody_who_sits_still_is_found_by_a_careful_look_or_all_is_coarse() -> None:
    for sitting in ([Box(110, 38, 40, 100)], None):
        played = Played(60)
        played.heads, played.sitting = [], sitting
        played.play(6)
        played.ring.ask(Cut(1, 0.0))
        [made] = played.ring.finish()
        assert max(map(texture, seen(made.raw))) < 60


def test_masks_hold_when_the_camera_changes_the_size_of_its_picture() -> None:
    corner = (((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)),)
    played = Played(30, masks=corner)
    played.play(3)
    played.source = av.open(BytesIO(encode((chequered(n)[:90, :160].repeat(2, 0) for n in range(30)), FPS).raw), "r")
    wide = played.source.streams.video[0]
    for packet in played.source.demux(wide):
        if packet.pts is not None and packet.dts is not None and packet.time_base is not None:
            packet.pts, packet.dts = packet.pts + round(3 / packet.time_base), packet.dts + round(3 / packet.time_base)
            played.now = float(packet.pts * packet.time_base)
            played.ring.take(packet)
            played.ring.saw(played.now, [])
    played.ring.ask(Cut(1, 0.0, clear=True))
    [made] = played.ring.finish()
    for raw in (made.raw, made.clear):
        assert max(float(one[:78].mean()) for one in seen(raw)) < 12
