"""A fire detector, or a camera that sees heat or smoke, warns early: it may burn, and somebody should look.

Source: practice of fire panels and heat cameras: sensitive detectors warn the staff before the alarm that empties the
building. It stands apart from the alarm: nothing is reckoned to burn yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.detect.standing import Standing, part_of, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.text import Ref, say

SEVERITY = 45
"""Chosen: opens no incident by itself, joins those nearby; the alarm itself has 85."""


@detector("fire.prealarm", wants={FireSignal}, domain=Domain.PHYSICAL)
@dataclass
class FirePrealarm:
    """Alert once per pre-alarm of a detector; none while it is in alarm."""

    _early: Standing = field(default_factory=Standing, init=False)
    _alarms: Standing = field(default_factory=Standing, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the detectors."""
        for event in batch:
            if not isinstance(event, FireSignal):
                continue
            thing = thing_of(event)
            match event.state:
                case "prealarm":
                    if self._early.news(thing, on=True, at=event.at) and not self._alarms.stands(thing, event.at):
                        yield self._alert(event)
                case "alarm":
                    self._alarms.news(thing, on=True, at=event.at)
                case "normal":
                    for standing in (self._early, self._alarms):
                        standing.news(thing, on=False, at=event.at)
                case _:
                    pass

    def _alert(self, event: FireSignal) -> Alert:
        name = event.asset or event.zone or event.site
        return Alert.of(
            self,
            event,
            severity=SEVERITY,
            confidence=0.5,
            title=say("Early warning of fire in {zone}", zone=Ref(event.zone or name)),
            why=[
                say("{detector} warns of smoke or heat, and is not in alarm yet.", detector=Ref(name)),
                *part_of(event),
            ],
        )
