"""A badge is granted again and again at a door that nobody opens: somebody tries badges, or lets the reader be seen.

Source: access-control practice (EN 60839-11-1:2013, "access granted, no entry"); once is a change of mind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted, DoorClosed, DoorOpened
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, say

SEVERITY = {"public": 20, "staff": 30, "restricted": 45, "critical": 55}
"""By the most protected side of the door; chosen: somebody was allowed in and did not go."""
MOST = 50
"""Grants remembered for each door; chosen: bounds the state."""


@detector("badge.unused", wants={BadgeGranted, DoorOpened, DoorClosed}, domain=Domain.PHYSICAL)
@dataclass
class Unused:
    """Alert when `times` (number) grants at a door within `window` (time) led to no opening within `grace` (time).

    Only doors whose contact has ever been heard are judged. While it goes on, it is told once in each window.
    """

    hospital: Hospital
    times: int = 3
    window: timedelta = timedelta(minutes=10)
    grace: timedelta = timedelta(seconds=15)
    _waiting: dict[str, BadgeGranted] = field(default_factory=dict, init=False)
    _unused: dict[str, list[BadgeGranted]] = field(default_factory=dict, init=False)
    _contacts: set[str] = field(default_factory=set, init=False)
    _told: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow grants and openings."""
        for event in batch:
            yield from self.tick(event.at)
            door = event.asset
            if door is None or self.hospital.asset(door) is None:
                continue
            match event:
                case BadgeGranted():
                    yield from self._pass(door)
                    self._waiting[door] = event
                case DoorOpened():
                    self._contacts.add(door)
                    self._waiting.pop(door, None)
                    self._unused.pop(door, None)
                case _:
                    self._contacts.add(door)

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Give up waiting for openings that have not come by `now`."""
        for door in [door for door, event in self._waiting.items() if now - event.at > self.grace]:
            yield from self._pass(door)

    def _pass(self, door: str) -> Iterator[Alert]:
        """Count the grant that waits at `door`, if there is one, as not used."""
        event = self._waiting.pop(door, None)
        if event is None or door not in self._contacts:
            return
        recent = [one for one in self._unused.get(door, []) if event.at - one.at <= self.window]
        self._unused[door] = [*recent, event][-MOST:]
        told = self._told.get(door)
        if len(self._unused[door]) >= self.times and (told is None or event.at - told >= self.window):
            self._told[door] = event.at
            yield self._alert(door, self._unused[door])

    def _alert(self, door: str, grants: list[BadgeGranted]) -> Alert:
        asset = self.hospital.asset(door)
        sides = [zone for zone in map(self.hospital.zone, (asset.between if asset else None) or ()) if zone]
        return Alert.of(
            self,
            *grants,
            severity=max((SEVERITY[zone.security] for zone in sides), default=30),
            confidence=0.6,
            title=say("Badges are granted at {door}, and nobody goes in", door=Ref(door)),
            why=[
                say(
                    "{count} grants within {time}, and the door stayed closed.",
                    count=len(grants),
                    time=Span((grants[-1].at - grants[0].at).total_seconds()),
                )
            ],
            zones=[zone.id for zone in sides] or None,
            holders=[one.holder for one in grants if one.holder],
        )
