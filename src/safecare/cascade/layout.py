"""What can be reached from some seeds at all: local numbers for its facts and rules.

The cost of a simulation follows what is reached, not the size of the hospital.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from safecare.cascade.earliest import earliest
from safecare.cascade.system import System


@dataclass(frozen=True)
class Layout:
    """Reached facts (rows) and rules (by place in `rules`), and how they hang together."""

    worst: dict[int, float]
    """Earliest possible time by fact number (every rule succeeds as fast as it can)."""
    rows: dict[int, int]
    """Row by fact number."""
    rules: tuple[int, ...]
    """Rule numbers, in about the order in which they can fire: a good order for label correcting."""
    tails: list[list[int]]
    needs: list[int]
    heads: list[int]
    readers: list[list[int]]
    """Rules by row that stands among their tails."""
    makers: list[list[int]]
    """Rules by row that is their head."""
    lasting: list[bool]

    def downstream(self, rows: Iterable[int]) -> set[int]:
        """Return `rows` and all rows that rules lead to from there."""
        return self._closure(rows, only_ending=False)

    def ending_with(self, rows: Iterable[int]) -> set[int]:
        """Return `rows` and all rows that may end when they do: through rules whose effect is not lasting."""
        return self._closure(rows, only_ending=True)

    def _closure(self, rows: Iterable[int], *, only_ending: bool) -> set[int]:
        found = set(rows)
        waiting = list(found)
        while waiting:
            for rule in self.readers[waiting.pop()]:
                head = self.heads[rule]
                if head not in found and not (only_ending and self.lasting[rule]):
                    found.add(head)
                    waiting.append(head)
        return found


def lay_out(system: System, start: Mapping[int, float], horizon: float, base: Layout | None = None) -> Layout:
    """Return the layout of what is reached from `start` by `horizon`.

    With `base` (reached from fewer seeds), its rows and rules keep their numbers and new ones follow.
    """
    worst = earliest(system, start, horizon=horizon)
    known = base.rows if base else {}
    rows = dict(known)
    for fact in worst:
        rows.setdefault(fact, len(rows))
    old = base.rules if base else ()
    had = set(old)
    rules = (*old, *(rule for rule in _reached_rules(system, worst) if rule not in had))
    tails = [[rows[tail] for tail in system.tails_of[rule] if tail in rows] for rule in rules]
    heads = [rows[system.heads[rule]] for rule in rules]
    readers: list[list[int]] = [[] for _ in rows]
    makers: list[list[int]] = [[] for _ in rows]
    for place, (own, head) in enumerate(zip(tails, heads, strict=True)):
        makers[head].append(place)
        for tail in own:
            readers[tail].append(place)
    return Layout(
        worst=worst,
        rows=rows,
        rules=rules,
        tails=tails,
        needs=[system.needs[rule] for rule in rules],
        heads=heads,
        readers=readers,
        makers=makers,
        lasting=[system.rules[rule].lasting for rule in rules],
    )


def _reached_rules(system: System, worst: Mapping[int, float]) -> list[int]:
    """Return the rules that can fire, in the order in which they can."""
    met: dict[int, int] = {}
    found: list[int] = []
    for fact in worst:
        for rule in system.readers[fact]:
            met[rule] = met.get(rule, 0) + 1
            if met[rule] == system.needs[rule] and system.heads[rule] in worst:
                found.append(rule)
    return found
