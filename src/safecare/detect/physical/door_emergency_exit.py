"""An emergency exit was used.

Source: hospital practice: emergency exits are alarmed (EN 13637:2015, electrically controlled exit systems);
during a fire alarm they are meant to be used, which lowers the severity but is still told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.physical import fires
from safecare.detect.physical.contacts import Contacts
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.events.doors import DoorClosed, DoorOpened
from safecare.model.hospital import Asset, Hospital
from safecare.model.text import Ref, say


@detector("door.emergency-exit", wants={DoorOpened, DoorClosed, FireSignal}, domain=Domain.PHYSICAL)
@dataclass
class EmergencyExit:
    """Alert when an asset of kind ``exit`` opens; once per `pause` (time) for the same exit.

    A fire alarm explains it for `leaving` (time), or until the detector is back to normal.
    """

    hospital: Hospital
    pause: timedelta = timedelta(minutes=5)
    leaving: timedelta = fires.LEAVING
    _told: dict[str, datetime] = field(default_factory=dict, init=False)
    _burning: dict[str, FireSignal] = field(default_factory=dict, init=False)
    """Last alarm by detector that is not back to normal."""
    _contacts: Contacts = field(default_factory=Contacts, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow fire alarms, judge openings of exits."""
        for event in batch:
            match event:
                case FireSignal():
                    fires.take(self._burning, event)
                case DoorOpened() | DoorClosed():
                    asset = self.hospital.asset(event.asset)
                    if asset and asset.kind == "exit":
                        yield from self._moved(event, asset)
                case _:
                    pass

    def _moved(self, event: DoorOpened | DoorClosed, asset: Asset) -> Iterator[Alert]:
        if isinstance(event, DoorClosed):
            self._contacts.closed(asset.id, event.at)
        elif (self._contacts.stands if event.kept else self._contacts.opened)(asset.id, event.at):
            last = self._told.get(asset.id)
            if last is None or abs(event.at - last) >= self.pause:
                self._told[asset.id] = event.at
                yield self._alert(event, asset)

    def _alert(self, event: DoorOpened, asset: Asset) -> Alert:
        burning = fires.explains(self._burning, event, self.leaving)
        why = (
            say("A fire alarm is on at {site}: people may be leaving because of it.", site=Ref(event.site))
            if burning
            else say("No fire alarm is on at {site}.", site=Ref(event.site))
        )
        return Alert.of(
            self,
            event,
            severity=35 if burning else 45,
            confidence=0.9,
            title=say("Emergency exit {door} stands open", door=Ref(asset.id))
            if event.kept
            else say("Emergency exit {door} was opened", door=Ref(asset.id)),
            why=[why],
            zones=asset.between,
        )
