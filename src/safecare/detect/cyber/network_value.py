"""A master writes a value to a controller that it never wrote: far outside of what this register was ever set to.

Source: MITRE ATT&CK for ICS T0836 (Modify Parameter), T0831 (Manipulation of Control); Hadziosmanovic et al.,
"Through the Eye of
the PLC" (ACSAC 2014): the range of each process variable is learned and hardly ever left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.wire_words import concerned, end, target_of, what
from safecare.detect.memory import remember
from safecare.detect.written import number_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import say

MOST = 50_000
"""Most registers and objects remembered (chosen: more than a building's set points)."""
SAMPLES = 30
"""Writes to a place before its range is believed (chosen)."""
MARGIN = 0.5
"""Share of the range by which a value may leave it (chosen: seasons change set points a little)."""


class Range(msgspec.Struct):
    """What was written to one place: how often, least and greatest value."""

    count: int = 0
    low: float = 0.0
    high: float = 0.0


@detector("network.value-out-of-range", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class ValueOutOfRange:
    """Alert when a value is written far outside of all that were written there; once per `pause` (time) and place."""

    hospital: Hospital
    pause: timedelta = timedelta(hours=1)
    _ranges: dict[str, Range] = field(default_factory=dict, init=False)
    _told: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow single values that are written."""
        for event in batch:
            if isinstance(event, CommandSeen) and event.operation == "write":
                value = number_of(event.value)
                if value is not None and event.facts.get("kind", "request") == "request":
                    yield from self._judge(event, value)

    def _judge(self, event: CommandSeen, value: float) -> Iterator[Alert]:
        place = f"{event.dst_ip}\x1f{event.protocol}\x1f{event.unit}\x1f{event.target}"
        known = self._ranges.get(place)
        if known is None:
            known = Range(0, value, value)
            remember(self._ranges, place, known, MOST)
        room = MARGIN * max(known.high - known.low, abs(known.high) * 0.1)
        if known.count >= SAMPLES and not known.low - room <= value <= known.high + room:
            last = self._told.get(place)
            if last is None or abs(event.at - last) >= self.pause:
                remember(self._told, place, event.at, MOST)
                yield self._alert(event, known)
            return  # what is told is not learned
        known.count += 1
        known.low, known.high = min(known.low, value), max(known.high, value)

    def _alert(self, event: CommandSeen, known: Range) -> Alert:
        assets, zones, peers = concerned(self.hospital, event)
        return Alert.of(
            self,
            event,
            severity=60,
            confidence=0.7,
            title=say(
                "{source} sets {target} to a value that was never set",
                source=end(self.hospital, event.src_ip),
                target=target_of(self.hospital, event.dst_ip),
            ),
            why=[
                what(event),
                say(
                    "In {count} writes it was always between {low} and {high}.",
                    count=known.count,
                    low=known.low,
                    high=known.high,
                ),
            ],
            assets=assets,
            zones=zones,
            peers=peers,
            techniques=("T0836",),
        )
