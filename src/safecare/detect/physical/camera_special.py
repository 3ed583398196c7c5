"""A special model of the site's own sees what it is for: fire, smoke, a helmet that is missing.

Source: the site's own model; its card says which of its labels are told. What it is worth is not measured here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from safecare.detect.api import detector
from safecare.detect.physical.scenes import SEVERITY
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import SpotsSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

AGAIN = timedelta(minutes=10)
"""Time without a label after which it is told anew; chosen: what flickers is one thing."""
HIGHER = 10
"""Severity above that of a person who is where nobody may be: the site has named these labels itself. Chosen."""


@detector("camera.special", wants={SpotsSeen}, domain=Domain.PHYSICAL)
@dataclass
class SpecialSeen:
    """Alert once for each label that a camera's special model sees, and again after `AGAIN` without it."""

    hospital: Hospital
    _last: dict[str, SpotsSeen] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Tell what has not been there a while ago."""
        for event in batch:
            if not isinstance(event, SpotsSeen):
                continue
            for spot in event.spots:
                if spot.plain:
                    continue  # no model: `fire.seen`
                key = f"{event.asset} {spot.label}"
                before, self._last[key] = self._last.get(key), event
                if before is None or event.at - before.at > AGAIN:
                    zone = self.hospital.zone(event.zone)
                    yield Alert.of(
                        self,
                        event,
                        event,
                        severity=SEVERITY[zone.security if zone else "staff"] + HIGHER,
                        confidence=round(min(0.9, max(0.1, spot.score)), 2),
                        title=say(
                            "The special model sees {label}: {zone}",
                            label=spot.label,
                            zone=Ref(event.zone) if event.zone else str(event.asset or ""),
                        ),
                        why=[
                            say(
                                "A camera's special model has seen {label} in most of its last looks.", label=spot.label
                            )
                        ],
                        window=f"{key} {event.at.isoformat()}",
                        assets=(event.asset,) if event.asset else (),
                        zones=[event.zone] if event.zone else None,
                        still=event.still,
                    )
