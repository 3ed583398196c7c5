"""Notification: incidents, approved actions and answers in; notices and receipts out.

Routes of the hospital say who is told. Level 0 is told at once. The next level is told when nobody has
*acknowledged* in time; that a notice was sent, delivered or read counts for nothing. After the last level everyone is
called again and again, until somebody acknowledges. Repeats only keep the text up to date, silently; a higher level of
severity or a new place calls everybody who was told again, and an answer to what was told before does not count for it.
There is no cooldown: nothing that is worse, or elsewhere, is ever held back.

Time: the stage knows it from `tick`. Until the first tick after a start a level that was told has no
deadline, and gets a whole one then: events of yesterday, read today, escalate nothing at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from safecare.model.events.acts import NoticeAnswered
from safecare.model.hospital import Hospital, Route
from safecare.model.ids import EventId, NoticeId, ZoneId
from safecare.model.incident import Incident
from safecare.model.layout import laid_out
from safecare.model.notice import TAKEN, Notice, Receipt
from safecare.model.plan import Action, Plan
from safecare.model.severity import level_of, rank_of
from safecare.model.topics import Item
from safecare.notify import words
from safecare.notify.routes import at_site, obstacle
from safecare.notify.thread import Thread

THREADS = 4_000
"""Most threads in memory; beyond, ended ones are let go first, then answered ones, then the oldest. Chosen: two routes
for each of the incidents that correlation keeps."""

ACTS = 1_000
"""Answers that are remembered to know a repeat. Chosen: more than a day brings."""

TASK_WITHIN = 600.0
"""Seconds to acknowledge an approved task where no route says it. Chosen: someone decided on it and waits for it."""


class Memo(msgspec.Struct, kw_only=True):
    """State of the stage between two snapshots."""

    threads: list[Thread] = []
    heard: list[EventId] = []
    counts: dict[str, int] = {}


class NotifyStage:
    """The stage of the road that tells people, and remembers who has answered."""

    group = "notify"
    topics = frozenset({"incident", "plan", "event", "receipt"})

    def __init__(self, hospital: Hospital, *, threads: int = THREADS) -> None:
        """Tell by the routes of `hospital`; `threads` bounds the memory."""
        self._hospital = hospital
        self._routes = [route for route in hospital.routes if any(route.levels) and route.channels]
        self._limit = threads
        self._now: datetime | None = None
        self.restore(b"")

    @property
    def counts(self) -> dict[str, int]:
        """How many threads there are and wait, how many were let go and of these waited, how many answers were lost."""
        waiting = sum(thread.waits for thread in self._threads.values())
        return {"threads": len(self._threads), "waiting": waiting, **self._counts}

    def reasons(self) -> dict[str, str]:
        """Return, for the health page, that people waited for an answer about more than memory holds."""
        gone = self._counts["unanswered"]
        return (
            {self.group: f"{gone} notices that nobody had answered were let go: no one further is told"} if gone else {}
        )

    def feed(self, items: Sequence[Any]) -> Iterable[Item]:
        """Take incidents, plans, answers and receipts of channels; yield notices and receipts."""
        found: list[Item] = []
        for item in items:
            match item:
                case Incident():
                    found += self._incident(item)
                case Plan():
                    found += self._plan(item)
                case NoticeAnswered():
                    found += self._answer(item)
                case Receipt(outcome="failed" | "nobody"):
                    found += self._failed(item)
        return found

    def tick(self, now: datetime) -> Iterable[Item]:
        """Tell the next level wherever the time to answer has run out."""
        self._now = now
        found: list[Item] = []
        for thread in self._threads.values():
            if thread.waits and thread.due is None:
                thread.due = now + timedelta(seconds=thread.within)
            elif thread.waits and thread.due is not None and now >= thread.due:
                found += self._learn(thread, thread.escalate(now, self._due(thread)))
        return found

    def snapshot(self) -> bytes:
        """Return the state."""
        return msgspec.msgpack.encode(
            Memo(threads=list(self._threads.values()), heard=list(self._heard), counts=self._counts)
        )

    def restore(self, state: bytes) -> None:
        """Go back to `state`; empty: a fresh start."""
        memo = msgspec.msgpack.decode(state, type=laid_out(Memo)) if state else Memo()
        self._threads = {thread.key: thread for thread in memo.threads}
        self._heard = dict.fromkeys(memo.heard)
        self._counts = {"dropped": 0, "unanswered": 0, "unheard": 0, **memo.counts}
        self._notices: dict[NoticeId, str] = {}
        for thread in memo.threads:
            self._learn(thread, thread.told.values())

    def _incident(self, incident: Incident) -> list[Item]:
        found: list[Item] = []
        if incident.state == "closed" or incident.into is not None:
            body = words.MERGED if incident.into is not None else words.CLOSED
            for thread in self._about(incident):
                if thread.revision < incident.revision and not thread.ended:
                    thread.revision = max(thread.revision, incident.revision)
                    found += thread.close(self._at(incident), body)
            return found
        for route in self._routes:
            key = f"{incident.id}/{route.id}"
            thread_or_none = self._threads.get(key)
            if thread_or_none is not None:
                found += self._go_on(thread_or_none, incident)
            elif obstacle(route, incident, self._hospital, self._at(incident)) is None:
                found += self._start(_thread(key, route, incident), self._at(incident))
        return found

    def _start(self, thread: Thread, at: datetime) -> list[Item]:
        """Tell the first level."""
        self._bound()
        self._threads[thread.key] = thread
        return self._learn(thread, thread.advance(at, self._due(thread)))

    def _go_on(self, thread: Thread, incident: Incident) -> Iterator[Item]:
        """Take a further revision in: ring if it is worse or elsewhere, else only keep the text up to date."""
        if incident.revision <= thread.revision:
            return
        self._inherit(thread, incident)
        fresh = [zone for zone in incident.zones if zone not in thread.zones]
        worse = rank_of(level_of(incident.severity)) > rank_of(level_of(thread.severity))
        rings = bool(fresh) or worse or thread.ended
        if fresh:
            thread.zone = fresh[0]
        thread.zones += fresh
        _take(thread, incident)
        yield from thread.ring(self._at(incident), self._due(thread)) if rings else thread.refresh(self._at(incident))

    def _inherit(self, thread: Thread, incident: Incident) -> None:
        """Places of which someone acknowledged the notice of a merged incident are not news."""
        route = thread.key.partition("/")[2]
        for part in incident.merged:
            other = self._threads.get(f"{part}/{route}")
            if other is not None and not other.waits and not thread.waits:
                thread.zones += [zone for zone in other.zones if zone not in thread.zones]

    def _plan(self, plan: Plan) -> list[Item]:
        found: list[Item] = []
        for action in plan.actions:
            key = f"{plan.id}/{action.id}"
            known = self._threads.get(key)
            if action.state == "approved" and action.steps and known is None:
                found += self._start(self._task(key, plan, action), self._now or plan.at)
            elif known is not None and action.state != "approved" and not known.ended:
                found += known.close(self._now or plan.at, words.CLOSED)
        return found

    def _task(self, key: str, plan: Plan, action: Action) -> Thread:
        """Return the thread that tells an approved action to all roles that have a step in it."""
        routes = [route for route in self._routes if at_site(route, plan.site)]
        about = [thread for thread in self._threads.values() if thread.incident == plan.incident]
        roles = tuple(dict.fromkeys(step.role for step in action.steps))
        return Thread(
            key=key,
            incident=plan.incident,
            site=plan.site,
            opened=plan.at,
            levels=(roles,),
            within=min((route.answer_within for route in routes), default=TASK_WITHIN),
            channels=tuple(dict.fromkeys(channel for route in routes for channel in route.channels)) or ("page",),
            title=action.title,
            bodies={role: words.joined([step.text for step in action.steps if step.role == role]) for role in roles},
            severity=max((thread.severity for thread in about), default=0),
            marking=plan.marking,
            zone=next((thread.zone for thread in about if thread.zone is not None), None),
        )

    def _answer(self, act: NoticeAnswered) -> list[Item]:
        if act.id in self._heard:
            return []
        self._heard[act.id] = None
        if len(self._heard) > ACTS:
            del self._heard[next(iter(self._heard))]
        thread = self._threads.get(self._notices.get(act.notice, ""))
        if thread is None:
            self._counts["unheard"] += 1
            return []
        notice = next(one for one in thread.told.values() if one.id == act.notice)
        revision = thread.answered_to(notice, act.revision, act.at)
        receipt = thread.receipt(notice, act.at, act.answer, act.actor, act.id, None, revision)
        found: list[Item] = [receipt]
        if act.answer in TAKEN:
            if receipt.holds(notice):  # who has read of one room has not read of the next
                thread.answered()
        elif act.answer == "help" and not thread.ended:
            found += self._help(thread, self._now or act.at)
        return found

    def _help(self, thread: Thread, at: datetime) -> list[Item]:
        """Tell the next level at once; when there is none, call everybody again."""
        return self._learn(thread, (thread.ring if thread.last else thread.advance)(at, self._due(thread)))

    def _failed(self, receipt: Receipt) -> list[Item]:
        """When no notice of a level could be sent, do not wait for an answer that can't come."""
        thread = self._threads.get(self._notices.get(receipt.notice, ""))
        if thread is None:
            return []
        thread.failed.add(receipt.notice)
        if receipt.outcome == "nobody":
            thread.nobody.add(receipt.notice)
        if thread.last or not thread.unreachable():
            return []  # at the last level everyone is called again when its time is over
        return self._learn(thread, thread.escalate(self._now or receipt.at, self._due(thread)))

    def _at(self, incident: Incident) -> datetime:
        return self._now or incident.updated

    def _due(self, thread: Thread) -> datetime | None:
        return self._now + timedelta(seconds=thread.within) if self._now is not None else None

    def _about(self, incident: Incident) -> list[Thread]:
        return [thread for thread in self._threads.values() if thread.incident == incident.id]

    def _learn(self, thread: Thread, items: Iterable[Item]) -> list[Item]:
        """Remember that the notices among `items` belong to `thread`; return them all."""
        found = list(items)
        self._notices.update((item.id, thread.key) for item in found if isinstance(item, Notice))
        return found

    def _bound(self) -> None:
        if len(self._threads) < self._limit:
            return
        gone = min(self._threads.values(), key=lambda thread: (not thread.ended, thread.waits, thread.opened))
        del self._threads[gone.key]
        for notice in gone.told.values():
            self._notices.pop(notice.id, None)
        self._counts["dropped"] += 1
        self._counts["unanswered"] += gone.waits


def _thread(key: str, route: Route, incident: Incident) -> Thread:
    thread = Thread(
        key=key,
        incident=incident.id,
        site=incident.site,
        opened=incident.opened,
        levels=tuple(level for level in route.levels if level),
        within=route.answer_within,
        channels=route.channels,
        title=words.GENERAL,
        bodies={},
        severity=incident.severity,
        marking=incident.marking,
        zone=incident.zones[0] if incident.zones else None,
        zones=list(incident.zones),
    )
    _take(thread, incident)
    return thread


def _take(thread: Thread, incident: Incident) -> None:
    """Bring what a thread says in line with its incident."""
    zone: ZoneId | None = thread.zone
    roles = dict.fromkeys(role for level in thread.levels for role in level)
    thread.title = words.title(incident, zone)
    thread.bodies = {role: words.body(incident, role, zone) for role in roles}
    thread.severity, thread.revision, thread.marking = incident.severity, incident.revision, incident.marking
