"""Which fire alarms are on: they release doors and explain why people leave."""

from __future__ import annotations

from datetime import timedelta

from safecare.detect.memory import remember
from safecare.detect.standing import thing_of
from safecare.model.event import Event
from safecare.model.events.building import FireSignal

FIRES = 1000
"""Fire detectors in alarm that are remembered (chosen: more than a site has in alarm)."""
LEAVING = timedelta(hours=1)
"""Time for which a fire alarm explains why doors open, unless it is back to normal before (chosen)."""


def take(burning: dict[str, FireSignal], event: FireSignal) -> None:
    """Take what a detector says into `burning`: the last alarm, by detector, that is not back to normal."""
    if event.state == "alarm":
        remember(burning, thing_of(event), event, FIRES)
    elif event.state == "normal":
        burning.pop(thing_of(event), None)


def explains(burning: dict[str, FireSignal], event: Event, leaving: timedelta = LEAVING) -> bool:
    """Tell whether a fire alarm was on at the site of `event`, at most `leaving` before or after it."""
    return any(fire.site == event.site and abs(event.at - fire.at) <= leaving for fire in burning.values())
