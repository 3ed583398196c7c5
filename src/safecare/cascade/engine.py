"""One hospital's cascade, ready to be asked: what follows from these alerts, as it is or with a response."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from safecare.cascade.care import Care, care
from safecare.cascade.layout import Layout, lay_out
from safecare.cascade.meaning import Meaning, built_in_meanings, is_modelled, seeds_of, unknown_assets
from safecare.cascade.simulate import NO_CHANGES, Changes, Draws, Outcome, simulate
from safecare.cascade.site import hospital_system
from safecare.cascade.system import System
from safecare.cascade.words import Rule, Seed, key_number
from safecare.model.alert import Alert
from safecare.model.hospital import Hospital
from safecare.model.incident import Incident

HORIZON = 72 * 3600.0
"""Seconds looked ahead. Chosen: NIS2 asks for the notification within 72 h, and crises are planned in days."""
WORK = 600_000
"""Rule evaluations spent per forecast (rules reached x samples). Chosen: a fifth of a second on one core;
a budget in work, not time, so that a replay gives the same forecast."""
MOST_SAMPLES = 512
LEAST_SAMPLES = 200
"""At 200 samples the 95 % interval of a probability is at most +-7 points."""


@dataclass(frozen=True)
class Cascade:
    """The compiled rules of `hospital`, and the table of what alerts mean."""

    hospital: Hospital
    system: System
    meanings: tuple[Meaning, ...]
    horizon: float = HORIZON
    work: int = WORK
    """Rule evaluations that a forecast may take."""

    @classmethod
    def of(
        cls,
        hospital: Hospital,
        meanings: Sequence[Meaning] | None = None,
        horizon: float = HORIZON,
        more: Iterable[Rule] = (),
    ) -> Self:
        """Compile `hospital` with `more` rules; `meanings` default to the built-in table."""
        table = built_in_meanings() if meanings is None else tuple(meanings)
        return cls(hospital, hospital_system(hospital, more), table, horizon)

    def start(self, incident: Incident) -> datetime:
        """Return second 0 of what is foretold about `incident`."""
        return incident.updated

    def seeds(self, incident: Incident, alerts: Iterable[Alert]) -> tuple[Seed, ...]:
        """Return what `alerts` of `incident` state."""
        return seeds_of(alerts, self.hospital, self.meanings, self.start(incident), confirmed=incident.confirmed)

    def unknown(self, alerts: Iterable[Alert]) -> tuple[str, ...]:
        """Return the assets of `alerts` about which nothing can be foretold."""
        return unknown_assets(alerts, self.hospital, self.meanings)

    def blank(self) -> tuple[str, ...]:
        """Return the assets about which the hospital says nothing from which anything could follow."""
        return tuple(asset.id for asset in self.hospital.assets if not is_modelled(self.hospital, asset.id))

    def samples_for(self, seeds: Sequence[Seed]) -> int:
        """Return how many samples the work budget allows for `seeds`, within least and most."""
        return max(LEAST_SAMPLES, min(MOST_SAMPLES, self.work // max(1, self._reached(seeds))))

    def takes_long(self, seeds: Sequence[Seed]) -> bool:
        """Return whether even the least samples for `seeds` are more work than the budget allows."""
        return LEAST_SAMPLES * self._reached(seeds) > self.work

    def _reached(self, seeds: Sequence[Seed]) -> int:
        return len(lay_out(self.system, seeds, self.horizon).rules)

    def draws(self, incident: Incident, samples: int) -> Draws:
        """Return the luck of `incident`: the same for each of its revisions and for every response to it."""
        return Draws(self.system, key_number(incident.id), samples)

    def play(
        self,
        seeds: Sequence[Seed],
        draws: Draws,
        changes: Changes = NO_CHANGES,
        base: Outcome | None = None,
        layout: Layout | None = None,
    ) -> tuple[Outcome, Care]:
        """Play `seeds` with `changes`, on top of `base` if given; return what happens and what it costs care."""
        outcome = self.outcome(seeds, draws, changes, base, layout)
        return outcome, self.care_of(outcome)

    def outcome(
        self,
        seeds: Sequence[Seed],
        draws: Draws,
        changes: Changes = NO_CHANGES,
        base: Outcome | None = None,
        layout: Layout | None = None,
    ) -> Outcome:
        """Play `seeds` with `changes`, on top of `base` if given; return what happens."""
        return simulate(self.system, seeds, draws, self.horizon, changes, base, layout)

    def care_of(self, outcome: Outcome) -> Care:
        """Return what `outcome` costs care."""
        return care(self.hospital.services, outcome, self.horizon)
