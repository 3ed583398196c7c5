"""One matter about which people are told: who was told what, and who is told next if nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from safecare.model.ids import IncidentId, NoticeId, ReceiptId, SiteId, ZoneId, derived_id
from safecare.model.marking import Marking
from safecare.model.notice import Notice, Outcome, Receipt
from safecare.model.text import Span, Text, say

LONGEST = 900.0
"""Most seconds between two calls to everyone while nobody acknowledges. Chosen: a quarter of an hour is the most that a
grave matter may lie, and who calls more often is switched off."""


class Thread(msgspec.Struct, kw_only=True):
    """The notices about one incident by one route (or about one approved action)."""

    key: str
    incident: IncidentId
    site: SiteId
    opened: datetime
    """Time of what it is about; with `key` it gives the notices their ids."""
    levels: tuple[tuple[str, ...], ...]
    within: float
    """Seconds that a level has to answer."""
    channels: tuple[str, ...]
    title: Text
    bodies: dict[str, Text]
    """Instruction by role."""
    severity: int
    marking: Marking
    zone: ZoneId | None = None
    zones: list[ZoneId] = []
    """Places that people were told of."""
    revision: int = 0
    """Latest revision of the incident that was taken in."""
    level: int = -1
    waits: bool = False
    """Nobody has acknowledged yet."""
    due: datetime | None = None
    """When the next level is told; None until the clock has told the time."""
    told: dict[str, Notice] = {}
    """Latest revision of each notice, by level, role and channel."""
    failed: set[NoticeId] = set()
    """Notices of the present level that a channel could not send."""
    nobody: set[NoticeId] = set()
    """Notices whose channel reaches nobody: they stay so, whatever is sent again."""
    news_at: datetime | None = None
    """When everyone was last called for news."""
    rounds: int = 0
    """How often everyone was called since the last level was told, or since there was news."""
    ended: bool = False

    def advance(self, at: datetime, due: datetime | None) -> Iterator[Notice]:
        """Tell the next level."""
        self.level += 1
        self.rounds = 0
        self._wait(due)
        for role in self.levels[self.level]:
            for channel in self.channels:
                yield self._tell(f"{self.level}/{role}/{channel}", role, channel, at)

    def ring(self, at: datetime, due: datetime | None) -> Iterator[Notice]:
        """Call all who were told again, for news. Who was waited for gets no more time: it must not put others off."""
        self._wait(self.due if self.waits and self.due is not None and not self.rounds else due)
        self.rounds, self.news_at = 0, at
        for place in tuple(self.told):
            yield self._revise(place, at, ring=True, news=True)

    def refresh(self, at: datetime) -> Iterator[Notice]:
        """Bring the text of all notices up to date, silently, where it has changed."""
        for place, notice in tuple(self.told.items()):
            if (notice.title, notice.body, notice.severity, notice.zone) != self._shown(notice.role):
                yield self._revise(place, at, ring=False)

    @property
    def last(self) -> bool:
        """Tell whether there is no one further to tell."""
        return self.level + 1 >= len(self.levels)

    def escalate(self, at: datetime, due: datetime | None) -> Iterator[Notice | Receipt]:
        """Tell the next level; when there is none, say that nobody answered, and call everyone again.

        It goes on so, with longer pauses up to `LONGEST`, until somebody acknowledges or the matter is closed.
        """
        if not self.last:
            yield from self.advance(at, due)
            return
        yield self._unanswered(at)
        self.rounds += 1
        self._wait(at + timedelta(seconds=max(self.within, min(self.within * 2**self.rounds, LONGEST))))
        for place in tuple(self.told):
            yield self._revise(place, at, ring=True)

    def _unanswered(self, at: datetime) -> Receipt:
        last = next(reversed(self.told.values()))
        reason = say(
            "Nobody acknowledged within {time}, and there is no one further to tell", time=Span(round(self.within))
        )
        return self.receipt(last, at, "unanswered", ", ".join(self.levels[self.level]), str(last.revision), reason)

    def close(self, at: datetime, body: Text) -> Iterator[Notice]:
        """End it: nobody is told any more, and what people have on their screens says so."""
        self.ended, self.waits, self.due = True, False, None
        self.bodies = dict.fromkeys(self.bodies, body)
        yield from self.refresh(at)

    def answered(self) -> None:
        """Stop waiting: someone has taken it over."""
        self.waits, self.due, self.rounds = False, None, 0

    def answered_to(self, notice: Notice, revision: int, at: datetime) -> int:
        """Return which revision of `notice` an answer of time `at` was given to, where the phone says none (0)."""
        if revision:
            return min(revision, notice.revision)
        return notice.since - 1 if self.news_at is not None and at < self.news_at else notice.revision

    def unreachable(self) -> bool:
        """Return whether no notice of the present level could be sent."""
        mine = {notice.id for notice in self.told.values() if notice.level == self.level}
        return self.waits and bool(mine) and mine <= self.failed

    @staticmethod
    def receipt(
        notice: Notice, at: datetime, outcome: Outcome, who: str, mark: str, reason: Text | None, revision: int = 0
    ) -> Receipt:
        """Return the receipt of `notice`, with an id that a replay repeats for the same `mark`."""
        return Receipt(
            id=ReceiptId(derived_id(notice.at, "receipt", notice.id, outcome, mark)),
            notice=notice.id,
            incident=notice.incident,
            at=at,
            outcome=outcome,
            who=who,
            channel=notice.channel,
            reason=reason,
            revision=revision,
        )

    def _wait(self, due: datetime | None) -> None:
        self.waits, self.due, self.ended = True, due, False
        self.failed = set(self.nobody)

    def _answer_by(self, at: datetime) -> datetime:
        return self.due if self.due is not None else at + timedelta(seconds=self.within)

    def _shown(self, role: str) -> tuple[Text, Text, int, ZoneId | None]:
        return (self.title, self.bodies[role], self.severity, self.zone)

    def _tell(self, place: str, role: str, channel: str, at: datetime) -> Notice:
        notice = Notice(
            id=NoticeId(derived_id(self.opened, "notice", self.key, place)),
            revision=1,
            incident=self.incident,
            site=self.site,
            at=at,
            role=role,
            channel=channel,
            level=self.level,
            severity=self.severity,
            title=self.title,
            body=self.bodies[role],
            zone=self.zone,
            answer_by=self._answer_by(at),
            marking=self.marking,
        )
        self.told[place] = notice
        return notice

    def _revise(self, place: str, at: datetime, *, ring: bool, news: bool = False) -> Notice:
        before = self.told[place]
        title, body, severity, zone = self._shown(before.role)
        self.told[place] = msgspec.structs.replace(
            before,
            revision=before.revision + 1,
            at=at if ring else before.at,
            severity=severity,
            title=title,
            body=body,
            zone=zone,
            answer_by=self._answer_by(at) if ring else before.answer_by if self.waits else None,
            ring=ring,
            since=before.revision + 1 if news else before.since,
            marking=self.marking,
        )
        return self.told[place]
