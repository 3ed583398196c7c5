"""A value leaves its neighbours: of things of one kind in one room or storey, one goes its own way.

Source: spatial consistency of sensor networks (Chandola, Banerjee and Kumar, "Anomaly Detection: A Survey", ACM
Computing Surveys 41/3, 2009: contextual anomalies); extremes as in `safecare.detect.building.tail`. Heat, cold and
power cuts reach all neighbours; a broken or manipulated sensor, an open lid or a changed set point reach one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.building.names import called
from safecare.detect.building.tail import Tail
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import Reading
from safecare.model.hospital import Asset, Hospital
from safecare.model.text import Amount, Ref, say

POINTS = 5000
"""Most values followed at the same time (chosen: more than a hospital's measured points)."""
STALE = timedelta(minutes=30)
"""Age from which a neighbour's value says nothing any more (chosen: sensors report every few minutes)."""
RARE = 1e-5
"""Chance of a distance from which it counts as rare (chosen: one in years of readings every five minutes)."""
TIMES = 3
"""Rare readings in a row that are told (chosen: doors and defrosting are over by then)."""
DELAY = 36
"""Readings after which a distance is learned (chosen: 3 hours at 5 minutes; a drift must not get used to itself)."""


class Latest(msgspec.Struct):
    """A value and its time."""

    value: float
    at: datetime


class Distance(msgspec.Struct):
    """How far a value was above and below its neighbours; `row`: rare readings in a row."""

    above: Tail = msgspec.field(default_factory=Tail)
    below: Tail = msgspec.field(default_factory=Tail)
    pending: list[float] = []
    row: int = 0
    told: bool = False


@detector("reading.unlike-neighbours", wants={Reading}, domain=Domain.PHYSICAL)
@dataclass
class UnlikeNeighbours:
    """Alert when a value stays farther from the median of its neighbours than it ever was; once until it is back.

    Neighbours: assets of the same kind with the same quantity in the same zone; where there is none, on the same level.
    """

    hospital: Hospital
    _latest: dict[str, Latest] = field(default_factory=dict, init=False)
    _distances: dict[str, Distance] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Compare each value with those of its neighbours."""
        groups: Groups | None = None
        for event in batch:
            if isinstance(event, Reading) and event.asset and abs(event.value) < 1e12:
                remember(self._latest, f"{event.asset}\x1f{event.quantity}", Latest(event.value, event.at), POINTS)
                asset = self.hospital.asset(event.asset)
                if asset is not None:
                    groups = groups or Groups(self.hospital)
                    yield from self._judge(event, asset, groups.near(asset))

    def _judge(self, event: Reading, asset: Asset, others: list[Asset]) -> Iterator[Alert]:
        near = [
            (one, latest.value)
            for one in others
            if (latest := self._latest.get(f"{one.id}\x1f{event.quantity}")) and abs(event.at - latest.at) <= STALE
        ]
        if not near:
            return
        values = sorted(value for _, value in near)
        middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
        key, gap = f"{event.asset}\x1f{event.quantity}", event.value - middle
        known = self._distances.get(key) or Distance()
        remember(self._distances, key, known, POINTS)
        rare = min(known.above.rarity(gap), known.below.rarity(-gap)) < RARE
        known.row = known.row + 1 if rare else 0
        known.told = known.told and rare
        if not rare:
            known.pending.append(gap)
            if len(known.pending) > DELAY:
                old = known.pending.pop(0)
                known.above.add(old)
                known.below.add(-old)
        elif known.row >= TIMES and not known.told:
            known.told = True
            yield self._alert(event, asset, near, middle)

    def _alert(self, event: Reading, asset: Asset, near: list[tuple[Asset, float]], middle: float) -> Alert:
        return Alert.of(
            self,
            event,
            severity=55 if asset.criticality >= 3 else 45,
            confidence=0.6,
            title=say(
                "{asset}: {quantity} leaves its neighbours, {value}",
                asset=Ref(asset.id),
                quantity=called(event.quantity),
                value=Amount(event.value, event.unit),
            ),
            why=[
                say(
                    "{neighbour} and others of its kind ({count}) say {middle}; it was never so far from them.",
                    neighbour=Ref(near[0][0].id),
                    count=len(near),
                    middle=Amount(round(middle, 3), event.unit),
                )
            ],
        )


class Groups:
    """Assets of one kind by their zone, and by the level of their zone."""

    def __init__(self, hospital: Hospital) -> None:
        """Group the assets that stand somewhere."""
        self._levels = {zone.id: zone.level for zone in hospital.zones}
        self._in: dict[tuple[str, str], list[Asset]] = defaultdict(list)
        for asset in hospital.assets:
            if asset.zone:
                self._in[asset.kind, asset.zone].append(asset)
                self._in[asset.kind, f"level\x1f{self._levels.get(asset.zone, '')}"].append(asset)

    def near(self, asset: Asset) -> list[Asset]:
        """Return the others of its kind in its zone; where there is none, those on its level."""
        if asset.zone is None:
            return []
        places = (asset.zone, f"level\x1f{self._levels.get(asset.zone, '')}")
        found = ([one for one in self._in.get((asset.kind, place), ()) if one.id != asset.id] for place in places)
        return next((some for some in found if some), [])
