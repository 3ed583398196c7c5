"""A controller, a building device or a gateway is told to do something that changes it.

Source: MITRE ATT&CK for ICS (T0816 Device Restart/Shutdown, T0843 Program Download, T0855 Unauthorized Command
Message, T0857
System Firmware, T0858 Change Operating Mode); CISA's ICSNPP parsers name the same services as worth a log of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.cyber.wire_words import CRITICAL, SEVERITY, TECHNIQUES, concerned, end, phrase, target_of, what
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.network import Baseline
from safecare.model.text import Text, say

MOST = 50_000
"""Most commands and pairs remembered (chosen: more than a hospital's controllers times what they are told)."""
DOOR = 70
"""Least severity of a command to a door by a station that never gave it (chosen: it lets somebody in)."""
POLLS = 20
"""Readings of a device after which the station that reads counts as its master (chosen: more than a probe needs)."""
POLLING = timedelta(seconds=10)
"""Least time over which they must be spread (chosen: a scan is shorter for one device)."""
WHOLE = timedelta(hours=24)
"""Learning time from which a master's commands count as known (chosen: operators switch some times a day, while polls
come every few seconds): after a shorter one, that a master has not yet written says nothing."""


@detector("network.command", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class ControlCommand:
    """Alert on commands that change a device, unless they are normal for that pair of stations.

    Normal is what the reviewed baseline holds. `learning`: time from `since` (or the first event) in which other
    commands
    are learned; those that stop, restart or reprogram are told even then. A station that read from the device in
    `learning` is its master; without a learning time, one that has long been reading. It may write, unless a person has
    reviewed what it may, or a whole day was learned. `pause`: time until the same is told again.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    pause: timedelta = timedelta(minutes=10)
    since: datetime | None = None
    _start: datetime | None = field(default=None, init=False)
    _learned: dict[str, datetime] = field(default_factory=dict, init=False)
    _polls: dict[str, tuple[datetime, int]] = field(default_factory=dict, init=False)
    _told: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge commands."""
        baseline = self.hospital.network
        frozen = {one.key for one in baseline.commands} if baseline else set()
        reads = readers(baseline) if baseline and not baseline.reviewed_by else set[str]()
        for event in batch:
            if isinstance(event, CommandSeen) and event.facts.get("kind", "request") == "request":
                yield from self._judge(event, frozen, reads)

    def _judge(self, event: CommandSeen, frozen: set[str], reads: set[str]) -> Iterator[Alert]:
        self._start = self.since or min(self._start or event.seen, event.seen)
        pair = f"{event.src_ip}\x1f{event.dst_ip}\x1f{event.protocol}"
        key = f"{pair}\x1f{event.command}"
        learning = timedelta(0) <= event.seen - self._start < self.learning
        if event.operation not in SEVERITY:
            if learning:
                remember(self._learned, pair, event.at, MOST)
            first, count = self._polls.get(pair, (event.at, 0))
            remember(self._polls, pair, (min(first, event.at), count + event.count), MOST)
            return
        if key in frozen:
            return
        if event.operation not in CRITICAL:
            if learning:
                remember(self._learned, key, event.at, MOST)
                return
            if key in self._learned:
                return
            if event.operation == "write" and self._may_write(pair, event.at, reads):
                return
        shown = f"{key}\x1f{event.target}"
        last = self._told.get(shown)
        if last is not None and abs(event.at - last) < self.pause:
            return
        remember(self._told, shown, event.at, MOST)
        yield self._alert(event, pair, told=bool(frozen) or bool(self.learning))

    def _may_write(self, pair: str, now: datetime, reads: set[str]) -> bool:
        """Tell whether a station is the master of a device, and nobody has said what it may command."""
        baseline = self.hospital.network
        if baseline is not None:
            return not baseline.reviewed_by and pair in reads
        if self.learning:
            return self.learning < WHOLE and pair in self._learned
        first, count = self._polls.get(pair, (now, 0))
        return count >= POLLS and now - first >= POLLING

    def _alert(self, event: CommandSeen, pair: str, *, told: bool) -> Alert:
        assets, zones, peers = concerned(self.hospital, event)
        target = self.hospital.at_address("ip", event.dst_ip)
        severity = SEVERITY[event.operation] + (5 if target and target.criticality >= 3 else 0)
        thing = self.hospital.at_address(event.protocol, event.target)
        if thing is not None:  # what stands behind a gateway: a group address of KNX
            assets, zones = [thing.id, *assets], [*([thing.zone] if thing.zone else []), *zones]
            severity = max(severity, DOOR) if thing.group == "door" else severity
        return Alert.of(
            self,
            event,
            severity=min(100, severity),
            confidence=0.8 if event.operation in CRITICAL else 0.6,
            title=say(
                "{command} from {source} to {target}",
                command=phrase(event),
                source=end(self.hospital, event.src_ip),
                target=target_of(self.hospital, event.dst_ip),
            ),
            why=[what(event), self._reason(event, pair, told=told)],
            assets=assets,
            zones=zones,
            peers=peers,
            techniques=[TECHNIQUES[event.operation]] if event.operation in TECHNIQUES else [],
        )

    def _reason(self, event: CommandSeen, pair: str, *, told: bool) -> Text:
        source = end(self.hospital, event.src_ip)
        if event.operation in CRITICAL:
            return say("Commands that stop, restart or reprogram are told unless a person has declared them normal.")
        if not told:
            return say("No baseline says who may command this device.")
        if pair in self._polls:
            return say("{source} talks to this device, but never gave this command before.", source=source)
        return say("{source} never gave a command to this device before.", source=source)


def readers(baseline: Baseline) -> set[str]:
    """Return the pairs of stations, with the protocol, that talk to each other in a baseline."""
    return {f"{one.client}\x1f{one.server}\x1f{one.service}" for one in baseline.conversations if one.service}
