"""Signs of life of a system that is one asset: while its door hears it, it is there; then `sensor.silent` can tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.model.event import Event
from safecare.model.events.panels import DeviceHeard
from safecare.sources.signals import Known, place_of

TELL = timedelta(seconds=60)
"""Least time between two signs of life that are told (chosen: senders may post many times a second)."""


@dataclass
class Alive:
    """Says that the asset `system` was heard on `door`, now and then.

    `every`: seconds within which it says something, as agreed with it. An empty `system` says nothing.
    """

    door: str
    system: str
    every: float = TELL.total_seconds()
    _told: datetime | None = field(default=None, init=False)

    def heard(self, known: Known) -> list[Event]:
        """Return the sign of life that is due, if one is; `told` says that it is stored."""
        asset, now = known.hospital.asset(self.system), known.clock.now()
        if asset is None or (self._told is not None and timedelta(0) <= now - self._told < TELL):
            return []
        return [
            DeviceHeard(
                id=Event.id_for(now, self.door, "heard"),
                at=now,
                seen=now,
                source=self.door,
                site=asset.site,
                asset=asset.id,
                zone=place_of(asset),
                every=max(self.every, TELL.total_seconds()),
            )
        ]

    def told(self, events: list[Event]) -> None:
        """Take that what `heard` returned is stored."""
        if events:
            self._told = events[0].at
