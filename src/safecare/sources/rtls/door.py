"""Messages of a locating system by FHIR (RTLS guide, a draft): posted to us, answered 202 only after they are stored.

A tag is the badge of a person in the hospital's files, or the asset with its number as address ``rtls``; a place is the
zone of that id, or the one in which the asset with this address stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from safecare.formats.fhir_rtls import RtlsError, Tag, read_rtls
from safecare.model.event import Event
from safecare.model.events.doors import HolderPlaced
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Zone
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.posted import PostDoor, Unread
from safecare.sources.signals import Known, Telling, holder_of

BODY = 1 << 20
"""Largest message, bytes (chosen: see the parser)."""


@source("fhir-rtls")
@dataclass
class RtlsDoor(PostDoor):
    """Listens for HTTP POST of Bundles and Parameters.

    `token`: what senders show, or `token_file`: where it stands (made where there is none); `key`: what they sign the
    body with, in the header `signature`; at least one is needed.
    `port` 0 takes a free one, told by `address` once `started` is set.

    `certificate`, `certificate_key`: PEM files for HTTPS (TLS 1.2 or newer); without them it is plain HTTP. `clients`:
    PEM file of the authority by which senders must show a certificate too. `system`: asset id of what posts, which is
    then told as silent when it posts nothing for long; `every`: seconds within which it posts something, as agreed.
    """

    port: int = 8092

    def __post_init__(self) -> None:
        """Raise `ValueError` where nobody must show who they are."""
        self.listens(BODY, self._read)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a message. Raises `UnreadableError`."""
        try:
            message = read_rtls(raw)
        except RtlsError as error:
            raise UnreadableError(error.reason, error.place) from error
        now, digest = intake.clock.now(), hashlib.sha256(raw).hexdigest()[:24]
        events: list[Event] = []
        strange: list[str] = []
        for tag in message.tags:
            ref = f"{message.event}\x1f{tag.name}\x1f{digest}"
            told = self._events(message.event, tag, Telling(self.door, ref, message.at, now), intake)
            events += told or []
            strange += [", ".join(tag.places)[:120]] if told is None else []
        if strange and not events:
            raise UnreadableError(f"no place of the hospital is called {strange[0]}", "Location")
        return events

    def _read(self, raw: bytes, intake: Intake) -> tuple[list[Event], list[Unread]]:
        try:
            return list(self.decode(raw, {}, intake)), []
        except UnreadableError as error:
            return [], [Unread(1, str(error), raw)]

    @staticmethod
    def _events(event: str, tag: Tag, telling: Telling, known: Known) -> list[Event] | None:
        """Return what a message says of `tag`: where somebody is, that they call for help; enrolling is passed over.

        None where it tells a place that nobody knows.
        """
        if event not in ("location-update", "staff-duress") or (event == "location-update" and not tag.places):
            return []
        zone = _zone(tag.places, known)
        carrier = known.hospital.at_address("rtls", tag.name)
        holder = holder_of(tag.name, known)
        site = zone.site if zone else carrier.site if carrier else None
        if site is None and event == "staff-duress":
            site = next((one.id for one in known.hospital.sites), None)  # a call for help is never lost for a list
        if site is None:
            return None
        at = zone.id if zone else None
        common: dict[str, Any] = {"site": site, "zone": at, "asset": carrier.id if carrier else None}
        events: list[Event] = []
        if holder is not None and zone is not None:
            events.append(HolderPlaced(**telling.common(0), site=site, zone=at, holder=holder, by="tag"))
        if event == "staff-duress":
            code = event if zone else f"{event} at {', '.join(tag.places)}"[:200]
            events.append(PanelSignal(**telling.common(1), **common, what="panic", holder=holder, code=code))
        return events


def _zone(places: Iterable[str], known: Known) -> Zone | None:
    """Return the zone that is called by one of `places`, or in which the asset with that address stands."""
    for place in places:
        asset = known.hospital.at_address("rtls", place)
        found = known.hospital.zone(place) or known.hospital.zone(asset.zone if asset else None)
        if found is not None:
            return found
    return None
