"""One recording through the whole road of physical detection: worker, tracks, rules. No log, no store.

The same worker and the same detectors as of live cameras; only the hospital is a single camera with what is drawn into
its picture.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from safecare.detect.stage import DetectStage, build
from safecare.formats.mot import MotBox, filled, lines
from safecare.locale.catalogue import Catalogue
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.hospital import Asset, Hospital, Name, Site
from safecare.model.ids import AssetId, SiteId
from safecare.model.scene import Scene
from safecare.model.text import Amount, Span, Text
from safecare.sources.api import UnreadableError
from safecare.sources.camera.client import WorkerClient, WorkerDiedError
from safecare.sources.camera.decode import CLIP_FORMATS
from safecare.sources.camera.messages import (
    ClipJob,
    Done,
    Failed,
    Message,
    People,
    PictureChange,
    SpotsTold,
    ThingsTold,
    View,
)
from safecare.sources.camera.models import ModelError, read_card
from safecare.sources.camera.places import Teller, masks_of, needs_fire, needs_things
from safecare.sources.camera.sequence import gather

SITE, CAMERA = SiteId("film"), AssetId("camera")
SILENCE = 60.0
"""Seconds without a sign of life after which the worker is ended; it gives one every second."""
ENDING = timedelta(seconds=1.0)
"""Time after the last picture at which nobody is there any more, so that what rules wait for is judged; chosen."""
SEQUENCE = "mjpeg"
"""How a folder of pictures is read."""
FILL_SECONDS = 2.0
"""Gaps of a track up to this long are filled in what is written as tracks; chosen: a pillar, or somebody in between."""


class FilmError(ValueError):
    """A recording that can't be judged at all; the text says which, and why."""


@dataclass(frozen=True)
class Wish:
    """What is to be judged: file, scene, true pictures per second (0: the file's), rate of looks (0: all), start."""

    path: Path
    scene: Scene | None
    rate: float
    fps: float
    start: datetime
    boxes: bool = False


