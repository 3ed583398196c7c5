"""A binary point (lid, tamper, water, ...) stays in the state that the hospital's files call abnormal.

Source: site's own files (`alarm_on`); the time is chosen: a freezer is loaded in under a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.building.names import called
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import PointChanged
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, When, say

SEVERITY = {1: 25, 2: 35, 3: 50, 4: 60}
"""Severity by criticality of the asset (chosen: the order is what counts)."""


@detector("point.abnormal", wants={PointChanged}, domain=Domain.PHYSICAL)
@dataclass
class AbnormalPoint:
    """Alert once when a point with `alarm_on` stays in that state for `patience` (time)."""

    hospital: Hospital
    patience: timedelta = timedelta(seconds=60)
    _since: dict[str, PointChanged] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the points."""
        for event in batch:
            if not isinstance(event, PointChanged) or event.asset is None:
                continue
            yield from self.tick(event.at)
            key = f"{event.asset}\x1f{event.point}"
            asset = self.hospital.asset(event.asset)
            point = next((one for one in asset.points if one.name == event.point), None) if asset else None
            if point is None or point.alarm_on is None or event.on != point.alarm_on:
                self._since.pop(key, None)
            else:
                self._since.setdefault(key, event)

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge the points that are abnormal at `now`."""
        overdue = [key for key, event in self._since.items() if now - event.at >= self.patience]
        for key in overdue:
            event = self._since.pop(key)
            asset = self.hospital.asset(event.asset)
            yield Alert.of(
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
