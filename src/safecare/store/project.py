"""Lays batches of the log into the tables. Every function here may be repeated with the same items: no change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.acts import Act
from safecare.model.events.care import CareCounted, CareStated
from safecare.model.events.files import Part
from safecare.model.events.network import IdentitySeen
from safecare.model.forecast import Forecast
from safecare.model.incident import Incident
from safecare.model.notice import Notice, Receipt
from safecare.model.plan import Plan
from safecare.model.topics import Reject
from safecare.store import schema, stations
from safecare.store.audit import extend
from safecare.store.database import insert, insert_new
from safecare.store.held import lay_down
from safecare.store.schema import micros

Row = dict[str, Any]


class Arrived(msgspec.Struct, frozen=True):
    """One item, its JSON, and the sequence number of its batch."""

    seq: int
    item: Any
    raw: bytes


def project(connection: Connection, topic: str, arrived: Sequence[Arrived]) -> None:
    """Lay the items of `topic` into its tables. Raises SQLAlchemy's errors, `ValueError` for an unfit value."""
    if arrived:
        _PROJECTIONS[topic](connection, arrived)


def count(connection: Connection, table: Table, change: int) -> None:
    """Add `change` to the tally of `table`."""
    if change:
        statement = insert(connection, schema.tally).values(name=table.name, n=change)
        total = schema.tally.c.n + statement.excluded.n
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"n": total}))


def _events(connection: Connection, arrived: Sequence[Arrived]) -> None:
    rows = [_event_row(one.item, one.raw) for one in arrived]
    count(connection, schema.event, insert_new(connection, schema.event, rows))
    insert_new(connection, schema.artifact, [row for one in arrived for row in _artifacts(one.item)])
    extend(connection, [one.item for one in arrived if isinstance(one.item, Act)])
    stations.remember(connection, [one.item for one in arrived if isinstance(one.item, IdentitySeen)])
    for one in arrived:
        lay_down(connection, one.item, one.raw, one.seq)
        if isinstance(one.item, CareCounted | CareStated):
            _care(connection, one.item, one.raw)


def _care(connection: Connection, report: CareCounted | CareStated, raw: bytes) -> None:
    """Keep each figure of `report` that was not told of a later time already."""
    for name in report.figures.__struct_fields__:
        if getattr(report.figures, name) is None:
            continue
        row = {"service": _plain(report.service), "figure": name, "at": micros(report.at), "body": raw.decode()}
        statement = insert(connection, schema.care).values(row)
        newer = statement.on_conflict_do_update(
            index_elements=["service", "figure"],
            set_={"at": statement.excluded.at, "body": statement.excluded.body},
            where=statement.excluded.at >= schema.care.c.at,
        )
        connection.execute(newer)


def _event_row(event: Event, raw: bytes) -> Row:
    return {
        "id": _plain(event.id),
        "at": micros(event.at),
        "seen": micros(event.seen),
        "kind": event.kind,
        "asset": event.asset and _plain(event.asset),
        "zone": event.zone and _plain(event.zone),
        "body": raw.decode(),
    }


def _artifacts(event: Event) -> Iterator[Row]:
    for field in _artifact_fields(type(event)):
        value = getattr(event, field)
        for hash in [part.sha256 for part in value if isinstance(part, Part)] if field == "parts" else [value]:
            if hash:
                yield {"hash": _plain(hash), "owner": _plain(event.id), "topic": "event"}


@cache
def _artifact_fields(kind: type[Event]) -> tuple[str, ...]:
    """Return the fields of `kind` that hold artifact hashes."""
    return tuple(
        name
        for name in kind.__struct_fields__
        if name in {"artifact", "still", "picture", "voice", "parts", "call", "clear"}
    )


def _alerts(connection: Connection, arrived: Sequence[Arrived]) -> None:
    alerts: list[tuple[Alert, bytes]] = [(one.item, one.raw) for one in arrived]
    rows: list[Row] = [
        {
            "id": _plain(alert.id),
            "last": micros(alert.last),
            "rule": _plain(alert.rule),
            "severity": alert.severity,
            "body": raw.decode(),
        }
        for alert, raw in alerts
    ]
    count(connection, schema.alert, insert_new(connection, schema.alert, rows))
    stills = [
        {"hash": _plain(alert.still), "owner": _plain(alert.id), "topic": "alert"} for alert, _ in alerts if alert.still
    ]
    insert_new(connection, schema.artifact, stills)


