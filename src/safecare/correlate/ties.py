"""Which of the alerts in memory a new one is tied to."""

from __future__ import annotations

from collections.abc import Container

from safecare.correlate import relations as rel
from safecare.correlate.affinity import Tie, affinity, most
from safecare.correlate.group import Trace
from safecare.correlate.memory import Memory
from safecare.correlate.places import Places


def strongest(places: Places, memory: Memory, groups: Container[str], fresh: Trace) -> dict[str, Tie]:
    """Return the strongest tie of `fresh` to each of `groups` but its own, where it reaches `relations.JOIN`."""
    best: dict[str, Tie] = {}
    for key in fresh.keys:
        for probe in places.probes(key):
            highest = most(fresh, probe)
            if highest < rel.JOIN:
                continue
            for old in memory.near(probe.key, fresh.start):
                if old.id == fresh.id or (fresh.group and old.group == fresh.group):
                    continue
                known = best.get(old.group)
                if known is not None and known.score >= highest:
                    continue
                score = affinity(places, fresh, old, probe)
                if score >= rel.JOIN and (known is None or score > known.score) and old.group in groups:
                    best[old.group] = Tie(score, old, probe)
    return best
