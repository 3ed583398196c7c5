"""A conversation with a controller says two things in one place: somebody else speaks in it.

Source: MITRE ATT&CK for ICS T0830 (Adversary-in-the-Middle), T0856 (Spoof Reporting Message); Ptacek and Newsham,
"Insertion, Evasion, and Denial of Service" (1998): who speaks into a TCP connection can't take back what its true end
sends for the same place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import Acquaintance, alert_on
from safecare.detect.cyber.wire_words import PROTOCOLS, end, target_of, what
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import say


@detector("network.forged-answer", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class ForgedAnswer:
    """Alert when a question is answered twice, or by what was not asked, or a TCP segment comes with other bytes.

    `pause`: time until the same two stations are told again.
    """

    hospital: Hospital
    pause: timedelta = timedelta(minutes=10)
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge what the parsers found contested."""
        for event in batch:
            if isinstance(event, CommandSeen) and event.operation == "contested":
                yield from self._contested(event)

    def _contested(self, event: CommandSeen) -> Iterator[Alert]:
        if self._past.due(event, f"{event.src_ip} {event.dst_ip} {event.protocol}", self.pause):
            yield self._alert(event)

    def _alert(self, event: CommandSeen) -> Alert:
        if event.facts.get("kind") == "error" and not event.value:
            why = say("A segment of the connection came again with other bytes: both cannot be from its true end.")
        else:
            why = say("The question had its answer already, or asked for something else.")
        title = say(
            "Somebody else speaks in the {protocol} conversation of {source} and {target}",
            protocol=PROTOCOLS.get(event.protocol, event.protocol),
            source=end(self.hospital, event.src_ip),
            target=target_of(self.hospital, event.dst_ip),
        )
        return alert_on(self, self.hospital, event, 70, title, [why, what(event)], "T0830")
