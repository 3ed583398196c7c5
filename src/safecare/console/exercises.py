"""Which things belong to an exercise: what began while one ran is marked as such, also after its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from safecare.model.events import decode_event
from safecare.model.events.acts import ExerciseSet
from safecare.model.ids import IncidentId
from safecare.model.incident import Incident
from safecare.store.read import Reader

LONGEST = timedelta(hours=2)
"""What counts as an exercise of which no end is on record, because its process was killed (chosen: all scripted ones
are shorter)."""
EVER = 5000
"""Starts and ends that are looked at (chosen: an exercise each week for fifty years)."""
AFTER = timedelta(minutes=1)
"""Alerts come some time after what caused them (chosen: far above the road's own delay)."""


class Period(msgspec.Struct, frozen=True):
    """One exercise."""

    scenario: str
    begin: datetime
    end: datetime


class Exercises:
    """Knows all exercises there ever were, from the audit chain. Blocking."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader."""
        self._reader = reader

    def periods(self) -> list[Period]:
        """Return the exercises, in order."""
        acts = [decode_event(one.detail.encode()) for one in self._reader.acts("act.exercise", EVER)]
        return periods([one for one in acts if isinstance(one, ExerciseSet)])

    def of(self, incidents: Sequence[Incident]) -> dict[IncidentId, str]:
        """Return the scenario that each of `incidents` belongs to; empty: none.

        An incident counts by the latest alert that it was opened with: what an exercise hands in may have been filmed
        before it began, and what stood on the board before is none of it.
        """
        played = self.periods()
        known = self._reader.first_known([one.id for one in incidents]) if played else {}
        return {one.id: exercise_at(played, known.get(one.id, one.updated)) for one in incidents}


def periods(acts: Sequence[ExerciseSet]) -> list[Period]:
    """Return the times between start and end; without an end on record, at most `LONGEST`."""
    found: list[Period] = []
    for number, act in enumerate(acts):
        if act.running:
            later = acts[number + 1].at if number + 1 < len(acts) else act.at + LONGEST
            found.append(Period(act.scenario, act.at, min(later, act.at + LONGEST) + AFTER))
    return found


def exercise_at(found: Sequence[Period], at: datetime) -> str:
    """Return the scenario that ran at `at`; empty: none."""
    return next((one.scenario for one in found if one.begin <= at <= one.end), "")
