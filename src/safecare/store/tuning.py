"""What tells how good rules are, and what people have suppressed. All blocking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select

from safecare.model.alert import Alert
from safecare.model.events import decode_event
from safecare.model.events.acts import IncidentArranged, Suppressed
from safecare.model.incident import Incident
from safecare.model.topics import decode
from safecare.store import schema
from safecare.store.history import fitting
from safecare.store.read import Reader
from safecare.store.schema import micros

JUDGED = 2_000
"""Most closed incidents that are looked at, latest first. Chosen: years of a quiet site."""
PREVIEW = 50_000
"""Most alerts that a preview looks at. Chosen: a second of work; a site with more in a week needs a better rule."""
ARRANGED = 100
"""Most changes by hand of one incident that are told. Chosen: more than any incident sees."""
_CHUNK = 500
"""Ids per query, below the 999 variables of old SQLite builds."""


class Precision(msgspec.Struct):
    """How incidents that a rule had part in were judged when they were closed."""

    true: int = 0
    benign: int = 0
    false: int = 0

    @property
    def share(self) -> float | None:
        """Share (0-1) that were real, or harmless but rightly told; None before the first verdict."""
        judged = self.true + self.benign + self.false
        return (self.true + self.benign) / judged if judged else None


class Tuning:
    """Reads through `reader`'s database; safe to share between threads."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader."""
        self._database = reader.database

    def windows(self) -> list[Suppressed]:
        """Return the latest word on every suppression and maintenance window, latest set first."""
        query = select(schema.audit.c.detail).where(schema.audit.c.act == "act.suppress").order_by(schema.audit.c.seq)
        found: dict[str, Suppressed] = {}
        with self._database.reading() as connection:
            details = connection.scalars(query).all()
        for detail in details:
            act = decode_event(detail.encode())
            if isinstance(act, Suppressed):
                found.pop(act.suppression, None)
                found[act.suppression] = act
        return list(found.values())[::-1]

    def arranged(self, incident: str) -> list[IncidentArranged]:
        """Return what people changed about what belongs to `incident`, latest first, at most `ARRANGED`."""
        table = schema.audit
        query = (
            select(table.c.detail)
            .where(table.c.act == "act.arrange", table.c.detail.contains(incident, autoescape=True))
            .order_by(table.c.seq.desc())
            .limit(ARRANGED)
        )
        with self._database.reading() as connection:
            details = connection.scalars(query).all()
        acts = [decode_event(detail.encode()) for detail in details]
        return [one for one in acts if isinstance(one, IncidentArranged) and incident in {one.incident, one.other}]

    def alerts(self, rules: Sequence[str], begin: datetime, end: datetime) -> Iterator[Alert]:
        """Yield the alerts from `begin` to `end` whose rule fits one of `rules`, latest first, at most `PREVIEW`."""
        table = schema.alert
        query = (
            select(table.c.body)
            .where(fitting(table.c.rule, rules), table.c.last >= micros(begin), table.c.last <= micros(end))
            .order_by(table.c.last.desc())
            .limit(PREVIEW)
        )
        with self._database.reading() as connection:
            bodies = connection.scalars(query).all()
        yield from (decode("alert", body.encode()) for body in bodies)

    def closed(self) -> list[Incident]:
        """Return the incidents that were closed with a verdict, latest first."""
        table = schema.incident
        query = select(table.c.body).where(table.c.state == "closed", table.c.into.is_(None))
        with self._database.reading() as connection:
            bodies = connection.scalars(query.order_by(table.c.updated.desc()).limit(JUDGED)).all()
        found: list[Incident] = [decode("incident", body.encode()) for body in bodies]
        return [one for one in found if one.verdict]

    def rules_of(self, incidents: Sequence[str]) -> dict[str, set[str]]:
        """Return the rules of the alerts of each of `incidents`."""
        link, alert = schema.alert_incident, schema.alert
        found: dict[str, set[str]] = defaultdict(set)
        with self._database.reading() as connection:
            for start in range(0, len(incidents), _CHUNK):
                query = (
                    select(link.c.incident, alert.c.rule)
                    .join_from(link, alert, link.c.alert == alert.c.id)
                    .where(link.c.incident.in_(incidents[start : start + _CHUNK]))
                    .distinct()
                )
                for incident, rule in connection.execute(query):
                    found[incident].add(rule)
        return found

    def precision(self, closed: Sequence[Incident]) -> dict[str, Precision]:
        """Return by rule (detectors' and correlation rules') how those of `closed` that it had part in were judged."""
        rules = self.rules_of([one.id for one in closed])
        found: dict[str, Precision] = defaultdict(Precision)
        for one in closed:
            for rule in rules[one.id] | set(one.rules):
                setattr(found[rule], one.verdict, getattr(found[rule], one.verdict) + 1)
        return found
