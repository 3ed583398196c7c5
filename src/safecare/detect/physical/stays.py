"""How long each person has been in an area, although tracks break: a stay goes on in the track that takes it up.

Source: the dwell measurement on PETS2009 S2.L1, where broken identities hid 2 to 4 of 5 true 20-second stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import hypot

import msgspec

from safecare.model.events.video import PeopleSeen, Seen

OUTSIDE = timedelta(seconds=1.0)
"""Time seen outside after which somebody has left; chosen: foot points flicker over the edge for less."""
GAP = timedelta(seconds=8)
"""Time for which a lost person's stay waits; chosen: as long as the tracker itself remembers somebody."""
REACH = 0.6
"""Heights from the last place within which a new track takes a stay up; chosen: 1 m. Who walks on while hidden is
mostly found again by the tracker; farther off a new track is mostly somebody else (measured on made walks)."""
MOST = 200
"""Most stays of one area; chosen: bounds the state."""


class Stay(msgspec.Struct):
    """Somebody's stay in an area: the telling that began it, times, and the last place in pixels."""

    track: int
    first: PeopleSeen
    since: datetime
    inside: datetime
    seen: datetime
    x: float
    y: float
    height: float
    handed: bool = False
    told: bool = False

    @property
    def seconds(self) -> float:
        """Return how long it has lasted."""
        return (self.inside - self.since).total_seconds()


class Stays(msgspec.Struct):
    """All stays in one area of one camera's picture."""

    stays: list[Stay] = []

    def take(self, event: PeopleSeen, inside: dict[int, bool]) -> Iterator[Stay]:
        """Take a telling; `inside`: by track, whether the person is in the area. Yields the stays of those inside."""
        seen = {one.track: one for one in event.people}
        held = {stay.track: stay for stay in self.stays}
        for track, one in seen.items():
            stay = held.get(track)
            if stay is None and inside[track]:
                stay = self._heir(one, event, held.keys() & seen.keys()) or self._begin(one, event)
            if stay is None:
                continue
            stay.seen, stay.x, stay.y = event.at, one.x, one.y
            stay.height = one.height or stay.height
            if inside[track]:
                stay.inside = event.at
        self.stays = [
            stay
            for stay in self.stays
            if event.at - stay.seen <= GAP and (stay.seen < event.at or event.at - stay.inside <= OUTSIDE)
        ][-MOST:]
        yield from [stay for stay in self.stays if stay.inside == event.at]

    def _begin(self, one: Seen, event: PeopleSeen) -> Stay:
        bare = msgspec.structs.replace(event, people=())
        since = event.at
        stay = Stay(one.track, bare, since, since, since, one.x, one.y, one.height or 1.0)
        self.stays.append(stay)
        return stay

    def _heir(self, one: Seen, event: PeopleSeen, present: set[int]) -> Stay | None:
        """Give the stay of the nearest lost person to the new track `one`."""
        if one.since > GAP.total_seconds():
            return None  # came in from outside the area, as somebody who has been followed for long
        near: list[tuple[float, Stay]] = []
        for stay in self.stays:
            lost = (event.at - stay.seen).total_seconds()
            away = hypot(stay.x - one.x, stay.y - one.y) / max(stay.height, 1.0)
            began_before = one.since > lost + 1.0
            if stay.track not in present and not began_before and away <= REACH:
                near.append((away, stay))
        if not near:
            return None
        found = min(near, key=lambda pair: pair[0])[1]
        found.track, found.handed = one.track, True
        return found