def _incidents(connection: Connection, arrived: Sequence[Arrived]) -> None:
    for one in arrived:
        incident: Incident = one.item
        id = _plain(incident.id)
        body = one.raw.decode()
        step = {
            "id": id,
            "revision": incident.revision,
            "updated": micros(incident.updated),
            "state": incident.state,
        }
        figures = {"severity": incident.severity, "alerts": len(incident.links)}
        if not insert_new(connection, schema.incident_revision, [{**step, **figures}]):
            continue
        row = {**step, "body": body, "into": incident.into and _plain(incident.into)}
        _replace_older(connection, schema.incident, row)
        if incident.into is None:
            _claim(connection, id, [_plain(link.alert) for link in incident.links])


def _claim(connection: Connection, incident: str, alerts: Sequence[str]) -> None:
    """Note that `alerts` belong to `incident`; a merge takes them over from another one."""
    table = schema.alert_incident
    known = set(connection.scalars(select(table.c.alert).where(table.c.incident == incident)))
    rows = [{"alert": alert, "incident": incident} for alert in alerts if alert not in known]
    if rows:
        statement = insert(connection, table)
        taken = statement.on_conflict_do_update(
            index_elements=["alert"], set_={"incident": statement.excluded.incident}
        )
        connection.execute(taken, rows)


def _forecasts(connection: Connection, arrived: Sequence[Arrived]) -> None:
    forecasts: list[tuple[Forecast, Arrived]] = [(one.item, one) for one in arrived]
    rows: list[Row] = [
        {
            "incident": _plain(forecast.incident),
            "revision": forecast.revision,
            "at": micros(forecast.at),
            "seq": one.seq,
            "body": one.raw.decode(),
        }
        for forecast, one in forecasts
    ]
    if rows:
        statement = insert(connection, schema.forecast)
        newer = statement.excluded.seq > schema.forecast.c.seq  # what refines a first estimate has the same key
        kept = {"seq": statement.excluded.seq, "body": statement.excluded.body}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["incident", "revision", "at"], set_=kept, where=newer), rows
        )


def _plans(connection: Connection, arrived: Sequence[Arrived]) -> None:
    plans: list[tuple[Plan, Arrived]] = [(one.item, one) for one in arrived]
    rows: list[Row] = [
        {
            "id": _plain(plan.id),
            "revision": plan.revision,
            "incident": _plain(plan.incident),
            "seq": one.seq,
            "body": one.raw.decode(),
        }
        for plan, one in plans
    ]
    insert_new(connection, schema.plan, rows)


def _notices(connection: Connection, arrived: Sequence[Arrived]) -> None:
    for one in arrived:
        notice: Notice = one.item
        row = {
            "id": _plain(notice.id),
            "revision": notice.revision,
            "incident": _plain(notice.incident),
            "role": _plain(notice.role),
            "at": micros(notice.at),
            "seq": one.seq,
            "body": one.raw.decode(),
        }
        _replace_older(connection, schema.notice, row)


def _receipts(connection: Connection, arrived: Sequence[Arrived]) -> None:
    receipts: list[tuple[Receipt, Arrived]] = [(one.item, one) for one in arrived]
    rows: list[Row] = [
        {
            "id": _plain(receipt.id),
            "notice": _plain(receipt.notice),
            "incident": _plain(receipt.incident),
            "at": micros(receipt.at),
            "outcome": receipt.outcome,
            "seq": one.seq,
            "body": one.raw.decode(),
        }
        for receipt, one in receipts
    ]
    insert_new(connection, schema.receipt, rows)


def _rejects(connection: Connection, arrived: Sequence[Arrived]) -> None:
    rejects: list[tuple[Reject, bytes]] = [(one.item, one.raw) for one in arrived]
    rows: list[Row] = [
        {
            "id": _plain(reject.id),
            "at": micros(reject.at),
            "door": _plain(reject.door),
            "artifact": _plain(reject.artifact),
            "body": raw.decode(),
        }
        for reject, raw in rejects
    ]
    count(connection, schema.reject, insert_new(connection, schema.reject, rows))


def _replace_older(connection: Connection, table: Table, row: Row) -> None:
    """Insert `row`, or put it in the place of a lower revision."""
    statement = insert(connection, table).values(row)
    newer = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={name: statement.excluded[name] for name in row if name != "id"},
        where=statement.excluded.revision > table.c.revision,
    )
    connection.execute(newer)


def _plain(text: str) -> str:
    """Return `text` without NUL, which PostgreSQL can't hold."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


_PROJECTIONS = {
    "event": _events,
    "alert": _alerts,
    "incident": _incidents,
    "forecast": _forecasts,
    "plan": _plans,
    "notice": _notices,
    "receipt": _receipts,
    "reject": _rejects,
}
