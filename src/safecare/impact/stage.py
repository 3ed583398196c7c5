"""The stage that answers each incident with a forecast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from safecare.cascade.engine import Cascade
from safecare.cascade.memory import AlertMemory
from safecare.impact.forecast import forecast
from safecare.model.alert import Alert
from safecare.model.hospital import Hospital
from safecare.model.ids import AlertId, IncidentId
from safecare.model.incident import Incident
from safecare.model.layout import laid_out
from safecare.model.topics import Item

MOST_INCIDENTS = 2000
"""Incidents whose last evidence is remembered. Chosen: far more than are ever open."""

Evidence = tuple[tuple[AlertId, ...], bool]
"""Alerts of an incident, and whether a person has confirmed it: what a forecast hangs on."""


class _State(msgspec.Struct):
    alerts: list[bytes]
    evidence: dict[IncidentId, Evidence]
    rough: dict[IncidentId, Incident] = {}


class ImpactStage:
    """Remembers alerts; a new revision of an open incident with other evidence gives a forecast of that revision.

    Of several revisions in one batch only the newest is answered. An incident that reaches much is answered at once
    with a first estimate, and again when nothing else is to be read.
    """

    group = "impact"
    topics = frozenset({"incident", "alert"})

    def __init__(self, hospital: Hospital, cascade: Cascade | None = None) -> None:
        self._cascade = cascade or Cascade.of(hospital)
        self._alerts = AlertMemory()
        self._evidence: dict[IncidentId, Evidence] = {}
        self._rough: dict[IncidentId, Incident] = {}
        """Incidents of which only a first estimate was given, the oldest first."""

    def feed(self, items: Sequence[Any]) -> Iterable[Item]:
        """Take alerts and incidents, yield forecasts."""
        newest: dict[IncidentId, Incident] = {}
        for item in items:
            if isinstance(item, Alert):
                self._alerts.keep(item)
            elif isinstance(item, Incident):
                known = newest.get(item.id)
                if known is None or item.revision > known.revision:
                    newest[item.id] = item
        for incident in newest.values():
            yield from self._answer(incident)

    def _answer(self, incident: Incident) -> Iterator[Item]:
        if incident.state == "closed" or incident.into is not None:
            self._evidence.pop(incident.id, None)
            self._rough.pop(incident.id, None)
            return
        ids = tuple(link.alert for link in incident.links)
        evidence = (ids, incident.confirmed)
        if self._evidence.get(incident.id) == evidence:
            return
        self._evidence.pop(incident.id, None)
        self._evidence[incident.id] = evidence
        while len(self._evidence) > MOST_INCIDENTS:
            del self._evidence[next(iter(self._evidence))]
        self._rough.pop(incident.id, None)
        found = forecast(self._cascade, incident, self._alerts.find(ids), first=True)
        if found.rough:
            self._rough[incident.id] = incident
        yield found

    def tick(self, now: datetime) -> Iterable[Item]:
        """Refine one first estimate, if there is any: between two of them others are heard."""
        for id in list(self._rough)[:1]:
            incident = self._rough.pop(id)
            yield forecast(self._cascade, incident, self._alerts.find(link.alert for link in incident.links))

    def snapshot(self) -> bytes:
        """Return the state that is needed to go on from here."""
        return msgspec.msgpack.encode(_State(self._alerts.snapshot(), self._evidence, self._rough))

    def restore(self, state: bytes) -> None:
        """Go back to the state that `snapshot` gave; empty bytes mean a fresh start."""
        kept = msgspec.msgpack.decode(state, type=laid_out(_State)) if state else _State([], {})
        self._alerts.restore(kept.alerts)
        self._evidence, self._rough = kept.evidence, kept.rough
