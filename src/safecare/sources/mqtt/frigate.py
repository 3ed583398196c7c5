"""Frigate's people, reviews and cameras as our events. A camera is the asset with its name as address ``frigate``.

Frigate tells one object per message; rules want all people of a picture. So what is known of each camera is put
together until Frigate says that it ended, or says nothing of it for `GONE`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from safecare.formats.field import Signal
from safecare.formats.frigate import FrigateError, Review, Tracked, read_review, read_tracked
from safecare.model.event import Event
from safecare.model.events.panels import PanelSignal
from safecare.model.events.video import CameraState, PeopleSeen, Seen
from safecare.model.hospital import Asset
from safecare.sources.api import UnreadableError
from safecare.sources.signals import Known, Telling, events_about

GONE = timedelta(seconds=60)
"""Time without a word after which a person counts as gone (chosen: Frigate tells somebody who stands still rarely)."""
PEOPLE = 200
"""Most people of one camera, and most reviews, that are remembered (chosen)."""
STATES: dict[str, Literal["ok", "lost"]] = {"online": "ok", "offline": "lost", "stopped": "lost"}
BASE = "frigate"
"""The first step of Frigate's topics, unless a site has set another (that is then the recorder's address)."""
PERSON = frozenset({"person", "person-verified"})
"""What Frigate calls people in its reviews: verified is one whose face it knows."""
DETECT = "detect"
"""The role of the stream in which Frigate looks for people."""


@dataclass
class Frigate:
    """What is known of the people before each camera of one door."""

    _people: dict[str, dict[str, tuple[Seen, datetime]]] = field(default_factory=dict)
    _alerts: dict[str, None] = field(default_factory=dict)
    """Reviews that were told as alerts and have not ended, the oldest first: an end that is lost must hide nobody."""
    _over: dict[str, None] = field(default_factory=dict)
    """People and reviews that have ended, the oldest first: what comes late of them begins nothing anew."""

    def events(
        self, topic: str, raw: bytes, source: str, known: Known, seen: datetime, *, kept: bool = False
    ) -> Iterator[Event] | None:
        """Return the events of one message; None where the topic is none of Frigate's. Raises `UnreadableError`."""
        match topic.split("/"):
            case [_, *_, "events"]:
                return iter(()) if kept else self._tracked(raw, topic, source, known, seen)  # who was there then
            case [_, *_, "reviews"]:
                return self._review(raw, topic, source, known, seen, kept=kept)
            case [_, *_, camera, "status", role]:
                return _status(camera, role, raw, topic, Telling(source, "", None, seen, kept), known)
            case [*_, base, "available"] if base == BASE or _recorder(topic, known):
                return _available(raw, topic, Telling(source, "", None, seen, kept), known)
            case [base, *_, _] if base == BASE or _recorder(topic, known):
                return iter(())  # counts, pictures, switches and figures of its own
            case _:
                return None

    def _tracked(self, raw: bytes, topic: str, source: str, known: Known, seen: datetime) -> Iterator[Event]:
        try:
            message = read_tracked(raw)
        except FrigateError as error:
            raise UnreadableError(str(error), topic) from error
        told = message.after
        camera = _camera(told.camera, known, topic)
        if told.label != "person" or told.false_positive:
            return
        at = _time(told.frame_time, topic)
        people = self._people.setdefault(camera.id, {})
        if message.type == "end":
            people.pop(told.id, None)
            _remember(self._over, told.id)
        elif told.id in self._over or (told.id in people and people[told.id][1] > at):
            return  # late: newer is known
        elif len(people) < PEOPLE or told.id in people:
            people[told.id] = (_seen(told), at)
        for id in [id for id, (_, last) in people.items() if abs(at - last) > GONE]:
            del people[id]
        telling = Telling(source, f"{told.camera}\x1f{told.id}\x1f{told.frame_time}\x1f{message.type}", at, seen)
        yield PeopleSeen(
            **telling.common(0),
            site=camera.site,
            asset=camera.id,
            zone=camera.watches or camera.zone,
            people=tuple(one for one, _ in people.values()),
        )

    def _review(
        self, raw: bytes, topic: str, source: str, known: Known, seen: datetime, *, kept: bool
    ) -> Iterator[Event]:
        try:
            message = read_review(raw)
        except FrigateError as error:
            raise UnreadableError(str(error), topic) from error
        told = message.after
        camera = _camera(told.camera, known, topic)
        if message.type == "end":
            if told.id in self._alerts or _alarming(told):  # we may have been started anew meanwhile
                self._alerts.pop(told.id, None)
                _remember(self._over, told.id)
                time = _time(told.end_time or told.start_time, topic)
                yield self._signal(told, camera, Telling(source, f"{told.id}\x1f{False}", time, seen, kept), on=False)
        elif _alarming(told) and told.id not in self._alerts and told.id not in self._over:
            _remember(self._alerts, told.id)
            time = _time(told.start_time, topic)
            yield self._signal(told, camera, Telling(source, f"{told.id}\x1f{True}", time, seen, kept), on=True)

    @staticmethod
    def _signal(told: Review, camera: Asset, telling: Telling, *, on: bool) -> PanelSignal:
        return PanelSignal(
            **telling.common(0),
            site=camera.site,
            asset=camera.id,
            zone=camera.watches or camera.zone,
            what="intrusion",
            on=on,
            code=f"review {','.join(told.data.zones)}"[:200],
        )


