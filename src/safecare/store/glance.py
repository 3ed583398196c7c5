"""Small questions that the console asks often: how far the store is, what is taken on, how much came lately."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from safecare.model.ids import IncidentId, NoticeId
from safecare.model.notice import TAKEN, Notice, Receipt
from safecare.model.topics import decode
from safecare.store import schema
from safecare.store.database import Database
from safecare.store.schema import micros, moment
from safecare.store.write import GROUP

_CHUNK = 500
"""Ids per query. Chosen: below the 999 variables of old SQLite builds."""


class Glance:
    """Reads `database`; safe to share between threads. Blocking."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._database = database

    def cursor(self) -> int:
        """Return the log's sequence number up to which the store shows everything."""
        with self._database.reading() as connection:
            return connection.scalar(select(schema.cursor.c.seq).where(schema.cursor.c.name == GROUP)) or 0

    def acknowledged(self, incidents: Collection[IncidentId]) -> set[IncidentId]:
        """Return those of `incidents` of which somebody has taken a notice over, as it stands now."""
        table, notice = schema.receipt, schema.notice
        wanted = list(incidents)
        found: set[IncidentId] = set()
        with self._database.reading() as connection:
            for start in range(0, len(wanted), _CHUNK):
                some = wanted[start : start + _CHUNK]
                query = select(table.c.body, notice.c.body).join(notice, notice.c.id == table.c.notice)
                for given, told in connection.execute(
                    query.where(table.c.incident.in_(some), table.c.outcome.in_(TAKEN))
                ):
                    receipt: Receipt = decode("receipt", given.encode())
                    if receipt.incident not in found and receipt.holds(decode("notice", told.encode())):
                        found.add(receipt.incident)
        return found

    def receipts(self, notices: Collection[NoticeId]) -> dict[NoticeId, list[Receipt]]:
        """Return the receipts of `notices`, in order of arrival."""
        table = schema.receipt
        wanted = list(notices)
        found: dict[NoticeId, list[Receipt]] = {id: [] for id in wanted}
        with self._database.reading() as connection:
            for start in range(0, len(wanted), _CHUNK):
                some = wanted[start : start + _CHUNK]
                query = (
                    select(table.c.body).where(table.c.notice.in_(some)).order_by(table.c.seq, table.c.at, table.c.id)
                )
                for body in connection.scalars(query):
                    receipt: Receipt = decode("receipt", body.encode())
                    found[receipt.notice].append(receipt)
        return found

    def current_notices(self, limit: int = 200) -> list[Notice]:
        """Return the newest `limit` notices about incidents that are open, answered or not, the newest first."""
        table, incident = schema.notice, schema.incident
        current = select(incident.c.id).where(incident.c.state != "closed", incident.c.into.is_(None))
        query = select(table.c.body).where(table.c.incident.in_(current)).order_by(table.c.at.desc(), table.c.id.desc())
        with self._database.reading() as connection:
            return [decode("notice", body.encode()) for body in connection.scalars(query.limit(limit))]

    def alert_count(self, since: datetime) -> int:
        """Return the number of alerts whose last event is at or after `since`."""
        query = select(func.count()).select_from(schema.alert).where(schema.alert.c.last >= micros(since))
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def last_data(self, now: datetime) -> datetime | None:
        """Return the time of the newest event that is not after `now` (a sender's clock may be ahead)."""
        query = select(func.max(schema.event.c.at)).where(schema.event.c.at <= micros(now))
        with self._database.reading() as connection:
            newest = connection.scalar(query)
        return None if newest is None else moment(newest)
