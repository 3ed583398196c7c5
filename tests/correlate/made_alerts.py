"""Alerts for correlation tests, and the stage run over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from safecare.correlate.stage import CorrelateStage
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.acts import IncidentJudged
from safecare.model.ids import AlertId, AssetId, EventId, HolderId, IncidentId, SiteId, ZoneId, derived_id
from safecare.model.incident import Incident, State, Verdict
from safecare.model.text import say
from safecare.testing.hospital import small_hospital

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CYBER, PHYSICAL = Domain.CYBER, Domain.PHYSICAL


def made(
    rule: str,
    seconds: float,
    *,
    severity: int = 50,
    confidence: float = 0.8,
    domain: Domain = PHYSICAL,
    assets: Sequence[str] = (),
    zones: Sequence[str] = (),
    holders: Sequence[str] = (),
    peers: Sequence[str] = (),
    lasting: float = 0.0,
    name: str = "",
) -> Alert:
    """Return an alert `seconds` after the start; `name` tells apart what is otherwise the same."""
    at = START + timedelta(seconds=seconds)
    parts = (rule, *assets, *zones, *holders, *peers, name, str(seconds))
    return Alert(
        id=AlertId(derived_id(at, "alert", *parts)),
        rule=rule,
        rule_version=1,
        domain=domain,
        site=SiteId("aurore"),
        first=at,
        last=at + timedelta(seconds=lasting),
        severity=severity,
        confidence=confidence,
        title=say("Something"),
        why=(),
        because=(EventId(derived_id(at, "event", *parts)),),
        assets=tuple(map(AssetId, assets)),
        zones=tuple(map(ZoneId, zones)),
        holders=tuple(map(HolderId, holders)),
        peers=tuple(peers),
    )


def judged(
    incident: str, state: State, seconds: float, *, verdict: Verdict = "", actor: str = "user.1"
) -> IncidentJudged:
    """Return a person's act."""
    at = START + timedelta(seconds=seconds)
    return IncidentJudged(
        id=Event.id_for(at, "console", f"{incident}{state}{actor}"),
        at=at,
        seen=at,
        source="console",
        site=SiteId("aurore"),
        actor=actor,
        incident=IncidentId(incident),
        state=state,
        verdict=verdict,
    )


def run(
    items: Iterable[Alert | IncidentJudged], *, batch: int = 1, stage: CorrelateStage | None = None
) -> list[Incident]:
    """Feed `items` in batches and return every revision."""
    stage = stage or CorrelateStage(small_hospital())
    rest = list(items)
    found: list[Incident] = []
    while rest:
        found += [item for item in stage.feed(rest[:batch]) if isinstance(item, Incident)]
        del rest[:batch]
    return found


def latest(revisions: Iterable[Incident]) -> dict[str, Incident]:
    """Return the latest revision of each incident."""
    found: dict[str, Incident] = {}
    for one in revisions:
        if one.id not in found or found[one.id].revision < one.revision:
            found[one.id] = one
    return found


def partition(revisions: Iterable[Incident]) -> set[frozenset[str]]:
    """Return which alerts are together in an incident that was not taken in by another one."""
    return {frozenset(link.alert for link in one.links) for one in latest(revisions).values() if one.into is None}


def sorted_by_time(alerts: Iterable[Alert]) -> list[Alert]:
    """Return `alerts` in the order of their event time."""
    return sorted(alerts, key=lambda alert: alert.first)


def theft() -> list[Alert]:
    """Return the alerts of the vaccine theft, in order (SAFECARE's scenario, over half an hour)."""
    corridor, pharmacy, cold = "aurore.corridor.pharmacy", "aurore.pharmacy", "aurore.pharmacy.cold"
    technical, workstation, server = "aurore.technical.north", "ws.pharmacy.1", "server.appointments"
    return [
        made("mail.phishing", 0, severity=60, domain=CYBER, assets=["ws.pharmacy.1"], holders=["holder.1"]),
        made("network.signature", 240, severity=70, domain=CYBER, assets=[workstation], peers=["203.0.113.9"]),
        made("network.scan", 300, domain=CYBER, assets=[workstation], zones=["aurore.office.pharmacy"]),
        made("network.lateral-movement", 360, severity=70, domain=CYBER, assets=[workstation, server]),
        made("appointments.mass-change", 480, severity=70, confidence=0.9, domain=CYBER, assets=["app.appointments"]),
        made("people.crowd", 1200, assets=["camera.hall"], zones=["aurore.vaccination.hall"], lasting=400),
        made("people.loitering", 1450, severity=40, assets=["camera.corridor"], zones=[corridor], lasting=60),
        made("badge.owner-absent", 1600, severity=70, assets=["door.pharmacy"], zones=[pharmacy], holders=["holder.1"]),
        made("point.abnormal", 1660, severity=55, assets=["freezer.1"], zones=[cold]),
        made("reading.out-of-range", 1700, severity=65, assets=["freezer.1"], zones=[cold]),
        made("fire.alarm", 1760, severity=90, assets=["fire.technical.north"], zones=[technical]),
        made("power.lost", 1790, severity=80, assets=["board.north"], zones=[technical]),
        made("door.emergency-exit", 1850, severity=40, assets=["door.stairs"], zones=["aurore.stairs.north"]),
    ]


def noise() -> list[Alert]:
    """Return alerts of the same half hour that have nothing to do with the theft."""
    return [
        made("door.held-open", 900, severity=30, assets=["door.main"], zones=["aurore.entrance"]),
        made("network.signature", 1000, severity=30, confidence=0.5, domain=CYBER, assets=["modality.ct.1"]),
        made("people.loitering", 1500, severity=30, assets=["camera.parking"], zones=["aurore.outdoor"]),
        made("mail.phishing", 1300, severity=65, domain=CYBER, assets=["server.mail"], holders=["holder.6"]),
        made("reading.out-of-range", 700, severity=65, assets=["fridge.far"], zones=["tilleuls.store"]),
    ]
