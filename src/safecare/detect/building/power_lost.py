"""A supply is lost, or runs on its reserve.

Source: NF C 15-211 (electrical installations in medical premises): loss of the normal source is signalled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.standing import LONGEST
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import PointChanged, PowerSignal
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Text, say

SEVERITY = {"lost": 80, "battery": 60, "generator": 45}
"""Severity by state: reserve buys minutes (battery) or days (generator) (chosen: the order is what counts)."""
RANK = {"normal": 0, "generator": 1, "battery": 2, "lost": 3}
"""How far from normal a state is."""
MOST = 1000
"""Most supplies that are not normal and remembered (chosen: more than a hospital has)."""


class Supply(msgspec.Struct):
    """A supply that is not normal: its state, when it was last said, and when it was told."""

    state: str
    at: datetime
    told: datetime


@detector("power.lost", wants={PowerSignal, PointChanged}, domain=Domain.PHYSICAL)
@dataclass
class PowerLost:
    """Alert when the supply given by an asset gets worse. A binary point ``mains`` that goes off counts as lost.

    What still stands after a day is told again: the word that all is well may have been lost.
    """

    hospital: Hospital
    _state: dict[str, Supply] = field(default_factory=dict, init=False)
    """Supplies that are not normal."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the supplies."""
        for event in batch:
            match event:
                case PowerSignal(asset=str(supply), state=state):
                    yield from self._changed(event, supply, state)
                case PointChanged(asset=str(supply), point="mains", on=on):
                    yield from self._changed(event, supply, "normal" if on else "lost")

    def _changed(self, event: Event, supply: str, state: str) -> Iterator[Alert]:
        before = self._state.get(supply)
        if before is not None and event.at < before.at and state != "lost":
            return  # it came late, and something else was said meanwhile
        self._state.pop(supply, None)
        worse = before is None or RANK[state] > RANK[before.state] or event.at - before.told >= LONGEST
        if state != "normal":
            told = event.at if before is None or worse else before.told
            remember(self._state, supply, Supply(state, max(event.at, before.at) if before else event.at, told), MOST)
        if state == "normal" or not worse:
            return
        fed = [edge for edge in self.hospital.dependencies_at(supply) if edge.kind == "powers" and edge.of == supply]
        count = sum(len(edge.on) for edge in fed)
        yield Alert.of(
            self,
            event,
            severity=SEVERITY[state],
            confidence=0.9,
            title=_title(state, supply),
            why=[say("{supply} feeds {count} assets directly.", supply=Ref(supply), count=count)],
        )


def _title(state: str, supply: str) -> Text:
    match state:
        case "lost":
            return say("Power lost: {supply}", supply=Ref(supply))
        case "battery":
            return say("{supply} runs on battery", supply=Ref(supply))
        case _:
            return say("{supply} runs on the generator", supply=Ref(supply))
