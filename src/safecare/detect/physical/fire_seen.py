"""Something looks like flames in a camera's picture.

Source: ISO/TS 7240-29:2017 (video fire detectors) names flames seen by a camera as a kind of detection; ours is no such
detector: colour and motion alone, without a model, so that a person must look. The fire panel is `fire.alarm`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.physical.scenes import areas, camera_of, drawn, severity_of, within, zone_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import Spot, SpotsSeen
from safecare.model.hospital import Hospital
from safecare.model.scene import Area
from safecare.model.text import Ref, Span, say

SECONDS = 3.0
"""Seconds of flames where the area names no others, beside the five that the eye needs; chosen: a lighter is out."""
AGAIN = timedelta(minutes=10)
"""Time without flames after which they are told anew; chosen: what people hide for a while is one fire."""
SEVERE = 60
"""Least severity: a fire doubles within a minute."""
CONFIDENCE = 0.5
"""Chosen: found on made clips only; a person must look at the still."""


@detector("fire.seen", wants={SpotsSeen}, domain=Domain.PHYSICAL)
@dataclass
class FireSeen:
    """Alert once for flames in an area of kind ``fire`` for its `seconds`, and again after `AGAIN` without."""

    hospital: Hospital
    _last: dict[str, datetime] = field(default_factory=dict, init=False)
    """By camera and area: when flames that were told were last seen."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow what burns."""
        for event in batch:
            if not isinstance(event, SpotsSeen) or not event.spots:
                continue
            for scene, area in areas(self.hospital, event, "fire"):
                here = [
                    spot
                    for spot in event.spots
                    if spot.plain
                    and spot.since >= (area.seconds or SECONDS)
                    and within(area, drawn(scene, event, spot.x, spot.y))
                ]
                if not here:
                    continue
                key = f"{event.asset} {area.id}"
                before, self._last[key] = self._last.get(key), event.at
                if before is None or event.at - before > AGAIN:
                    yield self._alert(event, area, max(here, key=lambda spot: spot.since))

    def _alert(self, event: SpotsSeen, area: Area, spot: Spot) -> Alert:
        zone = zone_of(self.hospital, event, area)
        return Alert.of(
            self,
            event,
            event,
            severity=max(SEVERE, severity_of(self.hospital, event, area)),
            confidence=CONFIDENCE,
            title=say("It looks like flames: {zone}", zone=Ref(zone) if zone else area.id),
            why=[
                say(
                    "Something bright has stayed by its foot and danced by its tip in {area} for {time}, as flames do.",
                    area=area.id,
                    time=Span(spot.since),
                ),
                say("Colour and motion alone say so, no model and no fire detector: look at the picture."),
            ],
            window=f"{area.id} {event.at.isoformat()}",
            assets=camera_of(event),
            zones=[zone] if zone else None,
            still=event.still,
        )
