"""Something that belonged there is gone: an extinguisher, a defibrillator, a machine.

Source: "object removed" as camera makers define it (Hikvision's unattended and removed baggage): a part of the picture
that was there before shows what lay behind it, for a minimum time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.detect.physical.left_things import Held, Left, things_in
from safecare.detect.physical.scenes import camera_of, severity_of, zone_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import ThingsSeen
from safecare.model.hospital import Hospital
from safecare.model.scene import Area
from safecare.model.text import Ref, Span, say

SECONDS = 10.0
"""Seconds for which it must be gone where the area names no others; chosen: longer than somebody stands before it."""
CONFIDENCE = 0.6
"""Chosen: found on made clips only."""


@detector("object.removed", wants={ThingsSeen}, domain=Domain.PHYSICAL)
@dataclass
class Removed:
    """Alert once for each thing that is gone from an area of kind ``removed`` for the area's `seconds`."""

    hospital: Hospital
    _left: dict[str, Left] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow what is gone."""
        for event in batch:
            if isinstance(event, ThingsSeen):
                for _, area, here in things_in(self.hospital, event, "removed", gone=True):
                    left = self._left.setdefault(f"{event.asset} {area.id}", Left())
                    for thing, held in left.take(event, here):
                        if thing.since >= (area.seconds or SECONDS):
                            left.tell(event, thing)
                            yield self._alert(event, area, held, thing.since)

    def _alert(self, event: ThingsSeen, area: Area, held: Held, seconds: float) -> Alert:
        zone = zone_of(self.hospital, event, area)
        return Alert.of(
            self,
            held.first,
            event,
            severity=severity_of(self.hospital, event, area) + 5,
            confidence=CONFIDENCE,
            title=say("Something is gone: {zone}", zone=Ref(zone) if zone else area.id),
            why=[say("What was in {area} has been gone for {time}.", area=area.id, time=Span(seconds))],
            window=f"{area.id} {held.first.at.isoformat()}",
            assets=camera_of(event),
            zones=[zone] if zone else None,
            still=event.still or held.first.still,
        )
