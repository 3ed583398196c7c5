"""A controller is written by a station that is not its master.

Source: MITRE ATT&CK for ICS T0855 (Unauthorized Command Message); Lemay and Fernandez, "Providing SCADA network data
sets for
intrusion detection research" (USENIX CSET 2016): a forged command looks like any other, only its sender is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.cyber.network_command import POLLING, POLLS
from safecare.detect.cyber.wire_words import PROTOCOLS, concerned, end, phrase, target_of, what
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import say

WRITES = frozenset({"write", "operate", "force", "file-write", "create", "delete", "program"})
"""Operations that change values or objects of the process."""
EARLY, DEVICES = 64, 500
"""Most writes, to most devices, that wait until it is known who is their master (chosen: bounds memory)."""
MOST = 50_000
"""Most pairs remembered (chosen: more than a hospital's controllers and masters)."""


@detector("network.write-from-non-master", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class WriteFromStranger:
    """Alert when a device is written by a station that is none of its masters.

    Masters are the clients that the reviewed baseline names for the device, and those that spoke to it in `learning`
    (time from `since` or the first event). Without both: those that have long been reading from it; what was written
    before anybody had is judged once there is such a master. `pause`: time until the same pair is told again.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    pause: timedelta = timedelta(minutes=10)
    since: datetime | None = None
    _start: datetime | None = field(default=None, init=False)
    _masters: dict[str, dict[str, tuple[datetime, int]]] = field(default_factory=dict, init=False)
    """By device and protocol: who reads from it, since when, and how often."""
    _early: dict[str, list[CommandSeen]] = field(default_factory=dict, init=False)
    """By device and protocol: writes from before its master was known."""
    _told: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge writes."""
        baseline = self.hospital.network
        frozen: dict[str, set[str]] = {}
        for one in baseline.commands if baseline else ():
            frozen.setdefault(f"{one.server}\x1f{one.protocol}", set()).add(one.client)
        for pair in baseline.conversations if baseline and not baseline.reviewed_by else ():
            if pair.service:  # who talks to a device of which commands were not seen yet
                frozen.setdefault(f"{pair.server}\x1f{pair.service}", set()).add(pair.client)
        for event in batch:
            if isinstance(event, CommandSeen) and event.facts.get("kind", "request") == "request":
                yield from self._judge(event, frozen)

    def _judge(self, event: CommandSeen, frozen: dict[str, set[str]]) -> Iterator[Alert]:
        self._start = self.since or min(self._start or event.seen, event.seen)
        device = f"{event.dst_ip}\x1f{event.protocol}"
        learning = timedelta(0) <= event.seen - self._start < self.learning
        if event.operation not in WRITES or learning:
            if learning or not self.learning:
                self._read(event, device)
                if device in self._early and (masters := self._masters_of(device, frozen, event.at)):
                    for early in self._early.pop(device):
                        yield from self._stranger(early, device, masters)
            return
        masters = self._masters_of(device, frozen, event.at)
        if masters:
            yield from self._stranger(event, device, masters)
        elif not self.learning:
            early_ones = self._early.get(device, [])
            if len(early_ones) < EARLY:
                remember(self._early, device, [*early_ones, event], DEVICES)

    def _read(self, event: CommandSeen, device: str) -> None:
        """Remember who reads from a device."""
        readers = self._masters.get(device, {})
        first, count = readers.get(event.src_ip, (event.at, 0))
        remember(readers, event.src_ip, (min(first, event.at), count + event.count), 64)
        remember(self._masters, device, readers, MOST)

    def _masters_of(self, device: str, frozen: dict[str, set[str]], now: datetime) -> set[str]:
        readers = self._masters.get(device, {})
        named = frozen.get(device, set())
        if self.learning:
            return named | set(readers)
        return named or {ip for ip, (first, count) in readers.items() if count >= POLLS and now - first >= POLLING}

    def _stranger(self, event: CommandSeen, device: str, masters: set[str]) -> Iterator[Alert]:
        if event.src_ip in masters:
            return
        pair = f"{event.src_ip}\x1f{device}\x1f{event.command}"
        last = self._told.get(pair)
        if last is None or abs(event.at - last) >= self.pause:
            remember(self._told, pair, event.at, MOST)
            yield self._alert(event, min(masters))

    def _alert(self, event: CommandSeen, master: str) -> Alert:
        assets, zones, peers = concerned(self.hospital, event)
        return Alert.of(
            self,
            event,
            severity=75,
            confidence=0.9,
            title=say(
                "{command} from {source}, which is no master of {target}",
                command=phrase(event),
                source=end(self.hospital, event.src_ip),
                target=target_of(self.hospital, event.dst_ip),
            ),
            why=[
                what(event),
                say(
                    "Its {protocol} master is {master}; {source} never commanded it.",
                    protocol=PROTOCOLS.get(event.protocol, event.protocol),
                    master=end(self.hospital, master),
                    source=end(self.hospital, event.src_ip),
                ),
            ],
            assets=assets,
            zones=zones,
            peers=peers,
            techniques=("T0855",),
        )
