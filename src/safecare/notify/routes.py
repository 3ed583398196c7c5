"""Which route covers which incident, and why one does not: the same answer for telling people and for explaining."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from safecare.model.hospital import Hospital, Route
from safecare.model.ids import SiteId
from safecare.model.incident import Incident
from safecare.model.shift import on_duty
from safecare.model.text import Text, say


def at_site(route: Route, site: SiteId) -> bool:
    """Tell whether `route` is in force at `site`."""
    return not route.sites or site in route.sites


def obstacle(route: Route, incident: Incident, hospital: Hospital, at: datetime) -> Text | None:
    """Return why `route` does not cover `incident` at time `at`; None when it does."""
    if not at_site(route, incident.site):
        return say("The route {route} is for other sites", route=route.id)
    if incident.severity < route.severity:
        return say(
            "The route {route} begins at severity {least}; this incident has {severity}",
            route=route.id,
            least=route.severity,
            severity=incident.severity,
        )
    if route.zones and not set(route.zones).intersection(incident.zones):
        return say("The route {route} is for other places", route=route.id)
    if route.domains and not set(route.domains).intersection(map(str, incident.domains)):
        return say("The route {route} is for another kind of attack", route=route.id)
    if route.shifts and not on_duty(route.shifts, local_time(hospital, incident.site, at)):
        return say("The route {route} is not in force at this hour", route=route.id)
    return None


def local_time(hospital: Hospital, site: str, at: datetime) -> datetime:
    """Return `at` in the time of `site`; of the hospital's first site where there is no such."""
    known = {one.id: one.timezone for one in hospital.sites}
    zone = known.get(SiteId(site)) or next(iter(known.values()), "UTC")
    return at.astimezone(ZoneInfo(zone))
