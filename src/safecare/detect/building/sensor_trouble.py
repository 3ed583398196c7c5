"""A detector or its line has a fault, or somebody has taken it out of service: what it guards is not guarded.

Source: EN 54-2:1997 8 (fault warning) and 9 (disabled condition) for fire, EN 50131-1:2006 8.3.9 (isolation) for
intrusion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.flapping import TIMES, WITHIN, Flaps
from safecare.detect.memory import remember
from safecare.detect.standing import LONGEST, MOST, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import FireSignal, PointChanged
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, Text, say

SEVERITY = {1: 20, 2: 30, 3: 40, 4: 50}
"""By criticality of the device (chosen: as a silent one)."""


class Fault(msgspec.Struct):
    """A fault that stands: its event, and whether it was told."""

    event: PanelSignal | FireSignal | PointChanged
    told: bool = False


@detector("sensor.trouble", wants={PanelSignal, FireSignal, PointChanged}, domain=Domain.PHYSICAL)
@dataclass
class Trouble:
    """Alert once when a fault has stood for `patience` (time), and at once when somebody switches a part off.

    Faults of seconds are for the technician's log: lines flicker. Four of them within ten minutes are told once. One
    that is still said after a day is told again.
    """

    hospital: Hospital
    patience: timedelta = timedelta(minutes=2)
    _faults: dict[str, Fault] = field(default_factory=dict, init=False)
    _flaps: Flaps = field(default_factory=Flaps, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the devices."""
        for event in batch:
            match event:
                case PanelSignal(what="trouble" | "bypass" as what, on=on):
                    yield from self._state(event, what, on=on)
                case PointChanged(point="battery_low", on=on):
                    yield from self._state(event, "battery", on=on)
                case FireSignal(state="fault"):
                    yield from self._state(event, "trouble", on=True)
                case FireSignal(state="normal"):
                    yield from self._state(event, "trouble", on=False)
                case _:
                    pass

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge the faults that stand at `now`, by the time when we heard of them."""
        for key, fault in self._faults.items():
            if not fault.told and now - fault.event.seen >= self.patience:
                yield self._alert(key, fault)

    def _state(self, event: PanelSignal | FireSignal | PointChanged, what: str, *, on: bool) -> Iterator[Alert]:
        key = f"{thing_of(event)}\x1f{what}"
        known = self._faults.get(key)
        if on and (known is None or (known.told and event.at - known.event.at >= LONGEST)):
            remember(self._faults, key, Fault(event), MOST)
            if what == "bypass":
                yield self._alert(key, self._faults[key])
        elif not on and known is not None and event.at >= known.event.at:
            if not known.told and event.at - known.event.at >= self.patience:
                yield self._alert(key, known)
            elif not known.told and what == "trouble" and self._flaps.news(key, known.event.at):
                yield self._alert(key, known, flaps=True)
            del self._faults[key]

    def _alert(self, key: str, fault: Fault, *, flaps: bool = False) -> Alert:
        fault.told = True
        event, what = fault.event, key.rpartition("\x1f")[2]
        asset = self.hospital.asset(event.asset)
        device = Ref(event.asset or event.zone or event.site)
        title, why = _comes_and_goes(device) if flaps else _words(device, self.patience, what)
        return Alert.of(
            self,
            event,
            window="flaps" if flaps else what,
            severity=SEVERITY[asset.criticality if asset else 1],
            confidence=0.8,
            title=title,
            why=[why],
        )


def _comes_and_goes(device: Ref) -> tuple[Text, Text]:
    return (
        say("The fault of {device} comes and goes", device=device),
        say("It has failed {count} times within {time}.", count=TIMES, time=Span(WITHIN.total_seconds())),
    )


def _words(device: Ref, patience: timedelta, what: str) -> tuple[Text, Text]:
    if what == "battery":
        return (
            say("The battery of {device} is low", device=device),
            say("It will soon report nothing any more: change its battery."),
        )
    if what == "bypass":
        return (
            say("{device} was taken out of service", device=device),
            say("Somebody has switched it off at the panel: it reports nothing until it is switched on."),
        )
    return (
        say("{device} has a fault", device=device),
        say(
            "It has been so for more than {time}: it may not report what it sees.", time=Span(patience.total_seconds())
        ),
    )
