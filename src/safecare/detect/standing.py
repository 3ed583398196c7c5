"""Alarms that stand until they are over: each is told once, however often it is repeated, and however it flutters.

An alarm begins when it is said and none stands; it ends with its "normal". One that comes back within `CALM` of its
end is the same alarm (hysteresis: contacts bounce, zones flutter at their threshold). One that has not been said for
`AGAIN` (a rule may choose a shorter time) is over even without a "normal": that word may have been lost, and must not
hide the next alarm. One that is repeated without an end is told again after `LONGEST`: whoever else set it off
meanwhile would else be hidden for as long as it is repeated.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from safecare.detect.memory import remember
from safecare.model.events.building import FireSignal, PointChanged
from safecare.model.events.panels import PanelSignal
from safecare.model.text import Text, say

CALM = timedelta(seconds=60)
"""Time after its end within which an alarm that comes back is the same one (chosen: longer than contacts bounce)."""
AGAIN = timedelta(hours=1)
"""Time without a repetition after which an alarm counts as over (chosen: panels repeat within minutes)."""
LONGEST = timedelta(hours=24)
"""Time after which an alarm that still stands is told again (chosen: once in each day's hand-over)."""
MOST = 2000
"""Most alarms remembered (chosen: more than a site has points in alarm)."""


def thing_of(event: PanelSignal | FireSignal | PointChanged) -> str:
    """Return a key of what `event` is about: its asset, else its place, and the part that no file names."""
    part = "" if isinstance(event, PointChanged) else event.part
    return f"{event.asset or event.zone or event.site}\x1f{part}"


def part_of(event: PanelSignal | FireSignal) -> list[Text]:
    """Return the sentence that says which part it was, where no file names that."""
    return [say("It was part {part} of it, which the site's files don't name.", part=event.part)] if event.part else []


def tag_hold(event: PanelSignal) -> timedelta:
    """Return the time after which a tag's alarm is a new one: short where nobody knows whose, for it may be another."""
    return AGAIN if event.holder else CALM


class One(msgspec.Struct):
    """An alarm: when it was last said, when it ended (None: it stands), and when it was told."""

    at: datetime
    over: datetime | None = None
    told: datetime | None = None


class Standing(msgspec.Struct):
    """Which alarms stand, by a key that the rule chooses (asset, or asset and kind)."""

    known: dict[str, One] = {}

    def news(
        self,
        key: str,
        on: bool,  # noqa: FBT001 - as the event says it
        at: datetime,
        again: timedelta = AGAIN,
    ) -> bool:
        """Take what is said about `key` at `at` (event time); True when an alarm begins.

        `again` is the time without a repetition after which it is over without a "normal".

        What comes late (older than what is known) changes nothing, but an alarm about something that nobody has heard
        of yet always counts.
        """
        one = self.known.get(key)
        if one is None:
            if on:
                remember(self.known, key, One(at, told=at), MOST)
            return on
        if not on:
            if at >= one.at:
                one.over = one.over or at
            return False
        told = one.told or one.at
        begun = at - one.at >= again or (one.over is not None and at - one.over >= CALM) or at - told >= LONGEST
        if at >= one.at:
            remember(self.known, key, One(at, told=at if begun else told), MOST)
        return begun

    def stands(self, key: str, at: datetime) -> bool:
        """Tell whether the alarm `key` stands at `at`."""
        one = self.known.get(key)
        return one is not None and one.over is None and abs(at - one.at) < AGAIN
