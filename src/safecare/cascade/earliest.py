"""Earliest time of every fact, exactly: Dijkstra with counters over AND, OR and k-of-n rules, cycles allowed.

Source: D. E. Knuth, "A generalization of Dijkstra's algorithm", Information Processing Letters 6 (1977).
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from math import inf

from safecare.cascade.system import System


def earliest(
    system: System,
    start: Mapping[int, float],
    delays: Sequence[float] | None = None,
    horizon: float = inf,
) -> dict[int, float]:
    """Return the earliest time (seconds) by fact number, in order of time, for facts true by `horizon`.

    `start` gives the times of facts that stand at the start. `delays` are those of the rules (infinite: the
    rule fails); without them every rule succeeds after its shortest delay, which is the worst case.
    """
    wait = system.quickest if delays is None else delays
    missing: dict[int, int] = {}
    done: dict[int, float] = {}
    heap = [(at, fact) for fact, at in start.items()]
    heapq.heapify(heap)
    while heap:
        at, fact = heapq.heappop(heap)
        if fact in done or at > horizon:
            continue
        done[fact] = at
        for rule in system.readers[fact]:
            left = missing.get(rule, system.needs[rule]) - 1
            missing[rule] = left
            if left == 0 and wait[rule] < inf and system.heads[rule] not in done:
                heapq.heappush(heap, (at + wait[rule], system.heads[rule]))
    return done
