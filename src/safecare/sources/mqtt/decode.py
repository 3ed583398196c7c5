"""One MQTT message to events: the topic names the asset, the payload says what happened.

The id of an event is made from topic, payload and time. A device that tells its time may send a message as
often as it likes: it stays one event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from safecare.formats.field import FieldError, Signal, read_field
from safecare.model.event import Event
from safecare.model.events.building import FireSignal, PointChanged, PowerSignal, Reading
from safecare.model.events.doors import BadgeDenied, BadgeGranted, DoorClosed, DoorOpened, HolderPlaced
from safecare.model.hospital import Asset
from safecare.model.ids import HolderId, SiteId, ZoneId
from safecare.sources.api import Intake, UnreadableError

FUTURE = timedelta(minutes=5)
"""A device's clock that is further ahead than this is wrong; the time of receipt is taken (chosen)."""
PAST = timedelta(days=7)
"""So is one further behind: it was never set (chosen: longer than a broker keeps messages over a long week-end)."""


def events_of(topic: str, payload: bytes, source: str, intake: Intake, seen: datetime) -> Iterator[Event]:
    """Yield the events of one message. Raises `UnreadableError`."""
    asset = intake.hospital.at_address("mqtt", topic)
    try:
        message = read_field(payload)
    except FieldError as error:
        raise UnreadableError(error.reason, error.place or topic) from error
    at = message.at if message.at and seen - PAST <= message.at <= seen + FUTURE else seen
    digest = hashlib.sha256(payload).hexdigest()[:32]
    for number, signal in enumerate(message.signals):
        common: dict[str, Any] = {
            "id": Event.id_for(at, source, f"{topic}\x1f{digest}\x1f{number}"),
            "at": at,
            "seen": seen,
            "source": source,
        }
        if signal.what == "placed":
            yield _placed(signal, common, intake)
        elif asset is None:
            raise UnreadableError("no asset of the hospital has this topic", topic)
        else:
            yield _event(
                signal, common | {"site": asset.site, "asset": asset.id, "zone": place_of(asset)}, asset, intake
            )


def place_of(asset: Asset) -> ZoneId | None:
    """Return the zone of `asset`; for a door the inner one of the two that it joins."""
    return asset.zone or (asset.between[1] if asset.between else None)


def _event(signal: Signal, common: dict[str, Any], asset: Asset, intake: Intake) -> Event:
    state: Any = signal.state  # one of the words that `read_field` lets through
    means: Any = signal.means
    match signal.what:
        case "contact" if asset.kind in {"door", "exit"}:
            return DoorOpened(**common, egress=signal.egress) if signal.on else DoorClosed(**common)
        case "contact":
            return PointChanged(**common, point="contact", on=signal.on)
        case "access" if signal.state == "opened":
            return DoorOpened(**common, egress=signal.egress)
        case "access" if signal.state == "closed":
            return DoorClosed(**common)
        case "access" if signal.state == "denied":
            return BadgeDenied(**common, holder=_holder(signal, intake), means=means, reason=signal.reason)
        case "access":
            return BadgeGranted(**common, holder=_holder(signal, intake), means=means, duress=signal.duress)
        case "fire":
            return FireSignal(**common, state=state)
        case "power":
            return PowerSignal(**common, state=state)
        case "reading":
            return Reading(**common, quantity=signal.name, value=signal.value, unit=signal.unit)
        case _:
            return PointChanged(**common, point=signal.name, on=signal.on)


def _placed(signal: Signal, common: dict[str, Any], intake: Intake) -> Event:
    """Return where a holder is; somebody who is away is told at the own site, as far as it is known."""
    hospital, by = intake.hospital, signal.state
    holder = _holder(signal, intake)
    if holder is None:
        raise UnreadableError("whereabouts without a badge", "badge")
    if signal.place:
        zone = hospital.zone(signal.place)
        if zone is None:
            raise UnreadableError(f"no zone of the hospital is called {signal.place}", "placed")
        return HolderPlaced(**common, site=zone.site, zone=zone.id, holder=holder, by=by)  # type: ignore[arg-type]
    person = hospital.person("holder", holder)
    site = person.site if person else next((one.id for one in hospital.sites), SiteId(""))
    return HolderPlaced(**common, site=site, holder=holder, by=by)  # type: ignore[arg-type]


def _holder(signal: Signal, intake: Intake) -> HolderId | None:
    if not signal.badge:
        return None
    person = intake.hospital.person("badge", signal.badge)
    return person.holder if person else HolderId(intake.pseudonym("badge", signal.badge))
