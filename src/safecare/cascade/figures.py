"""Delays (seconds) and probabilities of rules for which the hospital's file gives no figures.

All are chosen, with wide triangles, because no hospital publishes them; each sample draws from the whole
triangle, so the doubt is in the forecast's interval. A hospital replaces them edge by edge. The orders of
magnitude follow dated cases (PwC's HSE report, Düsseldorf 2020) and practice named at each line.
"""

from __future__ import annotations

from typing import NamedTuple

from safecare.cascade.words import NOW, SURE, Fact, Figure, Rule
from safecare.model.hospital import Dependency
from safecare.model.text import Text

MINUTE = 60.0
HOUR = 3600.0


class Figures(NamedTuple):
    """Delay and probability of one kind of rule."""

    delay: Figure
    probability: Figure

    def rule(self, of: str, cause: Fact, head: Fact, text: Text, *, kind: str, lasting: bool, source: str = "") -> Rule:
        """Return the rule "`cause` -> `head`" with these figures; `of` names what it comes from in its key."""
        return Rule(
            key=f"{of}:{cause.target}.{cause.state}>{head.target}.{head.state}",
            kind=kind,
            tails=(cause,),
            need=1,
            head=head,
            delay=self.delay,
            probability=self.probability,
            text=text,
            lasting=lasting,
            source=source,
        )


FOOTHOLD = Figures(Figure(1 * MINUTE, 15 * MINUTE, 4 * HOUR), Figure(0.3, 0.6, 0.9))
"""A compromised machine gives its network as foothold: beaconing and scanning follow in minutes."""
LATERAL = Figures(Figure(10 * MINUTE, 2 * HOUR, 24 * HOUR), Figure(0.01, 0.05, 0.25))
"""From a foothold on the network to one given machine on it (CrowdStrike names about an hour as median breakout)."""
ALLOWED = Figures(Figure(5 * MINUTE, 1 * HOUR, 12 * HOUR), Figure(0.1, 0.4, 0.8))
"""From one network to another whose traffic is let through."""
TAMPERED = Figures(Figure(5 * MINUTE, 1 * HOUR, 24 * HOUR), Figure(0.05, 0.2, 0.5))
"""Applications of a compromised machine are changed."""
ENCRYPTED = Figures(Figure(1 * HOUR, 12 * HOUR, 72 * HOUR), Figure(0.1, 0.3, 0.6))
"""A compromised machine is encrypted or wiped (HSE 2021: hours between the last move and detonation)."""
LEAKED = Figures(Figure(10 * MINUTE, 4 * HOUR, 48 * HOUR), Figure(0.2, 0.5, 0.8))
"""Data on a compromised machine leaves the house."""
COMMANDED = Figures(Figure(5 * MINUTE, 1 * HOUR, 12 * HOUR), Figure(0.1, 0.3, 0.6))
"""A compromised controller is used against what it commands."""
WRONG_DATA = Figures(Figure(0.0, 10 * MINUTE, 2 * HOUR), Figure(0.5, 0.8, 1.0))
"""Wrong data reaches those who work with it and slows them: they check by hand."""
HARMFUL_DATA = Figures(Figure(10 * MINUTE, 2 * HOUR, 24 * HOUR), Figure(0.02, 0.1, 0.3))
"""Wrong data endangers a patient before someone notices."""
HALF_WORKING = Figures(Figure(0.0, 15 * MINUTE, 1 * HOUR), Figure(0.2, 0.5, 0.8))
"""A tool that works only in part puts the service into its fallback."""
PART_SPOILT = Figures(Figure(1 * HOUR, 3 * HOUR, 8 * HOUR), Figure(0.5, 0.8, 1.0))
"""Thermal delay: a closed vaccine freezer without power warms past its limit in hours."""
STOLEN = Figures(Figure(1 * MINUTE, 5 * MINUTE, 20 * MINUTE), Figure(0.1, 0.4, 0.7))
"""Who has opened a store takes what is in it."""
REACHED = Figures(Figure(1 * MINUTE, 5 * MINUTE, 30 * MINUTE), Figure(0.1, 0.3, 0.6))
"""An intruder in a restricted zone gets at a given thing there."""
PLUGGED_IN = Figures(Figure(5 * MINUTE, 20 * MINUTE, 2 * HOUR), Figure(0.05, 0.2, 0.5))
"""Who can touch a machine takes it over (open port, unlocked session)."""
PASSED = Figures(Figure(10.0, 1 * MINUTE, 10 * MINUTE), Figure(0.4, 0.7, 0.95))
"""Whoever defeated a door's lock also goes through."""
LID_OPEN = Figures(Figure(5 * MINUTE, 20 * MINUTE, 60 * MINUTE), Figure(0.2, 0.5, 0.9))
"""An opened freezer leaves its range if nobody closes it."""
COLD_LOST = Figures(Figure(15 * MINUTE, 1 * HOUR, 3 * HOUR), Figure(0.3, 0.7, 0.95))
"""A freezer out of its range no longer keeps what is in it."""
FIRE_TAKES = Figures(Figure(2 * MINUTE, 10 * MINUTE, 30 * MINUTE), Figure(0.3, 0.6, 0.9))
"""Fire or smoke in a room takes a given thing there."""
FIRE_SPREADS = Figures(Figure(3 * MINUTE, 15 * MINUTE, 45 * MINUTE), Figure(0.1, 0.3, 0.6))
"""Smoke reaches the next room of the same fire compartment (compartments hold 1-2 h, EN 13501-2)."""
EVACUATED = Figures(Figure(0.0, 1 * MINUTE, 5 * MINUTE), Figure(0.8, 0.95, 1.0))
"""A room with fire or smoke is left."""
IN_DANGER = Figures(Figure(2 * MINUTE, 10 * MINUTE, 30 * MINUTE), Figure(0.1, 0.3, 0.6))
"""Fire or smoke in a room endangers those who are treated there before they are out."""
CLOSED = Figures(NOW, SURE)
"""What is given only in rooms that can't be used goes to its fallback at once."""


def figures(dependency: Dependency, default: Figures) -> Figures:
    """Return the figures of `dependency`, or `default` where its file gives none at all."""
    given = Figures(Figure(*dependency.delay), Figure(*dependency.probability))
    return default if given == Figures(NOW, SURE) else given
