"""The alerts that a new one can be tied to, found by key and nearness in time. Bounded."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from math import inf

from safecare.correlate.group import Trace
from safecare.correlate.relations import LISTEN
from safecare.model.ids import AlertId

ALERTS = 20_000
"""Most alerts to which new ones can be tied. Chosen: over a hundred times what an operator can judge in a week
(ISA 18.2-2009: about 150 alarms a day); about 20 MB."""

_Entry = tuple[float, AlertId, Trace]


class Memory:
    """Alerts by key, each key's in order of event time; in order of arrival for forgetting."""

    def __init__(self, limit: int = ALERTS) -> None:
        """Hold at most `limit` alerts."""
        self._limit = limit
        self._by_key: dict[str, list[_Entry]] = {}
        self._known: dict[AlertId, Trace] = {}
        self._arrivals: deque[Trace] = deque()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, id: AlertId) -> Trace | None:
        """Return the alert called `id` if it is remembered."""
        return self._known.get(id)

    def arrivals(self) -> list[AlertId]:
        """Return the ids in order of arrival."""
        return [trace.id for trace in self._arrivals]

    def add(self, trace: Trace) -> list[Trace]:
        """Remember `trace`; return those that were forgotten to make room."""
        self._known[trace.id] = trace
        self._arrivals.append(trace)
        for key in trace.keys:
            insort(self._by_key.setdefault(key, []), (trace.start, trace.id, trace))
        return [self._forget() for _ in range(len(self._arrivals) - self._limit)]

    def widen(self, trace: Trace, keys: tuple[str, ...]) -> None:
        """Let `trace`, which is remembered, be found under all of `keys`, those that it has and new ones."""
        for key in keys:
            if key not in trace.keys:
                insort(self._by_key.setdefault(key, []), (trace.start, trace.id, trace))
        trace.keys = keys

    def stamp(self, now: float) -> bool:
        """Let those of which nobody knew when they came have come `now` (seconds since 1970); return whether any."""
        stamped = False
        for trace in reversed(self._arrivals):
            if trace.arrived != inf:
                break
            trace.arrived, stamped = now, True
        return stamped

    def expire(self, before: float) -> list[Trace]:
        """Forget and return what arrived before `before` (seconds since 1970)."""
        gone: list[Trace] = []
        while self._arrivals and self._arrivals[0].arrived < before:
            gone.append(self._forget())
        return gone

    def near(self, key: str, start: float) -> Iterator[Trace]:
        """Yield up to `LISTEN` alerts on either side of the time `start` that stand under `key`."""
        entries = self._by_key.get(key)
        if not entries:
            return
        middle = bisect_left(entries, (start,))  # a shorter tuple sorts before longer ones
        for entry in entries[max(0, middle - LISTEN) : middle + LISTEN]:
            yield entry[2]

    def _forget(self) -> Trace:
        trace = self._arrivals.popleft()
        del self._known[trace.id]
        for key in trace.keys:
            entries = self._by_key[key]
            del entries[bisect_left(entries, (trace.start, trace.id))]
            if not entries:
                del self._by_key[key]
        return trace
