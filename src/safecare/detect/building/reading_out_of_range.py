"""A measured value left the range that the hospital's files call normal.

Source: site's own limits, for example vaccine freezers -25 to -15 degrees Celsius (WHO, Vaccine Management
Handbook, module VMH-E2); two readings in a row, so that one bad sample alerts nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from safecare.detect.api import detector
from safecare.detect.building.names import called
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import Reading
from safecare.model.hospital import Hospital, Point
from safecare.model.text import Amount, Ref, say

SEVERITY = {1: 30, 2: 45, 3: 60, 4: 75}
"""Severity by criticality of the asset (chosen: the order is what counts)."""
MARGIN = 0.1
"""Share of the range by which a value must be back inside before the next alert may come (hysteresis, chosen)."""


class Excursion(msgspec.Struct):
    """A value outside its range: since when, how often in a row, and whether it was told."""

    since: datetime
    first: Reading
    count: int = 1
    told: bool = False


@detector("reading.out-of-range", wants={Reading}, domain=Domain.PHYSICAL)
@dataclass
class OutOfRange:
    """Alert when `times` readings in a row are outside the point's range; once per excursion."""

    hospital: Hospital
    times: int = 2
    _outside: dict[str, Excursion] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the values of all points that have a range."""
        for event in batch:
            if isinstance(event, Reading):
                asset = self.hospital.asset(event.asset)
                point = next((one for one in asset.points if one.name == event.quantity), None) if asset else None
                if asset and point and (point.low is not None or point.high is not None):
                    yield from self._judge(event, point, asset.criticality)

    def _judge(self, event: Reading, point: Point, criticality: int) -> Iterator[Alert]:
        key = f"{event.asset}\x1f{event.quantity}"
        excursion = self._outside.get(key)
        if not _outside(point, event.value, 0.0):
            if excursion and (not excursion.told or not _outside(point, event.value, MARGIN)):
                del self._outside[key]
            return
        if excursion is None:
            excursion = self._outside[key] = Excursion(event.at, event, 0)
        excursion.count += 1
        if excursion.told or excursion.count < self.times:
            return
        excursion.told = True
        low, high = point.low, point.high
        limit = high if high is not None and event.value > high else low
        yield Alert.of(
            self,
            excursion.first,
            event,
            severity=SEVERITY[criticality],
            confidence=0.9,
            title=say(
                "{asset}: {quantity} is {value}",
                asset=Ref(event.asset or ""),
                quantity=called(event.quantity),
                value=Amount(event.value, event.unit),
            ),
            why=[
                say(
                    "The limit is {limit}; {count} readings in a row were beyond it.",
                    limit=Amount(limit if limit is not None else 0.0, event.unit),
                    count=excursion.count,
                )
            ],
        )


def _outside(point: Point, value: float, margin: float) -> bool:
    span = point.high - point.low if point.high is not None and point.low is not None else 0.0
    inset = span * margin
    below = point.low is not None and value < point.low + inset
    return below or (point.high is not None and value > point.high - inset)
