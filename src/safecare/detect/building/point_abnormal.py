"""A binary point (lid, tamper, water, ...) stays in the state that the hospital's files call abnormal.

Source: site's own files (`alarm_on`); the time is chosen: a freezer is loaded in under a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.building.names import called
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import PointChanged
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, When, say

SEVERITY = {1: 25, 2: 35, 3: 50, 4: 60}
"""Severity by criticality of the asset (chosen: the order is what counts)."""


class State(msgspec.Struct):
    """An abnormal state of a point: since when, and whether it was told."""

    event: PointChanged
    told: bool = False


@detector("point.abnormal", wants={PointChanged}, domain=Domain.PHYSICAL)
@dataclass
class AbnormalPoint:
    """Alert once when a point with `alarm_on` stays in that state for `patience` (time).

    How long it lasted is told by the device's two times when it ends; before, by our clock and the time when we
    heard of it.
    """

    hospital: Hospital
    patience: timedelta = timedelta(seconds=60)
    _since: dict[str, State] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the points that the hospital's files know a rule for."""
        for event in batch:
            if isinstance(event, PointChanged):
                key = f"{event.asset}\x1f{event.point}"
                if self._abnormal(event):
                    self._since.setdefault(key, State(event))
                else:
                    yield from self._ended(self._since.pop(key, None), event)

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge the points that are abnormal at `now`."""
        for state in self._since.values():
            if not state.told and now - state.event.seen >= self.patience:
                state.told = True
                yield self._alert(state.event)

    def _ended(self, state: State | None, event: PointChanged) -> Iterator[Alert]:
        if state and not state.told and event.at - state.event.at >= self.patience:
            yield self._alert(state.event)

    def _abnormal(self, event: PointChanged) -> bool:
        asset = self.hospital.asset(event.asset)
        points = asset.points if asset else ()
        return any(one.name == event.point and one.alarm_on is event.on for one in points)

    def _alert(self, event: PointChanged) -> Alert:
        asset = self.hospital.asset(event.asset)
        return Alert.of(
            self,
            event,
            severity=SEVERITY[asset.criticality if asset else 1],
            confidence=0.85,
            title=say(
                "{asset}: {point} is not as it should be", asset=Ref(event.asset or ""), point=called(event.point)
            ),
            why=[
                say(
                    "It has been so for {longest}, since {since}.",
                    longest=Span(self.patience.total_seconds()),
                    since=When(event.at),
                )
            ],
        )
