"""Questions to the central database. All blocking; every answer is of the model's types.

Order: events and alerts by event time, then id, the newest `limit` of them, oldest first. Incidents,
notices and rejects newest first. Revisions, receipts and the audit chain in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Row, Select, Table, and_, exists, func, select

from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events import decode_event
from safecare.model.events.care import CareCounted, CareStated
from safecare.model.events.video import PeopleSeen, ThingsSeen
from safecare.model.forecast import Forecast
from safecare.model.ids import AlertId, ArtifactHash, AssetId, EventId, IncidentId, NoticeId, PlanId, ZoneId
from safecare.model.incident import Incident
from safecare.model.network import Said
from safecare.model.notice import TAKEN, Notice, Receipt
from safecare.model.plan import Plan
from safecare.model.topics import Reject, decode
from safecare.store import schema
from safecare.store.audit import AuditEntry
from safecare.store.database import Database
from safecare.store.schema import micros, moment
from safecare.store.stations import said

_TOPICS: dict[type, str] = {
    Event: "event",
    Alert: "alert",
    Incident: "incident",
    Forecast: "forecast",
    Plan: "plan",
    Notice: "notice",
    Receipt: "receipt",
    Reject: "reject",
}
T = TypeVar("T")

_CHUNK = 500
"""Ids per query. Chosen: below the 999 variables of old SQLite builds."""
_MERGES = 100
"""Most merges followed from one incident to the next. Chosen: far above any real chain; ends a loop."""


OWNERS = 500
"""Most events and alerts of one artifact that are looked at. Chosen: far above what one picture belongs to."""
STILLS = 20_000
"""Events of a camera among which its newest picture is looked for. Chosen: three hours of people all the time."""
HISTORY = 500
"""Most revisions of an incident that are shown. Chosen: a day of changes every three minutes."""


class Revision(msgspec.Struct, frozen=True):
    """One step of an incident's history: when, in which state, how severe, with how many alerts."""

    revision: int
    at: datetime
    state: str
    severity: int
    alerts: int


