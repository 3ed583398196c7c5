"""A station reads out places of a controller that it never read, although its round has long been the same.

Source: MITRE ATT&CK for ICS T0888 (Remote System Information Discovery), T0801 (Monitor Process State). Masters read
the same registers in an endless round (Goldenberg and Wool, "Accurate modeling of Modbus/TCP for intrusion detection in
SCADA systems", 2013); a master that somebody has taken over reads others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import Acquaintance, alert_on
from safecare.detect.cyber.wire_words import end, target_of, what
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Span, say

PROTOCOLS = frozenset({"modbus", "s7", "cip", "enip", "dnp3", "bacnet"})
PAIRS, PLACES = 5000, 1000
"""Most pairs of stations, and places that one reads of another (chosen: all registers in blocks of 100 are 655)."""
MANY, WITHIN = 10, timedelta(seconds=60)
"""New places and the time in which they are read that are told (chosen: the page of a screen shows a few)."""
SAME = timedelta(minutes=10)
"""Least time for which a round must have been the same (chosen: slow rounds take minutes)."""


class Round(msgspec.Struct):
    """What a station reads of another, when it last read something new, and the new places of the present minute."""

    changed: datetime
    places: dict[str, bool] = {}
    since: datetime | None = None
    new: dict[str, bool] = {}


@detector("network.unusual-read", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class UnusualRead:
    """Alert when ten places are newly read within a minute, after nothing new was for `learning`, at least 10 min.

    `pause`: time until the same two stations are told again.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    pause: timedelta = timedelta(hours=1)
    _rounds: dict[str, Round] = field(default_factory=dict, init=False)
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow what is read."""
        for event in batch:
            if isinstance(event, CommandSeen) and _is_read(event):
                yield from self._read(event)

    def _read(self, event: CommandSeen) -> Iterator[Alert]:
        pair, place = f"{event.src_ip} {event.dst_ip} {event.protocol}", f"{event.unit} {event.target}"
        known = self._rounds.get(pair) or Round(event.at)
        remember(self._rounds, pair, known, PAIRS)
        if place in known.places:
            return
        if known.since is not None and abs(event.at - known.since) <= WITHIN:
            known.new[place] = True
            if len(known.new) >= MANY and self._past.due(event, pair, self.pause):
                yield self._alert(event, known)
        elif event.at - known.changed >= max(self.learning, SAME):
            known.since, known.new = event.at, {place: True}
        remember(known.places, place, True, PLACES)
        known.changed = max(known.changed, event.at)

    def _alert(self, event: CommandSeen, known: Round) -> Alert:
        source, target = end(self.hospital, event.src_ip), target_of(self.hospital, event.dst_ip)
        seconds = (event.at - (known.since or event.at)).total_seconds()
        why = say(
            "{count} places within {span} that it never read, after a round of {places} that was always the same.",
            count=len(known.new),
            span=Span(seconds),
            places=len(known.places) - len(known.new) + 1,
        )
        title = say("{source} reads places of {target} that it never read", source=source, target=target)
        return alert_on(self, self.hospital, event, 40, title, [why, what(event)], "T0888")


def _is_read(event: CommandSeen) -> bool:
    """Tell whether an event is the request to read a place of a controller."""
    asked = event.operation == "read" and event.facts.get("kind", "request") == "request"
    return asked and bool(event.target) and event.protocol in PROTOCOLS
