"""Somebody is in an area of the picture in which nobody may be at this hour.

Source: "intrusion" or "field detection" as ONVIF (Analytics Service, FieldDetector) and camera makers define it: the
foot point lies in the polygon for a minimum time; alarms are counted once per entry, in the manner of i-LIDS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.detect.physical.scenes import areas, camera_of, drawn, severity_of, within, zone_of
from safecare.detect.physical.stays import Stay, Stays
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import PeopleSeen
from safecare.model.hospital import Hospital
from safecare.model.scene import Area
from safecare.model.text import Ref, Span, say

SECONDS = 1.0
"""Seconds in the area where it names no other; chosen: a foot point flickers over an edge for less."""
CONFIDENCE = 0.8
"""Chosen: a person is surely there, where exactly is less sure."""


@detector("people.intrusion", wants={PeopleSeen}, domain=Domain.PHYSICAL)
@dataclass
class Intrusion:
    """Alert once for each entry into an area of kind ``intrusion`` during its hours."""

    hospital: Hospital
    _stays: dict[str, Stays] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow who is where."""
        for event in batch:
            if isinstance(event, PeopleSeen):
                for scene, area in areas(self.hospital, event, "intrusion"):
                    stays = self._stays.setdefault(f"{event.asset} {area.id}", Stays())
                    inside = {one.track: within(area, drawn(scene, event, one.x, one.y)) for one in event.people}
                    for stay in stays.take(event, inside):
                        if stay.seconds >= (area.seconds or SECONDS) and not stay.told:
                            stay.told = True
                            yield self._alert(event, area, stay)

    def _alert(self, event: PeopleSeen, area: Area, stay: Stay) -> Alert:
        zone = zone_of(self.hospital, event, area)
        why = [
            say(
                "Person {track} has been in {area} for {time}.", track=stay.track, area=area.id, time=Span(stay.seconds)
            )
        ]
        if area.hours:
            why.append(say("Nobody may be there at these hours: {hours}.", hours=area.hours))
        return Alert.of(
            self,
            stay.first,
            event,
            severity=severity_of(self.hospital, event, area),
            confidence=CONFIDENCE,
            title=say("Somebody is where nobody may be: {zone}", zone=Ref(zone) if zone else area.id),
            why=why,
            window=f"{area.id} {stay.track}",
            assets=camera_of(event),
            zones=[zone] if zone else None,
            still=event.still,
        )
