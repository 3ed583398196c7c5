"""A measured value does what it hardly ever did: it jumps, drifts, stands still, or can't be true.

Source: extremes of level-aware features (`safecare.detect.building.series`); limits of what can be true: absolute
zero, relative
humidity from 0 to 100 %, and what the sensor kinds of a building can measure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.detect.building.names import called
from safecare.detect.building.series import Judged, Series
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import Reading
from safecare.model.hospital import Hospital
from safecare.model.text import Amount, Ref, Text, say

POINTS = 5000
"""Most series followed at the same time (chosen: more than a hospital's measured points; about 20 kB each)."""
POSSIBLE = {
    "Cel": (-273.15, 2000.0),
    "K": (0.0, 2300.0),
    "[degF]": (-459.67, 3600.0),
    "%": (-1.0, 101.0),
    "[ppm]": (0.0, 1_000_000.0),
    "hPa": (0.0, 100_000.0),
    "Hz": (0.0, 1_000_000.0),
}
"""Least and most that can be true, by UCUM unit (a hygrometer may be off by one per cent)."""
SEVERITY = 40
IMPOSSIBLE = 55
"""Severity (chosen: one odd value proves little; one that can't be true is a broken or a manipulated sensor)."""


@detector("reading.unusual", wants={Reading}, domain=Domain.PHYSICAL)
@dataclass
class UnusualReading:
    """Alert when a reading's chance, by all that its series did before, is below one in 63,000; or impossible."""

    hospital: Hospital
    _series: dict[str, Series] = field(default_factory=dict, init=False)
    _impossible: dict[str, bool] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow all series."""
        for event in batch:
            if isinstance(event, Reading) and event.asset:
                yield from self._judge(event)

    def _judge(self, event: Reading) -> Iterator[Alert]:
        key = f"{event.asset}\x1f{event.quantity}"
        if not possible(event.value, event.unit):
            if not self._impossible.get(key):
                yield self._alert(event, IMPOSSIBLE, 0.95, [impossible(event.value, event.unit)])
            remember(self._impossible, key, True, POINTS)
            return
        self._impossible.pop(key, None)
        series = self._series.get(key) or Series()
        remember(self._series, key, series, POINTS)
        judged = series.step(event.at.timestamp(), event.value)
        if judged.new:
            yield self._alert(event, SEVERITY, judged.score, [reason(judged, event.value, event.unit)])

    def _alert(self, event: Reading, severity: int, confidence: float, why: list[Text]) -> Alert:
        asset = self.hospital.asset(event.asset)
        return Alert.of(
            self,
            event,
            severity=severity + (10 if asset and asset.criticality >= 3 else 0),
            confidence=min(0.95, confidence),
            title=say(
                "{asset}: unusual {quantity}, {value}",
                asset=Ref(event.asset or ""),
                quantity=called(event.quantity),
                value=Amount(event.value, event.unit),
            ),
            why=why,
        )


def possible(value: float, unit: str) -> bool:
    """Tell whether a value can be true in its unit."""
    low, high = POSSIBLE.get(unit, (-1e12, 1e12))
    return math.isfinite(value) and low <= value <= high


def impossible(value: float, unit: str) -> Text:
    """Return why a value can't be true."""
    if not math.isfinite(value):
        return say("The value is no number: the sensor or its line is broken, or somebody plays with it.")
    return say("{value} can't be: the sensor is broken, or somebody plays with it.", value=Amount(value, unit))


def reason(judged: Judged, value: float, unit: str) -> Text:
    """Return in words what is rare about a reading."""
    now, usual = Amount(value, unit), Amount(judged.usual, unit)
    match judged.reason:
        case "high":
            return say("{value} is higher than ever, beyond what its highest values let expect.", value=now)
        case "low":
            return say("{value} is lower than ever, beyond what its lowest values let expect.", value=now)
        case "jump":
            return say("It jumped from {usual} to {value} between two readings.", usual=usual, value=now)
        case "shift":
            return say("It drifted away from {usual}, where it was before, to {value}.", usual=usual, value=now)
        case "stuck":
            return say("It is stuck at {value}: it never stayed exactly alike for so long.", value=now)
        case "quiet":
            return say("It hardly moves any more around {usual}.", usual=usual)
        case "loud":
            return say("It swings as never before around {usual}.", usual=usual)
    return say("At this hour it is usually {usual}, now {value}.", usual=usual, value=now)
