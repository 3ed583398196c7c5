"""A combined attack as ready alerts and an incident, for tests of what comes after correlation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from safecare.model.alert import Alert, Domain
from safecare.model.ids import AlertId, AssetId, HolderId, IncidentId, ZoneId, derived_id
from safecare.model.incident import Incident, Link
from safecare.model.text import say
from safecare.testing.hospital_building import SITE

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
"""Time of the first alert."""


class Scene(NamedTuple):
    """Where a vaccine theft happens: ids of one hospital."""

    holder: str
    workstation: str
    server: str
    application: str
    hall: str
    corridor: str
    door: str
    freezer: str
    room: str
    board: str


SMALL = Scene(
    holder="holder.1",
    workstation="ws.pharmacy.1",
    server="server.appointments",
    application="app.appointments",
    hall="aurore.vaccination.hall",
    corridor="aurore.corridor.pharmacy",
    door="door.pharmacy",
    freezer="freezer.1",
    room="aurore.technical.north",
    board="board.north",
)
"""On the tiny hospital."""
DEMO = Scene(
    holder="",
    workstation="ws.aurore.pharmacy.office.1",
    server="server.appointments",
    application="app.appointments",
    hall="aurore.vaccination.hall",
    corridor="aurore.corridor.pharmacy",
    door="door.aurore.pharmacy",
    freezer="freezer.aurore.vaccine.1",
    room="aurore.technical.north",
    board="board.aurore.north",
)
"""On the demo hospital; the mail's reader is left out, because holders are pseudonyms."""


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


def theft_alerts(scene: Scene = SMALL) -> tuple[Alert, ...]:
    """Return the alerts of a vaccine theft in order, from the mail to the power cut."""
    return (
        raised("mail.phishing", 0, holders=(scene.holder,)),
        raised("network.signature", 10, assets=(scene.workstation,)),
        raised("network.lateral-movement", 15, assets=(scene.workstation, scene.server)),
        raised("appointments.mass-change", 25, assets=(scene.application,)),
        raised("people.crowd", 40, zones=(scene.hall,)),
        raised("people.loitering", 45, zones=(scene.corridor,)),
        raised("badge.owner-absent", 50, assets=(scene.door,)),
        raised("freezer.opened", 55, assets=(scene.freezer,)),
        raised("fire.alarm", 58, zones=(scene.room,)),
        raised("power.lost", 60, assets=(scene.board,)),
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
