"""How alike two incidents are: by the rules that told of them, and by where they happened."""

from __future__ import annotations

from collections.abc import Collection

from safecare.model.incident import Incident

RULES = 0.6
"""Weight of the rules. Chosen: the same thing elsewhere is more alike than another thing here."""
PLACE = 0.4
"""Weight of assets and zones."""
ALIKE = 0.3
"""Least likeness. Chosen: half of the rules, or a third of them in the same place."""


def likeness(one: Incident, rules: Collection[str], other: Incident, others: Collection[str]) -> float:
    """Return 0-1; 0 below `ALIKE`. `rules` and `others` are the rules of their alerts."""
    by_rules = _shared({*rules, *one.rules}, {*others, *other.rules})
    by_place = _shared({*one.assets, *one.zones}, {*other.assets, *other.zones})
    found = RULES * by_rules + PLACE * by_place
    return found if found >= ALIKE else 0.0


def _shared(one: Collection[str], other: Collection[str]) -> float:
    """Return the Jaccard index."""
    both = {*one, *other}
    return len(set(one) & set(other)) / len(both) if both else 0.0
