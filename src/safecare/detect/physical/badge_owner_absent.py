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
from safecare.detect.physical.reach import CLOCKS, SPEED, STOREY, floors, metres_to, zone_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted, HolderPlaced
from safecare.model.hospital import Hospital
from safecare.model.ids import EventId, HolderId
from safecare.model.text import Amount, Ref, Span, Text, When, say

HOLDERS = 20_000
"""Most holders whose place is remembered (chosen: more than a hospital's staff; unknown badges count as well)."""

TAG = 10.0
"""Metres by which a tag may be told in the wrong place (chosen: radio tags are told in the next room at times)."""
LAG = 10.0
"""Seconds by which its place may be old when it is told (chosen: locating systems average over some)."""
APART = 60
"""Severity where a tag stands against a badge (chosen: below that of another site; a tag may lie about)."""
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


class Whereabouts(msgspec.Struct):
    """Where a holder's tag was last, which badge was granted last, and when it was told that they are apart."""

    tag: HolderPlaced | None = None
    grant: BadgeGranted | None = None
    told: datetime | None = None


@detector("badge.owner-absent", wants={BadgeGranted, HolderPlaced}, domain=Domain.PHYSICAL)
@dataclass
class OwnerAbsent:
    """Alert when a grant stands against what is known of its owner.

    `roster`: how long a duty roster's word holds (one long shift). That somebody is off duty holds for `leave` (a long
    leave); after `roster` it is weaker evidence, since they may be early for a shift whose begin is not told yet.
    `travel`: least time between two sites (chosen: by car, door to door).

    Within one building the last word of the owner's tag, before the grant or after it, stands against a grant where
    nobody gets from one place to the other in the time between. Told once in each `roster` of a holder: a tag that lies
    in a drawer stands against each of them.
    """

    hospital: Hospital
    roster: timedelta = timedelta(hours=13)
    leave: timedelta = timedelta(days=30)
    travel: timedelta = timedelta(minutes=20)
    _places: dict[str, Place] = field(default_factory=dict, init=False)
    _apart: dict[str, Whereabouts] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow owners, judge grants."""
        for event in batch:
            match event:
                case HolderPlaced(holder=holder, by=by):
                    site = event.site if event.zone else ""
                    self._place(holder, Place(site, event.zone or "", event.at, by, event.id))
                    if by == "tag" and event.zone:
                        yield from self._compared(holder, event)
                case BadgeGranted(holder=str(holder)):
                    told = [*self._granted(event, holder)]
                    yield from told or self._compared(holder, event)

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

    def _compared(self, holder: str, event: HolderPlaced | BadgeGranted) -> Iterator[Alert]:
        """Compare a holder's tag with their badge, whichever was heard last."""
        known = self._apart.get(holder) or Whereabouts()
        remember(self._apart, holder, known, HOLDERS)
        if isinstance(event, BadgeGranted):
            known.grant = event
        else:
            known.tag = event
        tag, grant = known.tag, known.grant
        if tag is None or grant is None or (known.told and abs(grant.at - known.told) < self.roster):
            return
        metres = self._metres(tag, grant)
        if metres is None:
            return
        known.told = grant.at
        alert = Alert.of(
            self,
            grant,
            window="tag",
            severity=APART,
            confidence=0.6,
            title=say("Badge or code used at {door} while its owner's tag is elsewhere", door=Ref(grant.asset or "")),
            why=[
                say(
                    "The tag was in {place}, {distance} away, {time} apart: nobody is so fast. The badge was lent or "
                    "copied, or the tag lies there.",
                    place=Ref(tag.zone or tag.site),
                    distance=Amount(round(metres), "m"),
                    time=Span(abs((grant.at - tag.at).total_seconds())),
                )
            ],
            holders=[HolderId(holder)],
            techniques=("T1078",),
        )
        yield msgspec.structs.replace(alert, because=(tag.id, grant.id))

    def _metres(self, tag: HolderPlaced, grant: BadgeGranted) -> float | None:
        """Return how far a tag was from a granted door, None if somebody may have been at both."""
        door, place = self.hospital.asset(grant.asset), self.hospital.zone(tag.zone)
        if door is None or door.at is None or place is None or place.id in (door.between or ()):
            return None
        storeys = floors(self.hospital, place, zone_of(self.hospital, door))
        if storeys is None:
            return None
        metres = metres_to(place.outline, door.at)
        needed = max(0.0, metres - TAG) / SPEED + storeys * STOREY
        return metres if abs((grant.at - tag.at).total_seconds()) + CLOCKS + LAG < needed else None

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
