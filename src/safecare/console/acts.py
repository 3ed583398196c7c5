"""Acts of people enter the road as events: durable before the person is told that it is done.

An act that is sent again with the same id (a phone that came back from a dead spot) is stored once: its key in
the log and its event id are made from that id and the user's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict

from safecare.console.deps import ConsoleDeps
from safecare.console.rights import Visitor
from safecare.model.event import Event
from safecare.model.events.acts import Act
from safecare.model.ids import EventId, SiteId, new_id

SOURCE = "console"
PAST = timedelta(days=7)
"""Oldest time that we believe of a device (chosen: a phone that was switched off for a holiday week)."""
FUTURE = timedelta(seconds=30)
"""How far a device's clock may be ahead (chosen); beyond that our own time is used."""


class Stamp(TypedDict):
    """The fields that all acts share."""

    id: EventId
    at: datetime
    seen: datetime
    source: str
    site: SiteId
    actor: str
    role: str


class Desk:
    """Takes the acts of people and puts them on the road."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps

    def stamp(self, visitor: Visitor, given: str, site: str, at: datetime | None = None) -> Stamp:
        """Return who, when and where of an act that the browser calls `given` (empty: a fresh id is made)."""
        now = self._deps.clock.now()
        when = at if at is not None and now - PAST <= at <= now + FUTURE else now
        return Stamp(
            id=Event.id_for(when, SOURCE, f"{visitor.user}\x1f{given or new_id(now)}"),
            at=when,
            seen=now,
            source=SOURCE,
            site=SiteId(site),
            actor=visitor.user,
            role=visitor.role,
        )

    async def record(self, act: Act, given: str = "") -> str:
        """Publish `act` under the id that the browser gave, and return the event's id. Raises `LogFullError`."""
        key = f"act:{act.actor}:{act.kind}:{given}" if given else f"act:{act.id}"
        await self._deps.publish([act], key=key)
        return act.id

    def home(self, visitor: Visitor) -> str:
        """Return the site of acts that are about no place: the visitor's, else the hospital's first."""
        return visitor.site or (self._deps.hospital.sites[0].id if self._deps.hospital.sites else "")
