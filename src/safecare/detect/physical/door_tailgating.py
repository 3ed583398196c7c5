"""More people pass a door than badges were granted: somebody slipped in behind.

Source: access-control practice ("tailgating", NIST SP 800-53, PE-3): one grant lets one person in. Entries are
crossings of a line that the site has drawn into the picture of the door's camera, in the line's direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.physical.people_line import Crossing, Lines
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted
from safecare.model.events.video import PeopleSeen
from safecare.model.hospital import Hospital
from safecare.model.ids import AssetId
from safecare.model.text import Ref, say

SEVERITY = {"public": 30, "staff": 45, "restricted": 60, "critical": 75}
"""By the most protected side of the door; chosen."""
CONFIDENCE = 0.65
"""Chosen; known on made walks only: colleagues do go in together."""
MOST = 20
"""Grants remembered for each door; chosen: a shift comes in."""


EARLY = 4
"""People remembered for each door who came in before the word of a grant (chosen: it comes a second later at most)."""


class Entering(msgspec.Struct, frozen=True):
    """Somebody came in: in which picture, and how."""

    event: PeopleSeen
    crossing: Crossing


class Entry(msgspec.Struct):
    """Grants of a door that nobody has used yet, when somebody last came in on one, and who came in before its word."""

    grants: list[BadgeGranted] = []
    used: BadgeGranted | None = None
    last: datetime | None = None
    early: list[Entering] = []


@detector("door.tailgating", wants={PeopleSeen, BadgeGranted}, domain=Domain.PHYSICAL)
@dataclass
class Tailgating:
    """Alert when somebody enters within `follow` (time) after a person with a grant, and no grant is left for them.

    A grant is good for `valid` (time), and for one person: a badge that is held to the reader twice before anybody came
    in, or a word that is sent again, is no second one. Its word may come after the picture. Crossings come from lines
    that name a door.
    Somebody who enters with no grant at all is left to the door's contact (`door.forced`).
    """

    hospital: Hospital
    follow: timedelta = timedelta(seconds=8)
    valid: timedelta = timedelta(seconds=15)
    _entries: dict[str, Entry] = field(default_factory=dict, init=False)
    _lines: Lines = field(default_factory=Lines, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Compare grants and entries."""
        for event in batch:
            match event:
                case BadgeGranted(asset=str(door)):
                    entry = self._entries.setdefault(door, Entry())
                    kept = [one for one in entry.grants if not _again(one, event)]
                    entry.grants = [*kept, event][-MOST:]
                    early, entry.early = entry.early, []
                    for one in early:
                        if event.at <= one.crossing.at:
                            yield from self._enters(one.event, AssetId(door), one.crossing)
                case PeopleSeen():
                    for crossing in self._lines.crossings(self.hospital, event):
                        if crossing.area.door is not None:
                            yield from self._enters(event, crossing.area.door, crossing)
                case _:
                    pass

    def _enters(self, event: PeopleSeen, door: AssetId, crossing: Crossing) -> Iterator[Alert]:
        entry = self._entries.setdefault(door, Entry())
        at = crossing.at
        entry.grants = [one for one in entry.grants if at - one.at <= self.valid]
        if entry.grants:
            entry.used, entry.last = entry.grants.pop(0), at
            return
        if entry.used is None or entry.last is None or at - entry.last > self.follow:
            entry.early = [*entry.early, Entering(event, crossing)][-EARLY:]
            return
        asset = self.hospital.asset(door)
        sides = [zone for zone in map(self.hospital.zone, asset.between or ()) if zone] if asset else []
        yield Alert.of(
            self,
            entry.used,
            event,
            severity=max((SEVERITY[zone.security] for zone in sides), default=45),
            confidence=CONFIDENCE,
            title=say("Two people entered {door} on one badge", door=Ref(door)),
            why=[
                say(
                    "The badge was granted once, and person {track} came in after its holder.",
                    track=crossing.one.track,
                    area=crossing.area.id,
                )
            ],
            window=at.isoformat(),
            assets=[door, *([event.asset] if event.asset else [])],
            zones=[zone.id for zone in sides] or None,
            holders=[entry.used.holder] if entry.used.holder else [],
            still=event.still,
        )
        entry.last = at


def _again(before: BadgeGranted, now: BadgeGranted) -> bool:
    """Tell whether a grant is the one before once more."""
    return before.id == now.id or (before.holder is not None and before.holder == now.holder)
