"""A sensor says, reading by reading, exactly what it said before: a recording is played in place of the truth.

Source: Langner, "To Kill a Centrifuge" (2013): Stuxnet recorded 21 seconds of sensor values and played them to the
operators; MITRE ATT&CK for ICS T0832 (Manipulation of View), T0856 (Spoof Reporting Message). Real sensors have noise:
a long sequence never comes twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from safecare.detect.api import detector
from safecare.detect.building.names import called
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import Reading
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

POINTS = 5000
"""Most series followed at the same time (chosen: more than a hospital's measured points)."""
KEPT = 576
"""Readings remembered of each (chosen: two days at 5 minutes)."""
SEED = 6
"""Readings that must be as once before for a repetition to be looked at (chosen)."""
LONG = 24
"""Readings exactly as once before, in the same order, that are told (chosen: two hours at 5 minutes)."""
DISTINCT = 8
"""Different values among them: coarse sensors that know few values repeat themselves honestly (chosen)."""
HONEST = 0.02
"""Share of readings at which a repetition of `SEED` began and broke off, from which a sensor is too coarse (chosen)."""


class Tape(msgspec.Struct):
    """The last readings of a series, and the repetition that goes on: how far back, and for how many readings."""

    values: list[float] = []
    lag: int = 0
    run: int = 0
    count: int = 0
    broken: int = 0
    """Repetitions that broke off: chance."""
    told: bool = False


@detector("reading.replayed", wants={Reading}, domain=Domain.PHYSICAL)
@dataclass
class ReplayedReading:
    """Alert when the last readings are exactly those of another time, once for each repetition."""

    hospital: Hospital
    _tapes: dict[str, Tape] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Compare what comes with what came."""
        for event in batch:
            if isinstance(event, Reading) and event.asset:
                key = f"{event.asset}\x1f{event.quantity}"
                tape = self._tapes.get(key) or Tape()
                remember(self._tapes, key, tape, POINTS)
                if repeats(tape, event.value):
                    yield self._alert(event, tape)

    def _alert(self, event: Reading, tape: Tape) -> Alert:
        asset = self.hospital.asset(event.asset)
        return Alert.of(
            self,
            event,
            severity=70 if asset and asset.criticality >= 3 else 60,
            confidence=0.8,
            title=say(
                "{asset}: {quantity} is a recording", asset=Ref(event.asset or ""), quantity=called(event.quantity)
            ),
            why=[
                say(
                    "{count} readings in a row are exactly those that came {lag} readings before.",
                    count=tape.run,
                    lag=tape.lag,
                )
            ],
            techniques=("T0832",),
        )


def repeats(tape: Tape, value: float) -> bool:
    """Take a reading; tell whether a repetition has just become long enough to be told."""
    values = tape.values
    values.append(value)
    tape.count += 1
    if tape.lag:
        if len(values) > tape.lag and values[-1 - tape.lag] == value:
            tape.run += 1
        else:
            tape.broken += tape.run < LONG
            tape.lag, tape.run, tape.told = 0, 0, False
    if not tape.lag:
        tape.lag = _lag(values)
        tape.run = SEED if tape.lag else 0
    del values[:-KEPT]
    if tape.run < LONG or tape.told or tape.broken > HONEST * tape.count:
        return False
    if len(set(values[-tape.run :])) < DISTINCT:
        return False
    tape.told = True
    return True


def _lag(values: list[float]) -> int:
    """Return how many readings before the last `SEED` ones came before in the same order, and moved; 0 if never."""
    last = values[-SEED:]
    if len(values) < 2 * SEED or len(set(last)) < SEED // 2:
        return 0
    for start in range(len(values) - 2 * SEED, -1, -1):
        if values[start] == last[0] and values[start : start + SEED] == last:
            return len(values) - SEED - start
    return 0
