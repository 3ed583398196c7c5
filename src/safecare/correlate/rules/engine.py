"""Runs a rule set over alerts: pure, bounded, the same result for any batches and any order within the lateness.

Every sign that fits a pick is kept under its keys for as long as it can matter. A new one looks under the keys where
its partners would stand. Which signs match is a property of the set of signs alone; what arrives later only adds
matches, so order does not matter. Where something must be absent, the match waits until `LATENESS` after the last
moment at which it could still turn up: told by the times of what arrives, or by the clock when nothing arrives.

Bounds, each counted when it is hit: signs in memory (`evicted`), signs of one sort under one key (`crowded`), partners
tried and matches found for one sign (`cut`), matches that wait (`unsettled`). A flood of one sort drives out only its
own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

import msgspec

from safecare.correlate.places import Places
from safecare.correlate.rules.ground import Ground, Look, family_of
from safecare.correlate.rules.index import Index
from safecare.correlate.rules.plan import Plan, Ready
from safecare.correlate.rules.rule import Rule
from safecare.correlate.rules.sign import Sign
from safecare.model.hospital import Hospital
from safecare.model.layout import laid_out

LATENESS = 30.0
"""Seconds by which a sign may be late and still count as present. Chosen: door controllers and gateways report within
seconds; a person waits for an alarm no longer than this."""

LATE = 3600.0
"""Seconds by which a sign may be late and still find its partners. Chosen: a gateway's restart, as in `stage`."""

FUTURE = 60.0
"""Seconds that a source's clock may be ahead. Chosen: beyond, it is a wrong clock, which must not make all else old."""

SIGNS = 50_000
"""Most signs in memory. Chosen: hours of a busy site; about 30 MB."""

CROWD = 32
"""Most signs of one sort under one key. Chosen: above the highest count of a rule (`read.MOST_COUNT`); what repeats
itself more often in one place tells nothing new."""

SEARCH = 128
"""Most partners that one sign is tried with for one rule, newest first. Chosen: four full crowds."""

FOUND = 16
"""Most matches of one rule that one sign completes. Chosen: as `relations.LISTEN`; one suffices to tie it, the rest are
there so that what came earlier is tied with it."""

WAITING = 20_000
"""Most matches that wait for what must be absent. Chosen: ten times what one minute of an alarm flood holds."""


class Bounds(NamedTuple):
    """How much is kept and tried: signs in all, of one sort under one key, partners and matches for one sign."""

    signs: int = SIGNS
    crowd: int = CROWD
    search: int = SEARCH
    found: int = FOUND


class Match(NamedTuple):
    """Signs that match a rule: one for each of its names, in order; for a count all that were counted."""

    rule: Rule
    signs: tuple[Sign, ...]


class _Wait(msgspec.Struct, array_like=True, order=True):
    """A match that waits: `due` by event time, and `by_clock` at the latest (infinite until the clock has told)."""

    due: float
    ids: tuple[str, ...]
    rule: str
    by_clock: float


class _Left:
    """What is left of the bounds of one search."""

    def __init__(self, search: int, found: int) -> None:
        self.search, self.found, self.cut = search, found, False


class _Memo(msgspec.Struct):
    signs: list[Sign] = []
    waiting: list[_Wait] = []
    latest: float = float("-inf")
    counts: dict[str, int] = {}