def _remember(known: dict[str, None], id: str) -> None:
    """Keep `id` among the latest `PEOPLE`."""
    known.pop(id, None)
    known[id] = None
    while len(known) > PEOPLE:
        del known[next(iter(known))]


def _recorder(topic: str, known: Known) -> Asset | None:
    """Return the recorder under whose base topic `topic` is."""
    steps = topic.split("/")
    bases = ("/".join(steps[:number]) for number in range(1, len(steps)))
    return next((one for base in bases if (one := known.hospital.at_address("frigate", base))), None)


def _alarming(told: Review) -> bool:
    """Tell whether the site has said that a person there is an alarm: an alert in one of the zones drawn in Frigate.

    Without zones Frigate calls each person an alert.
    """
    return told.severity == "alert" and not PERSON.isdisjoint(told.data.objects) and bool(told.data.zones)


def _status(camera: str, role: str, raw: bytes, topic: str, heard: Telling, known: Known) -> Iterator[Event]:
    """Yield whether a stream of a camera is there; without that for detection nobody sees anything."""
    state = STATES.get(raw.decode("utf-8", "replace").strip().lower())
    asset = _camera(camera, known, topic)
    if state is None:
        return  # "disabled" is somebody's choice
    telling = replace(heard, ref=f"{topic}\x1f{state}")
    if role == DETECT:
        yield _state(asset, state, telling, 0)
    else:
        signal = Signal(what="panel", name="trouble", on=state == "lost", code=f"{role} {raw[:20].decode('latin-1')}")
        yield from events_about(asset, [signal], telling, known, called=topic, part=role)


def _available(raw: bytes, topic: str, heard: Telling, known: Known) -> Iterator[Event]:
    """Yield that Frigate is gone or back: of the asset that has its base topic as address, else of all cameras."""
    state = STATES.get(raw.decode("utf-8", "replace").strip().lower())
    base = topic.rpartition("/")[0]
    telling = replace(heard, ref=f"{topic}\x1f{state}")
    recorder = known.hospital.at_address("frigate", base)
    if state is not None and recorder is not None:
        signal = Signal(what="panel", name="silent", on=state == "lost", code="available")
        yield from events_about(recorder, [signal], telling, known, called=topic)
    elif state is not None:
        cameras = (one for one in known.hospital.assets if one.kind == "camera" and "frigate" in one.addresses)
        yield from (_state(one, state, telling, number) for number, one in enumerate(cameras))


def _state(camera: Asset, state: Literal["ok", "lost"], telling: Telling, number: int) -> CameraState:
    return CameraState(
        **telling.common(number), site=camera.site, asset=camera.id, zone=camera.watches or camera.zone, state=state
    )


def _camera(name: str, known: Known, topic: str) -> Asset:
    asset = known.hospital.at_address("frigate", name)
    if asset is None:
        raise UnreadableError(f"no camera of the hospital has the address frigate {name[:80]!r}", topic)
    return asset


def _seen(told: Tracked) -> Seen:
    left, top, right, bottom = told.box
    return Seen(
        track=zlib.crc32(told.id.encode()),
        x=(left + right) / 2,
        y=bottom,
        since=max(0.0, told.frame_time - told.start_time),
        width=right - left,
        height=bottom - top,
        score=told.score or told.top_score or 1.0,
    )


def _time(seconds: float, topic: str) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UnreadableError(f"{seconds!r} is no time", topic) from error
