"""A badge or code was used while its owner is known to be elsewhere.

Source: SAFECARE's vaccine theft (IEEE Access 10 (2022) 53398, step 6: a door code that was watched and reused).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted, HolderPlaced
from safecare.model.hospital import Hospital
from safecare.model.ids import EventId, HolderId
from safecare.model.text import Ref, Span, Text, When, say

HOLDERS = 20_000
"""Most holders whose place is remembered (chosen: more than a hospital's staff; unknown badges count as well)."""

OLD = 45
"""Severity where the roster's word is older than a shift (chosen: opens no incident by itself, joins those nearby)."""


class Place(msgspec.Struct):
    """Where a holder was last known to be: site (empty = away), zone, since when, by which evidence."""

    site: str
    zone: str
    at: datetime
    by: str
    event: EventId
    told: datetime | None = None
    """When old evidence was last told."""


@detector("badge.owner-absent", wants={BadgeGranted, HolderPlaced}, domain=Domain.PHYSICAL)
@dataclass
class OwnerAbsent:
    """Alert when a grant stands against what is known of its owner.

    `roster`: how long a duty roster's word holds (one long shift). That somebody is off duty holds for `leave` (a long
    leave); after `roster` it is weaker evidence, since they may be early for a shift whose begin is not told yet.
    `travel`: least time between two sites (chosen: by car, door to door).
    """

    hospital: Hospital
    roster: timedelta = timedelta(hours=13)
    leave: timedelta = timedelta(days=30)
    travel: timedelta = timedelta(minutes=20)
    _places: dict[str, Place] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow owners, judge grants."""
        for event in batch:
            match event:
                case HolderPlaced(holder=holder, by=by):
                    site = event.site if event.zone else ""
                    self._place(holder, Place(site, event.zone or "", event.at, by, event.id))
                case BadgeGranted(holder=str(holder)):
                    yield from self._granted(event, holder)

    def _place(self, holder: str, place: Place) -> None:
        known = self._places.get(holder)
        if known is None or place.at >= known.at:
            remember(self._places, holder, place, HOLDERS)

    def _granted(self, event: BadgeGranted, holder: str) -> Iterator[Alert]:
        known = self._places.get(holder)
        reason = self._against(event, known) if known else None
        if known is None or reason is None:
            self._place(holder, Place(event.site, event.zone or "", event.at, "badge", event.id))
            return
        # The owner's place stays what it was: a stolen code must not move its owner.
        confidence = 0.7 if known.by == "roster" else 0.9
        old = known.by == "roster" and event.at - known.at > self.roster
        if old:  # once in a shift: the word that they are back may have been lost
            if known.told and abs(event.at - known.told) < self.roster:
                return
            known.told = event.at
        yield msgspec.structs.replace(
            Alert.of(
                self,
                event,
                severity=OLD if old else 75,
                confidence=0.5 if old else confidence,
                title=say("Badge or code used at {door} while its owner is elsewhere", door=Ref(event.asset or "")),
                why=[reason],
                holders=[HolderId(holder)],
                techniques=("T1078",),
            ),
            because=(known.event, event.id),
        )

    def _against(self, event: BadgeGranted, known: Place) -> Text | None:
        since = event.at - known.at
        if since < timedelta(0):
            return None  # came late: where the owner went afterwards proves nothing
        if known.by == "roster":
            if since > (self.roster if known.site else self.leave) or known.site == event.site:
                return None
            if not known.site:
                return say("The duty roster says that the owner has been off duty since {since}.", since=When(known.at))
            return say(
                "The duty roster says that the owner works at {place}, since {since}.",
                place=Ref(known.zone or known.site),
                since=When(known.at),
            )
        if not known.site or known.site == event.site or since > self.travel:
            return None
        return say(
            "The owner was at {place} {ago} earlier, too far away to be here.",
            place=Ref(known.zone or known.site),
            ago=Span(since.total_seconds()),
        )