class Reader:
    """Reads `database`; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def database(self) -> Database:
        """What is read."""
        return self._database

    def event(self, id: EventId) -> Event | None:
        """Return one event, or None."""
        return next(iter(self.events([id])), None)

    def events(self, ids: Collection[EventId]) -> list[Event]:
        """Return those of `ids` that are there, by time."""
        events = self._by_ids(Event, schema.event, ids)
        return sorted(events, key=lambda event: (event.at, event.id))

    def care(self) -> dict[tuple[str, str], CareCounted | CareStated]:
        """Return the latest report on each figure, by service and name of the figure."""
        table = schema.care
        with self._database.reading() as connection:
            rows = connection.execute(select(table.c.service, table.c.figure, table.c.body)).all()
        found = ((service, figure, decode_event(body.encode())) for service, figure, body in rows)
        return {(service, figure): one for service, figure, one in found if isinstance(one, CareCounted | CareStated)}

    def events_about(
        self, asset: AssetId | None = None, zone: ZoneId | None = None, since: datetime | None = None, limit: int = 100
    ) -> list[Event]:
        """Return the newest `limit` events of `asset` and in `zone` (both, if both are given) at or after `since`."""
        table = schema.event
        wanted: list[ColumnElement[bool]] = []
        if asset is not None:
            wanted.append(table.c.asset == asset)
        if zone is not None:
            wanted.append(table.c.zone == zone)
        if since is not None:
            wanted.append(table.c.at >= micros(since))
        query = select(table.c.body).where(*wanted).order_by(table.c.at.desc(), table.c.id.desc()).limit(limit)
        return self._items(Event, query)[::-1]

    def owners(self, artifact: ArtifactHash) -> list[Event | Alert]:
        """Return the events and alerts that refer to `artifact`."""
        table = schema.artifact
        query = select(table.c.owner, table.c.topic).where(table.c.hash == artifact).limit(OWNERS)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        alerts = self.alerts(ids=[AlertId(id) for id, topic in rows if topic == "alert"], limit=OWNERS)
        return [*self.events([EventId(id) for id, topic in rows if topic == "event"]), *alerts]

    def last_still(self, camera: AssetId) -> PeopleSeen | ThingsSeen | None:
        """Return the newest event of `camera` with which a picture was kept, among its last `STILLS` events."""
        table, kept = schema.event, schema.artifact
        newest = (
            select(table.c.id, table.c.at)
            .where(table.c.asset == camera, table.c.kind.in_(("people.seen", "things.seen")))
            .order_by(table.c.at.desc())
            .limit(STILLS)
        ).subquery()
        query = (
            select(newest.c.id)
            .join(kept, (kept.c.owner == newest.c.id) & (kept.c.topic == "event"))
            .order_by(newest.c.at.desc())
            .limit(1)
        )
        found = self._value(query)
        event = self.event(EventId(found)) if found else None
        return event if isinstance(event, PeopleSeen | ThingsSeen) and event.still else None

    def alerts(
        self, ids: Collection[AlertId] | None = None, since: datetime | None = None, limit: int = 200
    ) -> list[Alert]:
        """Return the alerts `ids`, or the newest `limit` whose last event is at or after `since`."""
        if ids is not None:
            alerts = self._by_ids(Alert, schema.alert, ids)
            return sorted(alerts, key=lambda alert: (alert.last, alert.id))
        table = schema.alert
        query = select(table.c.body).order_by(table.c.last.desc(), table.c.id.desc()).limit(limit)
        if since is not None:
            query = query.where(table.c.last >= micros(since))
        return self._items(Alert, query)[::-1]

    def alert_incident(self, alert: AlertId) -> IncidentId | None:
        """Return the incident that `alert` belongs to, merges followed, or None."""
        table = schema.alert_incident
        incident = self._value(select(table.c.incident).where(table.c.alert == alert))
        for _ in range(_MERGES):
            into = self._value(select(schema.incident.c.into).where(schema.incident.c.id == incident))
            if into is None:
                break
            incident = into
        return None if incident is None else IncidentId(incident)

    def incidents_of(self, alerts: Collection[AlertId]) -> dict[AlertId, Incident]:
        """Return the latest revision of the incident that each of `alerts` belongs to; those of none are left out.

        An incident that was taken in by another one stands for itself: its alerts are claimed by the other one.
        """
        table, incident = schema.alert_incident, schema.incident
        wanted = list(dict.fromkeys(alerts))
        owners: dict[AlertId, str] = {}
        with self._database.reading() as connection:
            for start in range(0, len(wanted), _CHUNK):
                some = table.c.alert.in_(wanted[start : start + _CHUNK])
                rows = connection.execute(select(table.c.alert, table.c.incident).where(some))
                owners.update((AlertId(row[0]), row[1]) for row in rows)
        found: dict[str, Incident] = {one.id: one for one in self._by_ids(Incident, incident, set(owners.values()))}
        return {alert: found[owner] for alert, owner in owners.items() if owner in found}

    def incidents(self, *, open_only: bool = True, limit: int = 200) -> list[Incident]:
        """Return the latest revisions, last changed first; `open_only` leaves out closed and merged ones."""
        table = schema.incident
        query = select(table.c.body).order_by(table.c.updated.desc(), table.c.id.desc()).limit(limit)
        return self._items(Incident, query.where(_open_incident()) if open_only else query)

    def incident(self, id: IncidentId) -> Incident | None:
        """Return the latest revision of one incident, or None."""
        return self._one(Incident, select(schema.incident.c.body).where(schema.incident.c.id == id))

    def history(self, id: IncidentId, limit: int = HISTORY) -> list[Revision]:
        """Return the latest `limit` revisions of one incident, first one first."""
        table = schema.incident_revision
        query = select(table).where(table.c.id == id).order_by(table.c.revision.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Revision(row["revision"], moment(row["updated"]), row["state"], row["severity"], row["alerts"])
            for row in reversed(rows)
        ]

    def first_known(self, ids: Collection[IncidentId]) -> dict[IncidentId, datetime]:
        """Return, by incident, the event time of the latest alert that it was opened with."""
        table = schema.incident_revision
        query = select(table.c.id, func.min(table.c.updated)).where(table.c.id.in_(list(ids))).group_by(table.c.id)
        with self._database.reading() as connection:
            return {IncidentId(id): moment(at) for id, at in connection.execute(query)}

    def forecast(self, incident: IncidentId) -> Forecast | None:
        """Return the latest forecast for `incident`, or None."""
        table = schema.forecast
        query = select(table.c.body).where(table.c.incident == incident)
        return self._one(Forecast, query.order_by(table.c.revision.desc(), table.c.seq.desc(), table.c.at.desc()))

    def plan(self, incident: IncidentId) -> Plan | None:
        """Return the latest plan for `incident`, or None."""
        table = schema.plan
        query = select(table.c.body).where(table.c.incident == incident)
        return self._one(Plan, query.order_by(table.c.seq.desc(), table.c.revision.desc()))

    def plan_by_id(self, id: PlanId) -> Plan | None:
        """Return the latest revision of one plan, or None."""
        table = schema.plan
        return self._one(Plan, select(table.c.body).where(table.c.id == id).order_by(table.c.revision.desc()))

    def notices(self, incident: IncidentId | None = None, role: str | None = None) -> list[Notice]:
        """Return the latest revisions, newest first."""
        table = schema.notice
        query = select(table.c.body).order_by(table.c.at.desc(), table.c.id.desc())
        if incident is not None:
            query = query.where(table.c.incident == incident)
        if role is not None:
            query = query.where(table.c.role == role)
        return self._items(Notice, query)

    def notices_with(self, still: ArtifactHash) -> list[Notice]:
        """Return the latest revisions of the notices that show `still`."""
        found = self._items(Notice, select(schema.notice.c.body).where(schema.notice.c.body.contains(still)))
        return [one for one in found if one.still == still]

    def notice(self, id: NoticeId) -> Notice | None:
        """Return the latest revision of one notice, or None."""
        return self._one(Notice, select(schema.notice.c.body).where(schema.notice.c.id == id))

    def receipts(self, notice: NoticeId | None = None, incident: IncidentId | None = None) -> list[Receipt]:
        """Return the receipts of `notice` or `incident` (or all), in order of arrival."""
        table = schema.receipt
        query = select(table.c.body).order_by(table.c.seq, table.c.at, table.c.id)
        if notice is not None:
            query = query.where(table.c.notice == notice)
        if incident is not None:
            query = query.where(table.c.incident == incident)
        return self._items(Receipt, query)

    def rejects(self, limit: int = 100, door: str | None = None) -> list[Reject]:
        """Return the newest `limit` rejects, of `door` if given."""
        table = schema.reject
        query = select(table.c.body).order_by(table.c.at.desc(), table.c.id.desc()).limit(limit)
        return self._items(Reject, query.where(table.c.door == door) if door is not None else query)

    def reject(self, id: str) -> Reject | None:
        """Return one reject, or None."""
        return self._one(Reject, select(schema.reject.c.body).where(schema.reject.c.id == id))

    def stations(self) -> list[Said]:
        """Return what the stations of the network said of themselves, newest first."""
        return said(self._database)

    def audit(self, after: int = 0, limit: int = 200) -> list[AuditEntry]:
        """Return up to `limit` sealed acts after number `after`, in order."""
        table = schema.audit
        with self._database.reading() as connection:
            rows = connection.execute(select(table).where(table.c.seq > after).order_by(table.c.seq).limit(limit)).all()
        return [_entry(row) for row in rows]

    def acts(self, kind: str, limit: int = 500) -> list[AuditEntry]:
        """Return the newest `limit` sealed acts of `kind` (``act.exercise``), in order."""
        table = schema.audit
        query = select(table).where(table.c.act == kind).order_by(table.c.seq.desc()).limit(limit)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [_entry(row) for row in reversed(rows)]

    def counts(self) -> dict[str, int]:
        """Return how many there are: events, alerts, incidents, incidents_open, notices_open, rejects, audit."""
        with self._database.reading() as connection:
            tally = {row.name: row.n for row in connection.execute(select(schema.tally))}
            counted = {
                "incidents": select(func.count()).select_from(schema.incident),
                "incidents_open": select(func.count()).select_from(schema.incident).where(_open_incident()),
                "notices_open": select(func.count()).select_from(schema.notice).where(_open_notice()),
                "audit": select(func.coalesce(func.max(schema.audit.c.seq), 0)),
            }
            counts = {name: connection.scalar(query) or 0 for name, query in counted.items()}
        return {
            "events": tally.get("event", 0),
            "alerts": tally.get("alert", 0),
            "rejects": tally.get("reject", 0),
            **counts,
        }

    def _by_ids(self, kind: type[T], table: Table, ids: Collection[str]) -> list[T]:
        wanted = list(dict.fromkeys(ids))
        found: list[T] = []
        for start in range(0, len(wanted), _CHUNK):
            found += self._items(kind, select(table.c.body).where(table.c.id.in_(wanted[start : start + _CHUNK])))
        return found

    def _items(self, kind: type[T], query: Select[Any]) -> list[T]:
        topic = _TOPICS[kind]
        with self._database.reading() as connection:
            bodies: Sequence[str] = connection.scalars(query).all()
        return [decode(topic, body.encode()) for body in bodies]

    def _one(self, kind: type[T], query: Select[Any]) -> T | None:
        return next(iter(self._items(kind, query.limit(1))), None)

    def _value(self, query: Select[Any]) -> str | None:
        with self._database.reading() as connection:
            value: str | None = connection.scalar(query)
        return value


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(row.seq, moment(row.at), row.actor, row.act, row.detail, row.hash.hex())


def _open_incident() -> ColumnElement[bool]:
    table = schema.incident
    return and_(table.c.state != "closed", table.c.into.is_(None))


def _open_notice() -> ColumnElement[bool]:
    """Nobody has taken the notice over since its latest revision came (by order of arrival: clocks may jump).

    One about an incident that is closed or merged waits for nobody, nor does a test of a channel, which is about none.
    """
    table, receipt = schema.notice, schema.receipt
    answered = and_(receipt.c.notice == table.c.id, receipt.c.outcome.in_(TAKEN), receipt.c.seq >= table.c.seq)
    known = exists().where(schema.incident.c.id == table.c.incident, ~_open_incident())
    return and_(table.c.incident != "", ~exists().where(answered), ~known)
