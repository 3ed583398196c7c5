"""An emergency exit was used.

Source: hospital practice: emergency exits are alarmed (EN 13637:2015, electrically controlled exit systems);
during a fire alarm they are meant to be used, which lowers the severity but is still told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.events.doors import DoorOpened
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say


@detector("door.emergency-exit", wants={DoorOpened, FireSignal}, domain=Domain.PHYSICAL)
@dataclass
class EmergencyExit:
    """Alert when an asset of kind ``exit`` opens; once per `pause` (time) for the same exit."""

    hospital: Hospital
    pause: timedelta = timedelta(minutes=5)
    _told: dict[str, datetime] = field(default_factory=dict, init=False)
    _burning: dict[str, bool] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow fire alarms by site, judge openings of exits."""
        for event in batch:
            match event:
                case FireSignal(state="alarm"):
                    self._burning[event.site] = True
                case FireSignal(state="normal"):
                    self._burning[event.site] = False
                case DoorOpened(asset=str(door)):
                    yield from self._opened(event, door)

    def _opened(self, event: DoorOpened, door: str) -> Iterator[Alert]:
        asset = self.hospital.asset(door)
        last = self._told.get(door)
        if asset is None or asset.kind != "exit" or (last and event.at - last < self.pause):
            return
        self._told[door] = event.at
        burning = self._burning.get(event.site, False)
        why = (
            say("A fire alarm is on at {site}: people may be leaving because of it.", site=Ref(event.site))
            if burning
            else say("No fire alarm is on at {site}.", site=Ref(event.site))
        )
        yield Alert.of(
            self,
            event,
            severity=35 if burning else 45,
            confidence=0.9,
            title=say("Emergency exit {door} was opened", door=Ref(door)),
            why=[why],
            zones=asset.between,
        )
