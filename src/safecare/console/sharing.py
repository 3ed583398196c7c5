"""Sharing an incident with others: a preview of what leaves, the message itself, and a record of what went to whom.

A person takes the file, or has it sent to a partner whom the settings name; the platform sends nothing by itself.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.exercises import Exercises
from safecare.console.incidents import Incidents
from safecare.console.rights import Visitor, may_see, within
from safecare.console.web import ProblemError, answer, not_found, read_struct, visitor_of, words_of
from safecare.console.wire.asks import SendShare, Share
from safecare.console.wire.platform import ShareEntry, SharePreview, ShareSent
from safecare.console.words import Words
from safecare.locale.catalogue import LANGUAGES
from safecare.model.alert import Alert
from safecare.model.events import decode_event
from safecare.model.events.acts import IncidentShared
from safecare.model.incident import Incident
from safecare.model.marking import Tlp
from safecare.share.cap import cap
from safecare.share.idmef import idmef
from safecare.share.misp import misp
from safecare.share.redact import Shared, redacted
from safecare.share.stix import stix
from safecare.share.taxii import TaxiiError

MEDIA = {
    "cap": "application/cap+xml",
    "idmef": "application/json",
    "stix": "application/stix+json;version=2.1",
    "misp": "application/json",
}
SHOWN = 200


class Sharing:
    """Says incidents for outsiders. Blocking."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps

    def said(self, incident: Incident, alerts: list[Alert], tlp: Tlp, language: str) -> Shared:
        """Return `incident` in `language`, without what stays in the house."""
        deps = self._deps
        return redacted(
            incident,
            alerts,
            tlp,
            lambda text: deps.catalogue.render(text, language, deps.hospital, incident.site),
            lambda zone: deps.hospital.label(zone, language),
        )

    def message(self, incident: Incident, alerts: list[Alert], tlp: Tlp, form: str, now: datetime) -> bytes:
        """Return the message that a person takes out or has sent."""
        deps = self._deps
        exercise = bool(Exercises(deps.reader).of([incident])[incident.id])
        name = deps.hospital.name.fr if deps.settings.language == "fr" else deps.hospital.name.en
        if form == "cap":
            told = {
                language: self.said(incident, alerts, tlp, language) for language in sorted(LANGUAGES, reverse=True)
            }
            sender = f"safecare@{deps.hospital.id}"
            given = [one for one in self._acts() if one.incident == incident.id and one.form == "cap" and one.revision]
            earlier = [(one.revision, one.at) for one in given]
            return cap(incident, told, sender=sender, area=name, now=now, exercise=exercise, earlier=earlier)
        shared = self.said(incident, alerts, tlp, "en")
        written = {"idmef": idmef, "stix": stix, "misp": misp}[form]
        return written(incident, shared, organisation=name, now=now, exercise=exercise)

    def entries(self, visitor: Visitor, words: Words) -> list[ShareEntry]:
        """Return what was shared, the latest first."""
        return [
            ShareEntry(one.at, words.person(one.actor), one.to, one.tlp, one.form, one.incident, one.sha256, one.answer)
            for one in reversed(self._acts())
            if self._sees(visitor, one)
        ]

    def _sees(self, visitor: Visitor, act: IncidentShared) -> bool:
        """Tell whether `visitor` sees what was shared; when it is there no more, that it was at their site."""
        incident = self._deps.reader.incident(act.incident)
        return may_see(visitor, incident) if incident else within(visitor, act.site)

    def _acts(self) -> list[IncidentShared]:
        """Return what was taken out of the house, in order."""
        acts = [decode_event(one.detail.encode()) for one in self._deps.reader.acts("act.share", SHOWN)]
        return [one for one in acts if isinstance(one, IncidentShared)]


def routes(app: FastAPI, deps: ConsoleDeps, incidents: Incidents) -> None:
    """Add the routes of sharing."""
    sharing = Sharing(deps)
    desk = Desk(deps)

    def found(id: str, request: Request) -> tuple[Incident, list[Alert]]:
        visitor = visitor_of(request)
        incident = incidents.get(id, visitor)
        alerts = deps.reader.alerts(ids=[link.alert for link in incident.links])
        return incident, [one for one in alerts if may_see(visitor, one)]

    @app.get("/api/incidents/{id}/share", name="share_preview")
    async def share_preview(request: Request, id: str, tlp: Tlp = Tlp.AMBER_STRICT) -> Response:
        words = words_of(request)
        incident, alerts = await asyncio.to_thread(found, id, request)
        shared = await asyncio.to_thread(sharing.said, incident, alerts, tlp, words.language)
        return answer(
            SharePreview(
                title=shared.title,
                story=list(shared.story),
                places=list(shared.places),
                techniques=list(shared.techniques),
                withheld=words.all(shared.withheld),
                marking=incident.marking.tlp.value,
                partners=sorted(deps.partners),
            )
        )

    @app.post("/api/incidents/{id}/share", name="share")
    async def share(request: Request, id: str) -> Response:
        """Give the message, and put on record who took it for whom."""
        ask = await read_struct(request, Share)
        incident, alerts = await asyncio.to_thread(found, id, request)
        stamp = desk.stamp(visitor_of(request), ask.id, incident.site)
        raw = await asyncio.to_thread(sharing.message, incident, alerts, Tlp(ask.tlp), ask.form, stamp["at"])
        act = IncidentShared(
            **stamp,
            incident=incident.id,
            revision=incident.revision,
            to=ask.to,
            tlp=ask.tlp,
            form=ask.form,
            sha256=hashlib.sha256(raw).hexdigest(),
        )
        await desk.record(act, ask.id)
        return Response(raw, 200, {"Cache-Control": "no-store"}, MEDIA[ask.form])

    @app.post("/api/incidents/{id}/send", name="send_share")
    async def send_share(request: Request, id: str) -> Response:
        """Send it to a partner. On record before it leaves, and again with the answer."""
        ask = await read_struct(request, SendShare)
        partner = deps.partners.get(ask.to)
        if partner is None:
            raise not_found()
        incident, alerts = await asyncio.to_thread(found, id, request)
        raw = await asyncio.to_thread(sharing.message, incident, alerts, Tlp(ask.tlp), "stix", deps.clock.now())
        visitor, digest = visitor_of(request), hashlib.sha256(raw).hexdigest()

        async def record(given: str, said: str) -> None:
            stamp = desk.stamp(visitor, given, incident.site)
            act = IncidentShared(
                **stamp,
                incident=incident.id,
                revision=incident.revision,
                to=ask.to,
                tlp=ask.tlp,
                form="taxii",
                sha256=digest,
                answer=said,
            )
            await desk.record(act, given)

        await record(ask.id, "")
        later = f"{ask.id}.answer" if ask.id else ""
        try:
            taken = await asyncio.to_thread(partner.add, raw)
        except TaxiiError as error:
            await record(later, "failed")
            raise ProblemError(502, error.reason) from error
        await record(later, f"{taken.taken}/{taken.taken + taken.refused + taken.waiting}")
        return answer(ShareSent(taken.taken, taken.refused, taken.waiting, list(taken.reasons)))

    @app.get("/api/shares", name="shares")
    async def shares(request: Request) -> Response:
        return answer(await asyncio.to_thread(sharing.entries, visitor_of(request), words_of(request)))