@dataclass
class Film:
    """Judges the recording of `wish`; `model` is the card of what finds people, None for blobs of motion.

    `pose` is that of what tells how a body lies; None: shapes alone do. `special` is that of a special model.
    """

    wish: Wish
    model: Path | None
    pose: Path | None = None
    special: Path | None = None
    broken: str = field(default="", init=False)
    frames: int = field(default=0, init=False)
    seconds: float = field(default=0.0, init=False)
    _told: int = field(default=0, init=False)
    _finds: str = field(default="", init=False)
    _boxes: list[MotBox] = field(default_factory=list, init=False)
    _found: list[MotBox] = field(default_factory=list, init=False)
    _times: list[tuple[float, int]] = field(default_factory=list, init=False)
    _cpu: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Refuse what is no recording. Raises `FilmError`."""
        path = self.wish.path
        format = SEQUENCE if path.is_dir() else CLIP_FORMATS.get(path.suffix.lower())
        if format is None:
            raise FilmError(f"{path}: don't know how to read {path.suffix or 'a file without ending'}")
        if not path.exists() or not (path.is_file() or path.is_dir()):
            raise FilmError(f"{path}: there is no such file")
        self._format = format
        self.hospital = one_camera(self.wish.scene, _zone_name(self.wish.start))
        self._teller = Teller("film", self.hospital.assets[0])
        self._stage = physical_rules(self.hospital)

    async def alerts(self) -> AsyncIterator[Alert]:
        """Yield the alerts in order of time. Raises `FilmError` if nothing of the recording can be read."""
        if not self.wish.path.is_dir():
            async for alert in self._judged(self.wish.path, self.wish.rate):
                yield alert
            return
        with tempfile.NamedTemporaryFile(suffix=".mjpeg") as file:
            try:
                rate = gather(self.wish.path, file)
            except UnreadableError as error:
                raise FilmError(f"{self.wish.path}: {error}") from error
            async for alert in self._judged(Path(file.name), self.wish.rate or rate):
                yield alert

    async def _judged(self, path: Path, rate: float) -> AsyncIterator[Alert]:
        """Yield the alerts of the recording in the file `path`, of `rate` pictures a second (0: as it says)."""
        scene = self.wish.scene
        masks = masks_of(scene) if scene else ()
        view = View(
            fps=self.wish.fps,
            rate=rate,
            tell_every=0.0,
            tell_found=self.wish.boxes,
            things=needs_things(scene),
            fire=needs_fire(scene),
            masks=masks,
        )
        job = ClipJob(CAMERA, str(path), self._format, 0.0, view)
        worker = WorkerClient(model=self.model, pose=self.pose, special=self.special)
        try:
            async for message in worker.answers(job, silence=SILENCE):
                for event in self._events(message):
                    for alert in (*self._stage.feed([event]), *self._stage.tick(event.at)):
                        self._told += 1
                        yield alert
        except WorkerDiedError as error:
            self.broken = str(error)
        finally:
            self._finds = worker.finds
            await worker.stop()
        if worker.problem:
            raise FilmError(worker.problem)
        if not self.frames:
            raise FilmError(f"{self.wish.path}: {self.broken or 'nothing in it can be decoded'}")

    def _events(self, message: Message) -> list[Event]:
        at = self.wish.start + timedelta(seconds=getattr(message, "at", 0.0))
        match message:
            case People(people=people):
                self._remember(message)
                event = self._teller.people(at, at, "film", people, None, message.size)
                return [event]
            case ThingsTold(things=things):
                return [self._teller.things(at, at, "film", things, None, message.size)]
            case SpotsTold(spots=spots):
                return [self._teller.spots(at, at, "film", spots, None, message.size)]
            case PictureChange(state=state):
                return [self._teller.state(at, at, "film", state, message.detail)]
            case Done(frames=frames, seconds=seconds, broken=broken, cpu=cpu):
                self.frames, self.seconds, self.broken, self._cpu = frames, seconds, broken, cpu
                end = self.wish.start + timedelta(seconds=seconds) + ENDING
                return [self._teller.people(end, end, "film's end", (), None)]
            case Failed(reason=reason, place=place):
                self.broken = f"{place}: {reason}" if place else reason
                return []
            case _:
                return []

    def _remember(self, message: People) -> None:
        self.frames = max(self.frames, 1)
        self._times.append((message.at, message.frame))
        rate = (message.frame - 1) / message.at if message.at else 0.0
        for one in message.people:
            if not one.unseen:
                for before, x, y in (*one.path, (0.0, one.x, one.y)):  # the way from before the track was sure
                    frame, left, top = message.frame - round(before * rate), x - one.width / 2, y - one.height
                    self._boxes.append(MotBox(frame, one.track, left, top, one.width, one.height, one.score))
        self._found += [MotBox(message.frame, -1, *box) for box in message.found]

    def frame_at(self, at: datetime) -> int:
        """Return the number (from 1) of the last picture not after `at`."""
        from bisect import bisect_right

        seconds = (at - self.wish.start).total_seconds() + 0.001
        place = bisect_right(self._times, (seconds, 1 << 62))
        return self._times[place - 1][1] if place else 1

    def tracks(self) -> str:
        """Return the tracks in MOT format, short gaps filled, and the pictures between two looks."""
        at, frame = self._times[-1] if self._times else (0.0, 0)
        rate = frame / at if at else 5.0
        return "".join(f"{line}\n" for line in lines(filled(self._boxes, round(FILL_SECONDS * rate))))

    def detections(self) -> str:
        """Return all boxes in MOT format, without identities."""
        return "".join(f"{line}\n" for line in lines(self._found))

    def summary(self) -> dict[str, Any]:
        """Return what was seen as a whole."""
        return {
            "frames": self.frames,
            "seconds": round(self.seconds, 2),
            "people": len({one.track for one in self._boxes}),
            "alerts": self._told,
            "model": self._finds or "none (blobs of motion)",
            "cpu_ms_per_frame": round(1000 * self._cpu / max(1, self.frames), 1),
            "broken": self.broken,
        }


def one_camera(scene: Scene | None, timezone: str) -> Hospital:
    """Return a hospital that is one camera with what is drawn into its picture."""
    camera = Asset(id=CAMERA, site=SITE, name=Name("the camera", "la caméra"), kind="camera")
    site = Site(id=SITE, name=Name("", ""), timezone=timezone)
    scenes = {CAMERA: scene} if scene else {}
    return msgspec.structs.replace(Hospital.empty(), sites=(site,), assets=(camera,), scenes=scenes)


def physical_rules(hospital: Hospital) -> DetectStage:
    """Return all physical detectors over `hospital`."""
    return DetectStage([one for one in build(hospital) if one.domain is Domain.PHYSICAL])


def as_json(film: Film, alert: Alert, language: str) -> str:
    """Return `alert` as one line of JSON."""
    facts = facts_of(alert)
    start = film.wish.start
    render = Catalogue.load().render
    body = {
        "type": "alert",
        "rule": alert.rule,
        "zone": facts.pop("area", ""),
        "track": facts.pop("track", None),
        "at": round((alert.last - start).total_seconds(), 3),
        "since": round((alert.first - start).total_seconds(), 3),
        "frame": film.frame_at(alert.last),
        "time": alert.last.isoformat(),
        "severity": alert.severity,
        "confidence": alert.confidence,
        "facts": facts,
        "title": render(alert.title, language, film.hospital),
        "why": [render(one, language, film.hospital) for one in alert.why],
    }
    return msgspec.json.encode(body).decode()


def as_text(film: Film, alert: Alert, language: str) -> str:
    """Return `alert` as one line for people."""
    render = Catalogue.load().render
    seconds = (alert.last - film.wish.start).total_seconds()
    title = render(alert.title, language, film.hospital)
    why = " ".join(render(one, language, film.hospital) for one in alert.why)
    return f"{seconds:8.1f} s  {alert.rule:<20} {title}: {why}"


def card_for(path: Path) -> Path:
    """Return the card of the model file or card `path`; one is made from the file where none stands beside it.

    Raises `ModelError`.
    """
    if path.suffix == ".yaml":
        read_card(path)
        return path
    beside = path.with_suffix(".yaml")
    if beside.is_file():
        return card_for(beside)
    return _made_card(path)


def _made_card(path: Path) -> Path:
    """Make a card for the lone model file `path` in a folder of its own, which lives as long as the process."""
    import atexit
    import shutil

    from safecare.sources.camera.models import add
    from safecare.sources.camera.vision.networks import guessed

    try:
        shown = guessed(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from error
    folder = Path(tempfile.mkdtemp(prefix="safecare-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    card = {"name": path.stem, **shown, "licence": "not told", "origin": str(path)}
    return add(path, card, folder).card_path


def facts_of(alert: Alert) -> dict[str, Any]:
    """Return what stands in the places of the alert's sentences, as plain values."""
    found: dict[str, Any] = {}
    for text in (alert.title, *alert.why):
        for name, value in text.args.items():
            match value:
                case Span(seconds=number) | Amount(value=number):
                    found[name] = number
                case Text(key=key):
                    found[name] = key
                case str() | int() | float():
                    found[name] = value
                case _:
                    pass
    return found


def _zone_name(start: datetime) -> str:
    """Return the time zone in which the hours of zones are meant: that of the start."""
    offset = start.utcoffset() or timedelta(0)
    hours = int(offset.total_seconds() // 3600)
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"
