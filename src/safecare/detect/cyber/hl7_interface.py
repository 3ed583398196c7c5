"""An HL7 interface says what it never said: other senders, kinds, sizes, or the same message again.

Source: HL7 v2.5.1, 2.9.2 (a control id is used once); Dameff et al., "Pestilential Protocol: How Unsecure HL7
Messages Threaten
Patient Lives" (Black Hat 2018): whoever reaches the port is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import Acquaintance, alert_on
from safecare.detect.cyber.wire_words import end, target_of
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Amount, Ref, Span, Text, When, say

MOST = 5000
"""Most interfaces remembered (chosen: a large hospital has some hundred)."""
CONTROLS = 200_000
"""Most control ids remembered (chosen: a day of a busy interface engine)."""
RETRY = timedelta(minutes=5)
"""Time in which the same message may come again: senders repeat what was not acknowledged (chosen)."""
LARGER, LEAST = 20.0, 50_000
"""Times the usual size, and bytes, from which a message is a jump (chosen: reports with pictures are told apart)."""

Places = dict[str, str | int | float | Ref | When | Span | Amount | Text]


class Link(msgspec.Struct):
    """What is usual on one interface: kinds, size (bytes, running mean), messages in this minute and at most."""

    kinds: list[str] = []
    size: float = 0.0
    minute: int = 0
    count: int = 0
    most: int = 0


@detector("hl7.unusual-message", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class Hl7Interface:
    """Alert on unknown senders, kinds, replayed control ids, jumps of size or rate (messages per minute).

    `learning`: time from `since` (or the first event) in which interfaces are learned; zero: only replays are told.
    `pause`: time until the same is told again.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    pause: timedelta = timedelta(hours=1)
    since: datetime | None = None
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)
    _links: dict[str, Link] = field(default_factory=dict, init=False)
    _controls: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge messages that are no acknowledgements."""
        for event in batch:
            if isinstance(event, CommandSeen) and event.protocol == "hl7" and event.facts.get("kind") == "request":
                self._past.begin(event, self.since)
                yield from self._judge(event)

    def _judge(self, event: CommandSeen) -> Iterator[Alert]:
        application = event.facts.get("sending_application", "")
        key = f"{event.src_ip}\x1f{application}\x1f{event.facts.get('sending_facility', '')}\x1f{event.dst_ip}"
        places: Places = {"source": end(self.hospital, event.src_ip), "target": target_of(self.hospital, event.dst_ip)}
        yield from self._replayed(event, places)
        learning = self._past.learns(event, self.learning)
        link = self._links.get(key)
        if link is None:
            if learning or not self.learning:
                link = Link()
                remember(self._links, key, link, MOST)
            else:
                title = say("Unknown HL7 sender {source} at {target}", **places)
                why = say("It calls itself {application}.", application=application or "-")
                yield from self._alert(event, 55, title, [why])
                return
        kind = event.facts.get("message_type", "")
        if kind not in link.kinds:
            if learning or not self.learning:
                link.kinds = [*link.kinds[-63:], kind]
            else:
                title = say("{source} sends an unusual kind of message to {target}", **places)
                yield from self._alert(event, 45, title, [say("{kind} was never seen on this interface.", kind=kind)])
        yield from self._jumps(event, link, learning, places)

    def _replayed(self, event: CommandSeen, places: Places) -> Iterator[Alert]:
        control = event.facts.get("control_id", "")
        if not control:
            return
        key = f"{event.facts.get('sending_application', '')}\x1f{event.dst_ip}\x1f{control}"
        before = self._controls.get(key)
        if before is not None and abs(event.at - before) > RETRY:
            title = say("{source} sends a message to {target} that was sent before", **places)
            yield from self._alert(event, 45, title, [say("A control id is used once; this one was used long ago.")])
        elif before is None:
            remember(self._controls, key, event.at, CONTROLS)

    def _jumps(
        self,
        event: CommandSeen,
        link: Link,
        learning: bool,  # noqa: FBT001 - private
        places: Places,
    ) -> Iterator[Alert]:
        size = float(event.facts.get("bytes", "0"))
        minute = int(event.at.timestamp() // 60)
        if minute != link.minute:
            link.most = max(link.most, link.count) if learning else link.most
            link.minute, link.count = minute, 0
        link.count += event.count
        if not learning and self.learning:
            if link.size and size > max(LEAST, LARGER * link.size):
                title = say("{source} sends a far larger message to {target} than ever", **places)
                yield from self._alert(event, 45, title, [say("{count} bytes.", count=int(size))])
            if link.most and link.count > max(60, 10 * link.most):
                title = say("{source} sends far more messages to {target} than ever", **places)
                yield from self._alert(event, 50, title, [say("{count} in one minute.", count=link.count)])
        link.size += (size - link.size) * (0.05 if link.size else 1.0)

    def _alert(self, event: CommandSeen, severity: int, title: Text, why: list[Text]) -> Iterator[Alert]:
        if self._past.due(event, f"{title.key}\x1f{event.src_ip}\x1f{event.dst_ip}", self.pause):
            yield alert_on(self, self.hospital, event, severity, title, why, "T1565")
