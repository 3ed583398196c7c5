"""A held image, record or mail waits: nobody has decided, or what was released has not arrived.

Source: chosen: whoever sent it believes that it arrived, and a doctor may wait for it (decision note 0011); an hour is
the time in which somebody on duty can look, a day that in which nobody may have overlooked it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.acts import HeldDecided
from safecare.model.events.files import FileJudged, HeldForwarded
from safecare.model.text import Span, say

SEVERITY = (45, 60)
"""0-100 at the first and at the second age. Chosen: as a suspicious file that was stopped; above it after a day."""
MOST = 10_000
"""Files that are followed. Chosen: bounds the state; the oldest are forgotten first."""
_TITLES = {
    "decision": say("A held file waits for a decision"),
    "sending": say("A released file has not arrived"),
}


class _Waits(NamedTuple):
    """The held file, what it waits for (a key of `_TITLES`), since when, and how often that was told."""

    file: FileJudged
    what: str
    since: datetime
    told: int = 0


@detector("file.held-long", wants={FileJudged, HeldDecided, HeldForwarded}, domain=Domain.CYBER)
@dataclass
class HeldLong:
    """Alert when a held file has waited for `age` (time), and once more after `again` (time)."""

    age: timedelta = timedelta(hours=1)
    again: timedelta = timedelta(days=1)
    _waiting: dict[str, _Waits] = field(default_factory=dict, init=False)
    _next: datetime | None = field(default=None, init=False)
    """When the first of them is due; nobody is before."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow what is held, decided and sent on."""
        for event in batch:
            yield from self.tick(event.at)
            match event:
                case FileJudged(act="held"):
                    self._waiting[event.id] = _Waits(event, "decision", event.at)
                    self._due(event.at + self.age)
                    if len(self._waiting) > MOST:
                        del self._waiting[next(iter(self._waiting))]
                case HeldDecided(decision="discard") | HeldForwarded(outcome="sent"):
                    self._waiting.pop(event.file, None)
                case HeldDecided():
                    self._now(event.file, "sending", event.at)
                case HeldForwarded(outcome="refused" | "unclear"):
                    self._now(event.file, "decision", event.at)
                case _:
                    pass

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Tell of what has waited too long by `now`."""
        if self._next is None or now < self._next:
            return
        ages, self._next = (self.age, self.again), None
        for id, one in list(self._waiting.items()):
            due = sum(now - one.since >= age for age in ages)
            if due > one.told:
                self._waiting[id] = one._replace(told=due)
                yield self._alert(one, ages[due - 1], SEVERITY[due - 1])
            if due < len(ages):
                self._due(one.since + ages[due])

    def _due(self, at: datetime) -> None:
        self._next = at if self._next is None else min(at, self._next)

    def _now(self, file: str, what: str, at: datetime) -> None:
        if known := self._waiting.get(file):
            self._waiting[file] = _Waits(known.file, what, at)
            self._due(at + self.age)

    def _alert(self, one: _Waits, age: timedelta, severity: int) -> Alert:
        return Alert.of(
            self,
            one.file,
            severity=severity,
            confidence=0.95,
            title=_TITLES[one.what],
            why=[
                say(
                    "The door {door} holds it for more than {time}.",
                    door=one.file.source,
                    time=Span(age.total_seconds()),
                ),
                say("Its sender believes that it arrived."),
            ],
            peers=() if one.file.asset else tuple(one.file.peer.split()[:1]),
        )
