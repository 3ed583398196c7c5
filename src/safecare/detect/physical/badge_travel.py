"""One badge at two readers too far apart for the time between: it was copied, or lent and a code seen.

Source: "impossible travel" as sign-in systems judge it (MITRE ATT&CK T1078), with distances from the hospital's own
plan; nobody runs through a hospital faster than 5 m/s as the crow flies, and a storey costs time on the stairs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import hypot

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.physical.reach import CLOCKS, SPEED, STOREY, floors, zone_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted
from safecare.model.hospital import Hospital
from safecare.model.text import Amount, Ref, Span, say

HOLDERS = 20_000
"""Most holders remembered; chosen: more than a hospital's staff."""
KEPT = 4
"""Grants remembered of each holder; chosen: what comes late is compared with the one before and the one after it."""


@detector("badge.travel", wants={BadgeGranted}, domain=Domain.PHYSICAL)
@dataclass
class ImpossibleTravel:
    """Alert when a holder is granted at two doors that nobody reaches in the time between.

    `speed`: metres per second as the crow flies; `storey`: seconds for each storey between them.
    """

    hospital: Hospital
    speed: float = SPEED
    storey: float = STOREY
    _last: dict[str, list[BadgeGranted]] = field(default_factory=dict, init=False)
    """By holder, in order of their own times."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow each badge from door to door."""
        for event in batch:
            if isinstance(event, BadgeGranted) and event.holder and event.asset:
                known = self._last.get(event.holder, [])
                place = bisect_right(known, event.at, key=lambda one: one.at)
                for other in known[max(0, place - 1) : place + 1]:
                    if other.asset != event.asset and other.site == event.site:
                        yield from self._judge(*sorted((other, event), key=lambda one: one.at))
                remember(self._last, event.holder, [*known[:place], event, *known[place:]][-KEPT:], HOLDERS)

    def _judge(self, before: BadgeGranted, event: BadgeGranted) -> Iterator[Alert]:
        one, other = self.hospital.asset(before.asset), self.hospital.asset(event.asset)
        if one is None or other is None or one.at is None or other.at is None or event.holder is None:
            return
        storeys = floors(self.hospital, zone_of(self.hospital, one), zone_of(self.hospital, other))
        if storeys is None:
            return  # another building: how they are joined is not known here
        metres = hypot(one.at[0] - other.at[0], one.at[1] - other.at[1])
        needed = metres / self.speed + storeys * self.storey
        passed = abs((event.at - before.at).total_seconds())
        if passed + CLOCKS >= needed:
            return
        yield Alert.of(
            self,
            before,
            event,
            severity=65,
            confidence=0.8,
            title=say("One badge at {one} and at {other} at the same time", one=Ref(one.id), other=Ref(other.id)),
            why=[
                say(
                    "The doors are {distance} apart, and {time} lie between the grants; nobody is so fast.",
                    distance=Amount(round(metres), "m"),
                    time=Span(passed),
                )
            ],
            assets=[other.id, one.id],
            holders=[event.holder],
            techniques=["T1078"],
        )
