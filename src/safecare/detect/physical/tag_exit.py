"""A tagged person who must stay (a newborn, a patient who strays) is at a way out, or outside of where they may be.

Source: infant protection systems (exit alarm), as hospitals' practice has them; HL7 FHIR RTLS guide 1.0.0-ballot2
(location-update). Where a person may be stands in the hospital's files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.standing import AGAIN, Standing, tag_hold, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import HolderPlaced
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

SEVERITY = 90
"""Chosen: critical, so that every route of the site tells it."""
KEPT = frozenset({"infant", "newborn", "patient"})
"""Roles of the hospital's files whose holders may not leave their zones by themselves."""
OUT = frozenset({"outdoor", "stairs"})
"""Categories of zones in which nobody waits a moment longer."""
MOST = 5000
"""Most tags remembered (chosen: more than a maternity has)."""


class Outside(msgspec.Struct):
    """A tag outside of its zones: since when, by which event, when it was last located so, and whether it was told."""

    since: datetime
    event: HolderPlaced
    last: datetime
    told: bool = False


@detector("tag.exit", wants={PanelSignal, HolderPlaced}, domain=Domain.PHYSICAL)
@dataclass
class TagExit:
    """Alert when a locating system tells an exit alarm, or a tag of a person of the roles `KEPT` leaves their zones.

    A tag must be outside for `patience` (time), or be located outside twice, since signals leak through walls;
    outdoors and on stairs once is enough.
    """

    hospital: Hospital
    patience: timedelta = timedelta(seconds=10)
    _standing: Standing = field(default_factory=Standing, init=False)
    _outside: dict[str, Outside] = field(default_factory=dict, init=False)
    _inside: dict[str, datetime] = field(default_factory=dict, init=False)
    """When each tag was last located where it may be: what comes late from before that is over."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the tags."""
        for event in batch:
            match event:
                case PanelSignal(what="tag_exit"):
                    name = event.asset or event.zone or event.site
                    key = f"{thing_of(event)}\x1f{event.holder or ''}"
                    if self._standing.news(key, event.on, event.at, tag_hold(event)):
                        yield self._alert(event, name)
                case HolderPlaced(by="tag"):
                    yield from self._placed(event)
                case _:
                    pass

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge who is outside at `now`."""
        for one in self._outside.values():
            if not one.told and now - one.event.seen >= self.patience:
                one.told = True
                yield self._alert(one.event, one.event.zone or one.event.site)

    def _placed(self, event: HolderPlaced) -> Iterator[Alert]:
        person = self.hospital.person("holder", event.holder)
        if person is None or person.role not in KEPT or not person.zones:
            return
        known = self._outside.get(event.holder)
        back = self._inside.get(event.holder)
        if event.zone in person.zones:
            if known is None or event.at >= known.since:
                self._outside.pop(event.holder, None)
            remember(self._inside, event.holder, max(event.at, back or event.at), MOST)
            return
        zone = self.hospital.zone(event.zone)
        if back is not None and timedelta(0) < back - event.at < AGAIN and not (zone is None or zone.category in OUT):
            return  # a leak through a wall, heard of after the tag was back
        if known is not None and event.at - known.last >= AGAIN:
            known = None  # nobody heard it come back, or it was taken off: this is another time
        if known is None:
            known = Outside(event.at, event, event.at)
            remember(self._outside, event.holder, known, MOST)
            if not (zone is None or zone.category in OUT):
                return
        known.last = max(known.last, event.at)
        if not known.told and event.at >= known.since:
            known.told = True
            yield self._alert(event, event.zone or event.site)

    def _alert(self, event: PanelSignal | HolderPlaced, name: str) -> Alert:
        return Alert.of(
            self,
            event,
            severity=SEVERITY,
            confidence=0.85,
            title=say("A tagged person leaves where they must stay: {place}", place=Ref(event.zone or name)),
            why=[
                say("The locating system reports a tag at a way out.")
                if isinstance(event, PanelSignal)
                else say("The tag was located outside of the zones in which its wearer may be.")
            ],
            holders=[event.holder] if event.holder else [],
        )
