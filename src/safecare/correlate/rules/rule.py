"""A correlation rule: Sigma's correlation, extended by place, dependency and identity.

Source: Sigma correlation rules specification 2.0 (title, id, level, tags, falsepositives; types `event_count`,
`value_count`, `temporal`, `temporal_ordered`; `group-by`, `timespan`, `condition`). What Sigma lacks: `alerts` name
alerts and events by pattern instead of other rules; `joins` tie them by place, dependency or identity; `without`
wants something not to have been; `consequences` are alerts that the rest explains; `story` tells it in both languages.

Meaning. A *match* of a temporal rule takes one alert or event for each name in `rules`: each fits its pick, each pair
in `joins` stands so, all begin within `timespan` (`temporal_ordered`: in that order), and nothing that fits a name in
`without`, and its joins, begins between `before` the first and `after` the last. A match of a counting rule is a span
of `timespan` in which one value of `group-by` has at least `gte` alerts (`value_count`: two or more, with as many
different values of `field`). Which alerts match depends on nothing but the alerts.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Kind = Literal["temporal", "temporal_ordered", "event_count", "value_count"]
Level = Literal["informational", "low", "medium", "high", "critical"]
Nearness = Literal["room", "adjacent", "route", "compartment", "level", "building"]
Identity = Literal["person", "badge", "account", "device", "address"]
Way = Literal[
    "needs", "powers", "hosts", "connects", "allows", "controls", "stores", "feeds", "opens", "protects", "any"
]
By = Literal["zone", "asset", "person", "address", "compartment", "level", "building"]

SEVERITY: dict[str, int] = {"informational": 10, "low": 30, "medium": 50, "high": 75, "critical": 95}
"""Severity (0-100) by Sigma's level. Chosen: inside the band of the same name (`safecare.model.severity`)."""

TELLING = 40
"""Severity of an alert from which it tells a rule something. Chosen: the least of level medium."""

LIKELY = 0.5
"""Confidence from which it does. Chosen: more likely true than not."""

_TIMESPAN = re.compile(r"(\d{1,6})\s*(s|m|min|h|d)")
_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


class Pick(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert or event must be. Empty fields say nothing."""

    rules: tuple[str, ...] = ()
    """Patterns of alerts' rule names (shell style), for example ``door.*``."""
    events: tuple[str, ...] = ()
    """Kinds of events, for example ``badge.granted``: no alert, but it may say that all was well, or not."""
    severity: int = TELLING
    """Least severity (0-100) of an alert."""
    confidence: float = LIKELY
    """Least confidence (0-1) of an alert."""
    domain: Literal["cyber", "physical"] | None = None
    groups: tuple[str, ...] = ()
    """One of its assets is of one of these families (it, network, medical, door, camera, utility, ...)."""
    categories: tuple[str, ...] = ()
    """One of its zones is of one of these categories (pharmacy, technical, ward, ...)."""
    security: tuple[str, ...] = ()
    """One of its zones is of one of these classes (public, staff, restricted, critical)."""


class Join(msgspec.Struct, frozen=True, kw_only=True):
    """How two names stand to each other: by exactly one of place, dependency and identity."""

    between: tuple[str, str]
    place: Nearness | None = None
    dependency: tuple[Way, ...] = ()
    """Kinds of dependency that lead from the first (the cause) to the second (what it brings about)."""
    steps: int = 1
    """Most dependencies on the way."""
    identity: Identity | None = None


class Without(msgspec.Struct, frozen=True, kw_only=True):
    """How long before the first and after the last alert something must not have been (timespans)."""

    before: str = "0s"
    after: str = "0s"


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """How many, and for `value_count` of what."""

    gte: int
    field: Literal["asset", "zone", "person", "address", "rule"] | None = None


class Correlation(msgspec.Struct, frozen=True, kw_only=True):
    """When the named alerts match."""

    type: Kind
    rules: tuple[str, ...]
    timespan: str
    joins: tuple[Join, ...] = ()
    without: dict[str, Without] = {}
    group_by: tuple[By, ...] = ()
    condition: Condition | None = None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """The incident in words. Places: ``{name.zone}``, ``{name.asset}``, ``{name.time}``."""

    en: str
    fr: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as its file says it."""

    title: str
    name: str
    id: str
    level: Level
    description: str
    alerts: dict[str, Pick]
    correlation: Correlation
    story: Story
    consequences: tuple[str, ...] = ()
    """Names whose alerts the rest explains: they stand in the incident, but neither open it nor make it graver."""
    status: str = ""
    references: tuple[str, ...] = ()
    author: str = ""
    date: str = ""
    tags: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()

    @property
    def severity(self) -> int:
        """Severity (0-100) of an incident that this rule alone makes."""
        return SEVERITY[self.level]


class Shelf:
    """The rules in use, which may be exchanged while a stage runs: it takes the new ones before its next work."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        """Begin with `rules`."""
        self.rules = rules


def timespan(text: str) -> float:
    """Return the seconds of ``30s``, ``15m``, ``2h``, ``1d`` (Sigma's writing). Raises `ValueError`."""
    found = _TIMESPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    return float(found[1]) * _UNITS[found[2]]