class Engine:
    """The rules over what was seen lately."""

    def __init__(
        self,
        rules: Sequence[Rule],
        hospital: Hospital,
        places: Places | None = None,
        *,
        bounds: Bounds = Bounds(),  # noqa: B008  immutable
        lateness: float = LATENESS,
    ) -> None:
        """Run `rules` in `hospital` within `bounds`; `lateness` (s) is waited before a thing counts as absent."""
        self.places = places or Places(hospital)
        self.plan = Plan(rules, hospital, self.places)
        self._ground = Ground(hospital, self.places)
        self._bounds, self._lateness = bounds, lateness
        self._ready = {one.rule.name: one for one in self.plan.ready}
        self._now: float | None = None
        self._waiting: list[_Wait] = []
        self.restore(b"")

    @property
    def counts(self) -> dict[str, int]:
        """What is in memory, and how often a bound was hit."""
        return {"signs": len(self._arrivals), "waiting": len(self._waiting), **self._counts}

    def feed(self, sign: Sign) -> list[Match]:
        """Take one sign; return the matches that it completes, and those that waited for its time."""
        sign.fits = self.plan.fits(sign)
        return self.take(sign)

    def take(self, sign: Sign) -> list[Match]:
        """Take one sign of which is known what it fits."""
        known = self._known.get(sign.id)
        if sign.fits == 0 or (known is not None and not _says_more(sign, known)):
            return self._move(sign.start)
        found = self._complete(sign)
        self._remember(sign)
        settled = self._move(sign.start)
        return settled + found if settled else found

    def tick(self, now: float) -> list[Match]:
        """Let the clock pass (seconds since 1970): what has waited long enough is settled."""
        self._now = now
        ripe: list[Match] = []
        if any(one.by_clock == float("inf") for one in self._waiting):
            for one in self._waiting:
                if one.by_clock == float("inf"):
                    one.by_clock = now + self._ready[one.rule].settles + self._lateness
        if any(one.by_clock <= now for one in self._waiting):
            waiting, self._waiting = sorted(self._waiting), []
            for one in waiting:
                if one.by_clock <= now:
                    ripe += self._settle(one)
                else:
                    self._waiting.append(one)
        return ripe

    def drain(self) -> list[Match]:
        """Settle all that waits: nothing more will come."""
        waiting, self._waiting = sorted(self._waiting), []
        return [match for one in waiting for match in self._settle(one)]

    def snapshot(self) -> bytes:
        """Return the state."""
        memo = _Memo(list(self._arrivals), sorted(self._waiting), self._latest, self._counts)
        return msgspec.msgpack.encode(memo)

    def restore(self, state: bytes) -> None:
        """Go back to `state`; empty: a fresh start. Rules may have changed since: what they do not know is left out."""
        memo = msgspec.msgpack.decode(state, type=laid_out(_Memo)) if state else _Memo()
        self._arrivals: deque[Sign] = deque()
        self._known: dict[str, Sign] = {}
        self._index = Index(self._ground, self.plan.families, self._bounds.crowd)
        self._waiting = []
        self._latest = memo.latest
        self._newest = float("-inf")
        """Latest start of a sign that was ever remembered; event time (`_latest`) may be held back by the clock."""
        self._counts = {"evicted": 0, "crowded": 0, "cut": 0, "unsettled": 0, **memo.counts}
        counts = dict(self._counts)
        for sign in memo.signs:
            sign.fits = self.plan.fits(sign)
            if sign.fits:
                self._remember(sign)
        self._waiting = [one for one in memo.waiting if one.rule in self._ready]
        self._counts = counts

    def _remember(self, sign: Sign) -> None:
        self._arrivals.append(sign)
        self._newest = max(self._newest, sign.start)
        self._known[sign.id] = sign
        self._counts["crowded"] += self._index.add(sign)
        if len(self._arrivals) > self._bounds.signs:
            self._forget()
            self._counts["evicted"] += 1

    def _forget(self) -> None:
        sign = self._arrivals.popleft()
        if self._known[sign.id] is sign:
            del self._known[sign.id]
        self._index.remove(sign)

    def _move(self, start: float) -> list[Match]:
        """Let event time go on to `start`: forget what is too old, settle what has waited long enough."""
        if self._now is not None:
            start = min(start, self._now + FUTURE)
        if start <= self._latest:
            return []
        self._latest = start
        settled: list[Match] = []
        while self._waiting and self._waiting[0].due + self._lateness < start:
            settled += self._settle(heappop(self._waiting))
        oldest = start - self.plan.keep - LATE
        while self._arrivals and self._arrivals[0].start < oldest:
            self._forget()
        return settled

    def _complete(self, sign: Sign) -> list[Match]:
        """Return all matches that hold `sign` and signs that came before it; put aside those that must wait."""
        tasks, counting = self.plan.tasks(sign.fits)
        found: list[Match] = []
        fitting, find = self._index.fitting, self._ground.find
        newest = sign.start > self._newest  # then it can only be the last of an order
        for look, partners, steps in tasks:
            present = fitting(find(look, sign))
            if not present & partners:
                continue
            for ready, position, partner in steps:
                if present & partner and not (newest and ready.ordered and position < ready.wanted - 1):
                    found += self._search(ready, position, sign)
        for ready in counting:
            counted = self._count(ready, sign)
            if counted:
                found.append(Match(ready.rule, counted))
        return found

    def _search(self, ready: Ready, position: int, sign: Sign) -> Iterator[Match]:
        left = _Left(self._bounds.search, self._bounds.found)
        for signs in self._assign(ready, {position: sign}, left):
            if ready.margins:
                self._await(ready, signs)
            else:
                yield Match(ready.rule, signs)
        if left.cut:
            self._counts["cut"] += 1

    def _assign(self, ready: Ready, taken: dict[int, Sign], left: _Left) -> Iterator[tuple[Sign, ...]]:
        """Yield the ways to fill the positions that are left, until the bounds in `left` are used up."""
        if len(taken) == ready.wanted:
            left.found -= 1
            yield tuple(taken[position] for position in range(ready.wanted))
            return
        position, tie = next(
            (position, tie)
            for position in taken
            for tie in ready.ties[position]
            if tie.other < ready.wanted and tie.other not in taken
        )
        for other in self._partners(tie.look, taken[position], ready.bits[tie.other]):
            if left.search <= 0 or left.found <= 0:
                left.cut = True
                return
            left.search -= 1
            if self._stands(ready, tie.other, other, taken):
                taken[tie.other] = other
                yield from self._assign(ready, taken, left)
                del taken[tie.other]

    def _partners(self, look: Look, sign: Sign, bit: int) -> Iterator[Sign]:
        """Yield the signs that `look` finds from `sign` and that fit `bit`, each once; of a crowd the newest first."""
        seen: set[str] = set()
        for key in self._ground.find(look, sign):
            for crowd in [crowd for fits, crowd in self._index.under(key).items() if fits & bit]:
                for one in reversed(crowd):
                    if one.id not in seen:
                        seen.add(one.id)
                        yield one

    def _stands(self, ready: Ready, position: int, sign: Sign, taken: dict[int, Sign]) -> bool:
        """Return whether `sign` can take `position` beside those that are taken already."""
        start, span = sign.start, ready.span
        for at, other in taken.items():
            gap = other.start - start
            if other.id == sign.id or gap > span or -gap > span:
                return False
            if ready.ordered and (gap < 0 if position < at else gap > 0):
                return False
        return (ready.wanted == 2 and len(ready.ties[position]) == 1) or self._joined(ready, position, sign, taken)

    def _joined(self, ready: Ready, position: int, sign: Sign, taken: dict[int, Sign]) -> bool:
        for tie in ready.ties[position]:
            partner = taken.get(tie.other)
            if partner is not None:
                under = self._ground.keys(partner, tie.look.found_under)
                if not set(under).intersection(self._ground.find(tie.look, sign)):
                    return False
        return True

    def _count(self, ready: Ready, sign: Sign) -> tuple[Sign, ...]:
        """Return the signs of all spans around `sign` that hold enough of one key."""
        found: dict[str, Sign] = {}
        for key in self._ground.keys(sign, ready.by):
            near = {sign.id: sign}
            for fits, crowd in self._index.under(key).items():
                if fits & ready.bits[0]:
                    near.update((one.id, one) for one in crowd if abs(one.start - sign.start) <= ready.span)
            if len(near) < (2 if ready.field else ready.at_least):
                continue
            ordered = sorted(near.values(), key=lambda one: (one.start, one.id))
            end = 0
            for begin, first in enumerate(ordered):
                while end < len(ordered) and ordered[end].start - first.start <= ready.span:
                    end += 1
                span = ordered[begin:end]
                if len(span) > 1 and first.start <= sign.start <= span[-1].start and self._many(ready, span):
                    found.update((one.id, one) for one in span)
        return tuple(sorted(found.values(), key=lambda one: (one.start, one.id)))

    def _many(self, ready: Ready, span: Sequence[Sign]) -> bool:
        if not ready.field:
            return len(span) >= ready.at_least
        if ready.field == "rule":
            return len({one.name for one in span}) >= ready.at_least
        family = family_of(ready.field)
        return len({key for one in span for key in self._ground.keys(one, family)}) >= ready.at_least

    def _await(self, ready: Ready, signs: tuple[Sign, ...]) -> None:
        due = max(one.start for one in signs) + ready.settles
        clock = float("inf") if self._now is None else self._now + ready.settles + self._lateness
        heappush(self._waiting, _Wait(due, tuple(one.id for one in signs), ready.rule.name, clock))
        if len(self._waiting) > WAITING:
            self._counts["unsettled"] += 1
            heappop(self._waiting)

    def _settle(self, wait: _Wait) -> list[Match]:
        """Return the match that waited if nothing turned up that must be absent."""
        ready = self._ready[wait.rule]
        signs = tuple(self._known[id] for id in wait.ids if id in self._known)
        if len(wait.ids) != ready.wanted or any(
            not one.fits & bit for one, bit in zip(signs, ready.bits, strict=False)
        ):
            return []  # the rule was exchanged since
        if len(signs) < ready.wanted:
            self._counts["unsettled"] += 1
            return []
        taken = dict(enumerate(signs))
        begin, end = min(one.start for one in signs), max(one.start for one in signs)
        for position, (before, after) in enumerate(ready.margins, ready.wanted):
            tie = ready.ties[position][0]
            back = next(one for one in ready.ties[tie.other] if one.other == position)
            for one in self._partners(back.look, taken[tie.other], ready.bits[position]):
                inside = begin - before <= one.start <= end + after and one.id not in wait.ids
                if inside and self._joined(ready, position, one, taken):
                    return []
        return [Match(ready.rule, signs)]


def _says_more(sign: Sign, known: Sign) -> bool:
    """Return whether an alert that comes again is graver, or about more, than rules have seen of it."""
    if sign.fits & ~known.fits:
        return True
    named = ((sign.assets, known.assets), (sign.zones, known.zones), (sign.holders, known.holders))
    return any(not set(now) <= set(before) for now, before in named)
