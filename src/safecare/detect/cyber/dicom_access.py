"""Images are asked for, sent or moved by whom or whereto they never were.

Source: DICOM PS3.15 (security profiles: nodes are configured in pairs); DIMScern (Sensors 2024, 24, 7470): open
archives answer
whoever knows a title; MITRE ATT&CK T1213 (Data from Information Repositories).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import Acquaintance, alert_on
from safecare.detect.cyber.wire_words import end, target_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Text, say

LARGE = 200
"""Answers to one query from which it counts as large (chosen: a worklist of a day has fewer)."""


@detector("dicom.unusual-access", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class DicomAccess:
    """Alert on unknown callers, queries for everyone, moves to new destinations, images from stations that make none.

    `learning`: time from `since` (or the first event) in which pairs and destinations are learned; zero: only what
    needs no knowledge is told. `pause`: time until the same is told again.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    pause: timedelta = timedelta(hours=1)
    since: datetime | None = None
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge associations and commands."""
        for event in batch:
            if isinstance(event, CommandSeen) and event.protocol == "dicom":
                self._past.begin(event, self.since)
                yield from self._judge(event)

    def _judge(self, event: CommandSeen) -> Iterator[Alert]:
        facts, source = event.facts, end(self.hospital, event.src_ip)
        target = target_of(self.hospital, event.dst_ip)
        request = facts.get("kind") == "request"
        if event.command == "associate_request":
            yield from self._caller(event, source, target)
        elif event.command == "c_find" and request and facts.get("wildcard") == "True":
            title = say("{source} asks {target} for every patient", source=source, target=target)
            yield from self._alert(event, 50, title, [say("The query names no patient and no study.")], "T1213")
        elif event.command == "c_find" and int(facts.get("matches", "0")) >= LARGE and not request:
            title = say("{source} read a large part of {target}", source=source, target=target)
            why = say("One query had {count} answers or more.", count=LARGE)
            yield from self._alert(event, 60, title, [why], "T1213")
        elif event.command == "c_move" and request and self._is_new(event, f"move\x1f{facts.get('destination', '')}"):
            title = say(
                "{source} has images of {target} sent to a new destination, {destination}",
                source=source,
                target=target,
                destination=facts.get("destination", "-"),
            )
            yield from self._alert(event, 65, title, [say("Nothing was ever sent there.")], "T1537")
        elif event.command == "c_store" and request and self._is_new(event, f"store\x1f{event.src_ip}"):
            title = say("{source} sends images to {target}", source=source, target=target)
            yield from self._alert(event, 50, title, [say("It never made images before.")], "T1565")

    def _caller(self, event: CommandSeen, source: Ref | str, target: Ref | str | Text) -> Iterator[Alert]:
        """Judge who opens an association under which title."""
        calling = event.facts.get("calling", "")
        owner = self.hospital.at_address("dicom", calling)
        if owner is not None and owner.addresses.get("ip", event.src_ip) != event.src_ip:
            title = say("{source} poses as {owner} to {target}", source=source, owner=Ref(owner.id), target=target)
            why = say("The title {title} belongs to {owner}.", title=calling, owner=Ref(owner.id))
            yield from self._alert(event, 65, title, [why], "T1036")
        elif self._is_new(event, f"pair\x1f{calling}\x1f{event.src_ip}\x1f{event.dst_ip}") and owner is None:
            title = say("Unknown DICOM caller {title} at {target}", title=calling or "-", target=target)
            why = say("{source} never called {target} under this title.", source=source, target=target)
            yield from self._alert(event, 45, title, [why], "T1213")

    def _is_new(self, event: CommandSeen, key: str) -> bool:
        return self._past.is_new(event, key, self.learning)

    def _alert(
        self, event: CommandSeen, severity: int, title: Text, why: list[Text], technique: str
    ) -> Iterator[Alert]:
        key = f"{title.key}\x1f{event.src_ip}\x1f{event.dst_ip}\x1f{event.facts.get('calling', '')}"
        if self._past.due(event, key, self.pause):
            yield alert_on(self, self.hospital, event, severity, title, why, technique)
