"""One badge goes in twice, or out twice, through doors that have readers on both sides: it was handed back, or copied.

Source: access-control practice (EN 60839-11-1:2013, "anti-passback"). A zone is judged only if each way into it has a
reader on both sides; emergency exits may be used, and then nobody knows any more who is inside.

Controllers buffer: the "out" may be heard of after the next "in". So what happened is judged in the order of its own
times, once nothing older can come within the declared lateness: what is told does not hang on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.events.doors import BadgeGranted, DoorClosed, DoorOpened
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Asset, Hospital, Zone
from safecare.model.text import Ref, Span, Text, say

SEVERITY = {"public": 30, "staff": 45, "restricted": 60, "critical": 70}
"""By the zone that the badge goes into or leaves (chosen: as other rules of badges)."""
MOST = 20_000
"""Most badges and zones remembered (chosen: more than a hospital's staff), and events that wait for their turn."""
TWICE = timedelta(seconds=5)
"""Time within which a badge at one reader is the same presentation (chosen: a hand that is impatient; a badge that is
handed back through a door takes longer)."""
CLOCKS = timedelta(seconds=2)
"""How far the clock of a contact may be ahead of that of its reader (chosen: both follow a time server)."""
Step = BadgeGranted | DoorOpened | DoorClosed | FireSignal
ORDER = ("badge.granted", "fire.signal", "door.closed", "door.opened")
"""In which order what has one time is taken: a door opens after its grant."""


class Place(msgspec.Struct):
    """Whether a holder is inside a zone, by which grant."""

    inside: bool
    grant: BadgeGranted


@detector(
    "badge.passback", wants={BadgeGranted, DoorOpened, DoorClosed, FireSignal, PanelSignal}, domain=Domain.PHYSICAL
)
@dataclass
class Passback:
    """Alert when a holder enters a zone that they are in, or leaves one that they are out of, by their own badge.

    A grant counts once the door opened within `grace` (time), where its contact is heard at all. What is known of a
    holder holds for `memory` (time). What the controller judges so itself is passed on, at once.

    `lateness` (time): how long after it happened we may hear of something, for it to be judged in its place (chosen:
    tables that are handed over each minute). So long each alert takes.
    """

    hospital: Hospital
    lateness: timedelta = timedelta(minutes=2)
    grace: timedelta = timedelta(seconds=15)
    memory: timedelta = timedelta(hours=18)
    _places: dict[str, Place] = field(default_factory=dict, init=False)
    """By holder and zone."""
    _waiting: dict[str, BadgeGranted] = field(default_factory=dict, init=False)
    """The last grant of each door, until the door opens."""
    _contacts: set[str] = field(default_factory=set, init=False)
    _unsure: dict[str, datetime] = field(default_factory=dict, init=False)
    """When a zone was last left or entered in a way that no reader sees."""
    _heard: dict[str, Step] = field(default_factory=dict, init=False)
    """What waits until nothing older can come, by its id: sent twice, it is one."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Take what is heard, in whatever order."""
        now: datetime | None = None
        for event in batch:
            now = max(now or event.seen, event.seen)
            match event:
                case PanelSignal(what="passback", on=True):
                    yield self._told(event)
                case BadgeGranted(asset=str()) if event.holder and event.way:
                    self._heard[event.id] = event
                case DoorOpened() | DoorClosed() if self.hospital.asset(event.asset):
                    self._heard[event.id] = event
                case FireSignal(state="alarm"):
                    self._heard[event.id] = event
                case _:
                    pass
        if now is not None:
            yield from self.tick(now)

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge what nothing older can come before any more at `now`."""
        if not self._heard:
            return
        waiting = sorted(self._heard.values(), key=_turn)
        for number, event in enumerate(waiting):
            if _turn(event)[0] >= now - self.lateness and len(waiting) - number <= MOST:
                break
            del self._heard[event.id]
            yield from self._step(event)

    def _step(self, event: Step) -> Iterator[Alert]:
        match event:
            case BadgeGranted(asset=str(door)):
                self._waiting[door] = event
                yield from self._granted(event, settle=door not in self._contacts)
            case DoorOpened(asset=str(door)):
                self._opened(door, event)
            case DoorClosed(asset=str(door)):
                self._contacts.add(door)
            case FireSignal():
                for zone in self._zones:
                    self._unsure[zone] = event.at  # all doors are released, and everybody leaves
            case _:
                pass

    @cached_property
    def _zones(self) -> dict[str, Zone]:
        """The zones each of whose doors has a reader on both sides. Exits may be left by, and are watched."""
        ways: dict[str, list[Asset]] = {}
        for asset in self.hospital.assets:
            for zone in asset.between or ():
                ways.setdefault(zone, []).append(asset)
        closed = {
            id for id, doors in ways.items() if all(map(_both, doors)) and any(one.kind != "exit" for one in doors)
        }
        return {zone.id: zone for zone in self.hospital.zones if zone.id in closed}

    def _opened(self, door: str, event: DoorOpened) -> None:
        self._contacts.add(door)
        grant = None if event.kept else self._waiting.pop(door, None)
        if grant and abs(event.at - grant.at) <= self.grace:
            self._settle(grant)
        elif not event.egress or self._exit(door):
            for zone in self._sides(door):
                self._unsure[zone] = event.at  # forced, or an exit: who went through is not known

    def _exit(self, door: str) -> bool:
        asset = self.hospital.asset(door)
        return asset is not None and asset.kind == "exit"

    def _sides(self, door: str) -> list[str]:
        asset = self.hospital.asset(door)
        return [zone for zone in (asset.between or ()) if zone in self._zones] if asset else []

    def _moves(self, grant: BadgeGranted) -> Iterator[tuple[str, bool]]:
        """Yield the judged zones of the grant's door, and whether the holder is then inside."""
        asset = self.hospital.asset(grant.asset)
        for number, zone in enumerate(asset.between or () if asset else ()):
            if zone in self._zones:
                yield zone, (number == 1) == (grant.way == "in")

    def _granted(self, grant: BadgeGranted, *, settle: bool) -> Iterator[Alert]:
        against = [
            (zone, known)
            for zone, inside in self._moves(grant)
            if (known := self._places.get(f"{grant.holder}\x1f{zone}"))
            and known.inside is inside
            and not _same(known.grant, grant)
            and self._holds(zone, known.grant, grant)
        ]
        if against:  # one grant, one alert: rather for what it goes into
            zone, known = max(against, key=lambda one: one[1].inside)
            yield self._alert(grant, known.grant, zone, inside=known.inside)
        if settle:
            self._settle(grant)

    def _settle(self, grant: BadgeGranted) -> None:
        for zone, inside in self._moves(grant):
            key = f"{grant.holder}\x1f{zone}"
            known = self._places.get(key)
            if known is None or grant.at >= known.grant.at:
                remember(self._places, key, Place(inside, grant), MOST)

    def _holds(self, zone: str, before: BadgeGranted, now: BadgeGranted) -> bool:
        unsure = self._unsure.get(zone)
        return timedelta(0) < now.at - before.at <= self.memory and (unsure is None or unsure < before.at)

    def _alert(self, grant: BadgeGranted, before: BadgeGranted, zone: str, *, inside: bool) -> Alert:
        time, door = Span((grant.at - before.at).total_seconds()), Ref(before.asset or "")
        return Alert.of(
            self,
            before,
            grant,
            window=f"{zone}\x1f{grant.id}",
            severity=SEVERITY[self._zones[zone].security],
            confidence=0.75,
            title=say("One badge goes in twice: {zone}", zone=Ref(zone))
            if inside
            else say("One badge goes out twice: {zone}", zone=Ref(zone)),
            why=[
                say(
                    "It came into {zone} by {door} {time} earlier, and has not left it.",
                    zone=Ref(zone),
                    door=door,
                    time=time,
                )
                if inside
                else say(
                    "It left {zone} by {door} {time} earlier, and has not come back.",
                    zone=Ref(zone),
                    door=door,
                    time=time,
                )
            ],
            assets=[one for one in (grant.asset, before.asset) if one],
            zones=[self._zones[zone].id],
            holders=[grant.holder] if grant.holder else [],
            techniques=["T1078"],
        )

    def _told(self, event: PanelSignal) -> Alert:
        zone = self.hospital.zone(event.zone)
        why: list[Text] = [say("The access-control system reports it.")]
        return Alert.of(
            self,
            event,
            severity=SEVERITY[zone.security if zone else "staff"],
            confidence=0.7,
            title=say("A badge was used twice in one direction: {door}", door=Ref(event.asset or event.site)),
            why=why,
            holders=[event.holder] if event.holder else [],
            techniques=["T1078"],
        )


def _turn(event: Step) -> tuple[datetime, int, str]:
    """Return by what `event` is put in order: an opening a little later, for contact and reader have two clocks."""
    at = event.at + CLOCKS if isinstance(event, DoorOpened) else event.at
    return at, ORDER.index(event.kind), event.id


def _same(before: BadgeGranted, now: BadgeGranted) -> bool:
    """Tell whether a badge was presented twice for one passage."""
    return before.asset == now.asset and before.way == now.way and now.at - before.at <= TWICE


def _both(door: Asset) -> bool:
    """Tell whether `door` can't be passed without a badge either way, emergency exits apart."""
    return door.kind == "exit" or {"reader", "reader-out"} <= door.addresses.keys()
