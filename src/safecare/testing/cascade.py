"""A combined attack on the tiny hospital as ready alerts and an incident, for tests of what comes after correlation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from safecare.model.alert import Alert, Domain
from safecare.model.ids import AlertId, AssetId, HolderId, IncidentId, ZoneId, derived_id
from safecare.model.incident import Incident, Link
from safecare.model.text import say
from safecare.testing.hospital_building import SITE

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
"""Time of the first alert."""
PHYSICAL = frozenset({"people", "camera", "door", "badge", "freezer", "reading", "fire", "power", "point"})
"""First words of rules about places and things; all others are cyber."""


def raised(
    rule: str,
    minute: float,
    *,
    assets: tuple[str, ...] = (),
    zones: tuple[str, ...] = (),
    holders: tuple[str, ...] = (),
    confidence: float = 0.8,
) -> Alert:
    """Return an alert of `rule`, `minute` minutes after `START`."""
    at = START + timedelta(minutes=minute)
    physical = rule.split(".")[0] in {
        "people",
        "camera",
        "door",
        "badge",
        "freezer",
        "reading",
        "fire",
        "power",
        "point",
    }
    return Alert(
        id=AlertId(derived_id(at, "alert", rule, *assets, *zones)),
        rule=rule,
        rule_version=1,
        domain=Domain.PHYSICAL if physical else Domain.CYBER,
        site=SITE,
        first=at,
        last=at,
        severity=70,
        confidence=confidence,
        title=say("Suspicious: {rule}", rule=rule),
        why=(),
        because=(),
        assets=tuple(AssetId(asset) for asset in assets),
        zones=tuple(ZoneId(zone) for zone in zones),
        holders=tuple(HolderId(holder) for holder in holders),
    )


def theft_alerts() -> tuple[Alert, ...]:
    """Return the alerts of a vaccine theft in order, from the mail to the power cut."""
    return (
        raised("mail.phishing", 0, holders=("holder.1",)),
        raised("network.signature", 10, assets=("ws.pharmacy.1",)),
        raised("network.lateral-movement", 15, assets=("ws.pharmacy.1", "server.appointments")),
        raised("appointments.mass-change", 25, assets=("app.appointments",)),
        raised("people.crowd", 40, assets=("camera.hall",), zones=("aurore.vaccination.hall",)),
        raised("people.loitering", 45, assets=("camera.corridor",), zones=("aurore.corridor.pharmacy",)),
        raised("badge.owner-absent", 50, assets=("door.pharmacy",), zones=("aurore.pharmacy",)),
        raised("freezer.opened", 55, assets=("freezer.1",), zones=("aurore.pharmacy.cold",)),
        raised("fire.alarm", 58, assets=("fire.technical.north",), zones=("aurore.technical.north",)),
        raised("power.lost", 60, assets=("board.north",), zones=("aurore.technical.north",)),
    )


def incident_of(
    alerts: tuple[Alert, ...],
    revision: int = 1,
    state: Literal["new", "validated", "contained", "closed"] = "new",
) -> Incident:
    """Return a revision of the incident that ties `alerts`."""
    first = alerts[0]
    links = tuple(
        Link(alert.id, None if alert is first else first.id, 1.0, say("Same place and time")) for alert in alerts
    )
    return Incident(
        id=IncidentId(derived_id(first.first, "incident", first.id)),
        revision=revision,
        site=first.site,
        state=state,
        title=say("Several suspicious things"),
        story=(),
        severity=max(alert.severity for alert in alerts),
        opened=min(alert.first for alert in alerts),
        updated=max(alert.last for alert in alerts),
        links=links,
        domains=tuple(dict.fromkeys(alert.domain for alert in alerts)),
        assets=tuple(dict.fromkeys(asset for alert in alerts for asset in alert.assets)),
        zones=tuple(dict.fromkeys(zone for alert in alerts for zone in alert.zones)),
    )
