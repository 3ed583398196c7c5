"""Incidents, answers and a small way to feed them to the notification stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Literal

from safecare.model.alert import Domain
from safecare.model.event import Event
from safecare.model.events.acts import NoticeAnswered
from safecare.model.hospital import Hospital, Route
from safecare.model.ids import AlertId, HolderId, IncidentId, NoticeId, SiteId, ZoneId, derived_id
from safecare.model.incident import Incident, Link, State
from safecare.model.notice import Notice, Receipt
from safecare.model.text import Text, say
from safecare.testing.clock import START
from safecare.testing.hospital import small_hospital

TITLE = say("Door forced")
WARD = "aurore.ward.a"
PHARMACY = "aurore.pharmacy"
Answer = Literal["delivered", "read", "acknowledged", "on_my_way", "on_site", "clear", "help"]


def hospital(*routes: Route) -> Hospital:
    """Return the small hospital with `routes` instead of its own, if any are given."""
    base = small_hospital()
    if not routes:
        return base
    fields = {name: getattr(base, name) for name in base.__struct_fields__}
    return Hospital(**{**fields, "routes": routes})


def route(**more: Any) -> Route:
    """Return a route of three levels with a minute each."""
    levels = (("guard",), ("shift_leader",), ("operator", "ciso"))
    return Route(**{"id": "r", "severity": 60, "levels": levels, "answer_within": 60.0, **more})


def incident(
    revision: int = 1,
    *,
    severity: int = 75,
    zones: Sequence[str] = (WARD,),
    state: State = "new",
    number: int = 1,
    title: Text = TITLE,
    holders: Sequence[str] = (),
    domains: Sequence[Domain] = (Domain.PHYSICAL,),
    merged: Sequence[str] = (),
    into: str | None = None,
) -> Incident:
    """Return a revision of incident `number`."""
    return Incident(
        id=IncidentId(derived_id(START, "incident", str(number))),
        revision=revision,
        site=SiteId("aurore"),
        state=state,
        title=title,
        story=(title,),
        severity=severity,
        opened=START,
        updated=START + timedelta(seconds=revision),
        links=(Link(AlertId(derived_id(START, "alert")), None, 1.0, say("First sign")),),
        domains=tuple(domains),
        zones=tuple(map(ZoneId, zones)),
        holders=tuple(map(HolderId, holders)),
        merged=tuple(map(IncidentId, merged)),
        into=IncidentId(into) if into else None,
    )


def answer(notice: Notice, what: Answer, seconds: float = 10, actor: str = "user.7") -> NoticeAnswered:
    """Return a person's answer."""
    at = START + timedelta(seconds=seconds)
    return NoticeAnswered(
        id=Event.id_for(at, "console", f"{notice.id}{what}{actor}"),
        at=at,
        seen=at,
        source="console",
        site=notice.site,
        actor=actor,
        notice=NoticeId(notice.id),
        answer=what,
    )


def notices(items: Iterable[Any]) -> list[Notice]:
    """Return the notices among `items`."""
    return [item for item in items if isinstance(item, Notice)]


def receipts(items: Iterable[Any]) -> list[Receipt]:
    """Return the receipts among `items`."""
    return [item for item in items if isinstance(item, Receipt)]
