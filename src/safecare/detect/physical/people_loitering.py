"""Somebody stays at one place longer than the zone allows, while others pass; or in an area drawn into the picture.

Source: the dwell measurement on PETS2009 S2.L1, where broken identities hid 2 to 4 of 5 true 20-second stays;
hence time counts per place, handed over between tracks. Distances are in heights of the person (1.7 m), so that
the rule needs no calibration; the limits are chosen from how people stand and walk. In a drawn area the time of each
person counts, wherever in it they walk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from safecare.detect.api import detector
from safecare.detect.physical.scenes import areas, camera_of, drawn, severity_of, within, zone_of
from safecare.detect.physical.stays import Stay, Stays
from safecare.detect.physical.visits import Place, Visit, Visits
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import PeopleSeen
from safecare.model.hospital import Hospital, Zone
from safecare.model.ids import AssetId
from safecare.model.scene import Area, Scene
from safecare.model.text import Ref, Span, say

SEVERITY = {"public": 30, "staff": 40, "restricted": 50, "critical": 60}
"""By the most protected place that the zone is, or that the camera guards; chosen: waiting is no crime."""
CONFIDENCE, CONFIDENCE_HANDED = 0.75, 0.6
"""One unbroken track, and one that was joined from several; chosen."""
SIGHTED = 0.75
"""Share of the stay in which the person must really have been seen; chosen: the rest may be hidden."""

AREA_SECONDS = 60.0
"""Seconds in a drawn area from which it is loitering, if the area names no other; chosen: a lift has come by then."""
MEMORY = 3
"""Limits of the zone for which a told place is remembered: whoever came back needs one to be noticed again."""


@detector("people.loitering", wants={PeopleSeen}, domain=Domain.PHYSICAL)
@dataclass
class Loitering:
    """Alert once when a visit lasts longer than the zone's `loiter_after`, or a stay than the drawn area's `seconds`.

    Who comes back to the same place within `again` (time) belongs to the same episode.
    """

    hospital: Hospital
    again: timedelta = timedelta(seconds=60)
    _visits: dict[str, Visits] = field(default_factory=dict, init=False)
    _told: dict[str, list[Place]] = field(default_factory=dict, init=False)
    _stays: dict[str, Stays] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow who stays where."""
        for event in batch:
            if isinstance(event, PeopleSeen) and event.asset:
                zone = self.hospital.zone(event.zone)
                if zone is not None and zone.loiter_after:
                    yield from self._judge(event, event.asset, zone, zone.loiter_after)
                for scene, area in areas(self.hospital, event, "loitering"):
                    yield from self._in_area(event, scene, area)

    def _judge(self, event: PeopleSeen, camera: str, zone: Zone, limit: float) -> Iterator[Alert]:
        visits = self._visits.setdefault(camera, Visits())
        visits.take(event)
        memory = self.again + timedelta(seconds=MEMORY * limit)
        told = [place for place in self._told.get(camera, []) if event.at - place.last <= memory]
        for visit in visits.present(event.at):
            if visit.seconds < limit or visit.sighted < SIGHTED * visit.seconds:
                continue
            known = [one for one in told if one.near(visit) and visit.first.at - one.last <= self.again]
            if not known:
                yield self._alert(event, camera, zone, visit, limit)
            told = [place for place in told if place not in known] + [Place.of(visit)]
        self._told[camera] = told

    def _in_area(self, event: PeopleSeen, scene: Scene, area: Area) -> Iterator[Alert]:
        limit = area.seconds or AREA_SECONDS
        stays = self._stays.setdefault(f"{event.asset} {area.id}", Stays())
        inside = {one.track: within(area, drawn(scene, event, one.x, one.y)) for one in event.people}
        for stay in stays.take(event, inside):
            if stay.seconds >= limit and not stay.told:
                stay.told = True
                yield self._area_alert(event, area, stay, limit)

    def _area_alert(self, event: PeopleSeen, area: Area, stay: Stay, limit: float) -> Alert:
        zone = zone_of(self.hospital, event, area)
        why = [
            say(
                "Person {track} has stayed in {area} for {time}; allowed are {limit}.",
                track=stay.track,
                area=area.id,
                time=Span(stay.seconds),
                limit=Span(limit),
            )
        ]
        if stay.handed:
            why.append(say("The person was hidden in between and taken up again at the same place."))
        return Alert.of(
            self,
            stay.first,
            event,
            severity=severity_of(self.hospital, event, area),
            confidence=CONFIDENCE_HANDED if stay.handed else CONFIDENCE,
            title=say("Somebody loiters in {zone}", zone=Ref(zone) if zone else area.id),
            why=why,
            window=f"{area.id} {stay.track}",
            assets=camera_of(event),
            zones=[zone] if zone else None,
            still=event.still,
        )

    def _alert(self, event: PeopleSeen, camera: str, zone: Zone, visit: Visit, limit: float) -> Alert:
        guarded, severity = self._guarded(camera, zone)
        why = [
            say(
                "Somebody has stayed at the same place for {time}; allowed are {limit}.",
                time=Span(visit.seconds),
                limit=Span(limit),
            )
        ]
        if visit.handed:
            why.append(say("The person was hidden in between and taken up again at the same place."))
        return Alert.of(
            self,
            visit.first,
            event,
            severity=severity,
            confidence=CONFIDENCE_HANDED if visit.handed else CONFIDENCE,
            title=say("Somebody loiters in {zone}", zone=Ref(zone.id)),
            why=why,
            window=str(visit.track),
            assets=[*guarded, AssetId(camera)],
            zones=[zone.id],
            still=visit.still,
        )

    def _guarded(self, camera: str, zone: Zone) -> tuple[list[AssetId], int]:
        """Return the doors that the camera guards, and the severity by the most protected place in reach."""
        asset = self.hospital.asset(camera)
        doors = [door for door in map(self.hospital.asset, asset.protects if asset else ()) if door and door.between]
        places = [zone.id, *(asset.protects if asset else ()), *(side for door in doors for side in door.between or ())]
        zones = [found for found in map(self.hospital.zone, places) if found is not None]
        return [door.id for door in doors], max(SEVERITY[one.security] for one in zones)
