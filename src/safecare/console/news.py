"""What screens are told of a thing of the log, and who may know of it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TypeVar

import msgspec

from safecare.console.deps import ConsoleDeps
from safecare.console.exercises import Exercises
from safecare.console.rights import LIVE, RIGHTS, Visitor, addressed, may_read_notice, may_see_at, within
from safecare.model.alert import Alert
from safecare.model.forecast import Forecast
from safecare.model.ids import NoticeId
from safecare.model.incident import Incident
from safecare.model.marking import Marking
from safecare.model.notice import Notice, Receipt
from safecare.model.plan import Plan
from safecare.model.severity import Level, level_of, rank_of
from safecare.model.text import Text
from safecare.model.topics import Reject

V = TypeVar("V")

REMEMBERED = 4096
"""Incidents and notices that are remembered (chosen: bounded memory; what is forgotten is read again)."""


class News(msgspec.Struct, frozen=True):
    """One thing that changed, before it is put into a reader's language."""

    topic: str
    id: str
    incident: str | None = None
    level: Level | None = None
    title: Text | None = None
    rings: bool = False
    site: str = ""
    marking: Marking = Marking()
    about: tuple[str, ...] = ()
    """Zones and assets that it is about."""
    role: str = ""
    user: str = ""
    whole: Incident | None = None
    """A new revision of an incident: browsers show it at once, without asking for it."""
    taken: bool = False
    """Somebody has acknowledged a notice about it."""
    exercise: str = ""
    """The scenario that ran when it began."""

    def seen_by(self, visitor: Visitor) -> bool:
        """Tell whether `visitor` may know."""
        if self.topic in {"notice", "receipt"}:
            return may_read_notice(visitor, self.role, self.user, self.site, next(iter(self.about), None))
        if self.topic == "exercise":
            return True
        if self.topic == "level":
            return visitor.role in RIGHTS["level"] and within(visitor, self.site)
        if visitor.role not in LIVE[self.topic]:
            return False
        return self.topic == "reject" or may_see_at(visitor, self.site, self.marking, self.about)

    def rings_for(self, visitor: Visitor) -> bool:
        """Tell whether the browser of `visitor` makes a sound: new or worse for the desk, a notice for its reader."""
        return self.rings and (self.topic != "notice" or addressed(visitor, self.role, self.user))


class Newsroom:
    """Makes news of the items of the log; remembers what it needs to tell new from known."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps
        self._ranks: OrderedDict[str, int] = OrderedDict()
        self._notices: OrderedDict[str, Notice] = OrderedDict()

    async def news(self, item: object) -> News | None:
        """Return what screens are told of `item`; None for what they are not told of."""
        match item:
            case Incident():
                taken = await asyncio.to_thread(self._deps.glance.acknowledged, [item.id])
                played = await asyncio.to_thread(Exercises(self._deps.reader).of, [item])
                return self._incident(item, taken=bool(taken), exercise=played[item.id])
            case Alert():
                level = level_of(item.severity)
                about, marking = (*item.zones, *item.assets), item.marking
                return News("alert", item.id, None, level, item.title, site=item.site, marking=marking, about=about)
            case Forecast() | Plan():
                return await self._outlook(item)
            case Notice():
                return self._notice(item)
            case Receipt():
                return await self._receipt(item)
            case Reject():
                return News("reject", item.id)
            case _:
                return None

    async def _outlook(self, item: Forecast | Plan) -> News:
        """Announce a forecast or plan to those who may see its incident."""
        incident = await asyncio.to_thread(self._deps.reader.incident, item.incident)
        return News(
            "forecast" if isinstance(item, Forecast) else "plan",
            item.incident if isinstance(item, Forecast) else item.id,
            item.incident,
            site=item.site,
            marking=item.marking,
            about=(*incident.zones, *incident.assets) if incident else (),
        )

    def _incident(self, incident: Incident, *, taken: bool, exercise: str) -> News:
        level = level_of(incident.severity)
        rank = rank_of(level)
        worse = rank > self._ranks.get(incident.id, -1) and incident.into is None and incident.state != "closed"
        _remember(self._ranks, incident.id, rank)
        title, site, marking = incident.title, incident.site, incident.marking
        return News(
            "incident",
            incident.id,
            incident.id,
            level,
            title,
            rings=worse,
            site=site,
            marking=marking,
            about=(*incident.zones, *incident.assets),
            whole=incident,
            taken=taken,
            exercise=exercise,
        )

    def _notice(self, notice: Notice) -> News:
        _remember(self._notices, notice.id, notice)
        return News(
            "notice",
            notice.id,
            notice.incident,
            level_of(notice.severity),
            notice.title,
            rings=notice.ring,
            site=notice.site,
            about=_place(notice),
            role=notice.role,
            user=notice.user,
        )

    async def _receipt(self, receipt: Receipt) -> News | None:
        known = self._notices.get(receipt.notice)
        if known is None:
            known = await asyncio.to_thread(self._deps.reader.notice, NoticeId(receipt.notice))
            if known is None:
                return None
            _remember(self._notices, known.id, known)
        return News(
            "receipt",
            receipt.notice,
            receipt.incident,
            site=known.site,
            about=_place(known),
            role=known.role,
            user=known.user,
        )


def _place(notice: Notice) -> tuple[str, ...]:
    return (notice.zone,) if notice.zone else ()


def _remember(memory: OrderedDict[str, V], key: str, value: V) -> None:
    memory.pop(key, None)
    memory[key] = value
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)
