"""Alert: an event, or several, that a detector judged suspicious."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import msgspec

from safecare.model.event import SCHEMA_VERSION, Event
from safecare.model.ids import AlertId, ArtifactHash, AssetId, EventId, HolderId, SiteId, ZoneId, derived_id
from safecare.model.marking import Marking
from safecare.model.text import Text, say

T = TypeVar("T")


class Domain(StrEnum):
    """Which world an alert comes from. An incident with both is combined."""

    CYBER = "cyber"
    PHYSICAL = "physical"


class Rule(Protocol):
    """What an alert takes from the detector that raised it."""

    name: str
    version: int
    domain: Domain


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What, where, how bad (0-100), how sure (0-1), why, and from which events.

    `first` and `last` are event times. `assets` and `zones` are what it is about, most important
    first; `holders` pseudonyms of the people involved; `peers` network addresses that are no asset.
    """

    id: AlertId
    rule: str
    rule_version: int
    domain: Domain
    site: SiteId
    first: datetime
    last: datetime
    severity: int
    confidence: float
    title: Text
    why: tuple[Text, ...]
    because: tuple[EventId, ...]
    assets: tuple[AssetId, ...] = ()
    zones: tuple[ZoneId, ...] = ()
    holders: tuple[HolderId, ...] = ()
    peers: tuple[str, ...] = ()
    still: ArtifactHash | None = None
    techniques: tuple[str, ...] = ()
    """MITRE ATT&CK technique ids."""
    marking: Marking = Marking()
    schema: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        """Refuse a severity outside 0-100 and a confidence outside 0-1 (`ValueError`)."""
        if not 0 <= self.severity <= 100:
            raise ValueError(f"severity {self.severity} is outside 0-100")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence {self.confidence} is outside 0-1")

    @classmethod
    def of(
        cls,
        rule: Any,
        event: Event,
        *more: Event,
        severity: int,
        confidence: float,
        title: Text,
        why: Iterable[Text],
        window: str = "",
        assets: Iterable[AssetId] | None = None,
        zones: Iterable[ZoneId] | None = None,
        holders: Iterable[HolderId] = (),
        peers: Iterable[str] = (),
        still: ArtifactHash | None = None,
        techniques: Iterable[str] = (),
    ) -> Alert:
        """Return the alert that `rule` raises from `event` and `more`, with an id that a replay repeats.

        `rule` is a `Rule`: an instance of a class that a decorator has marked, which type checkers can't know.
        The id is the hash of rule, first event and `window` (a name of the judged span, where one event
        may start several alerts). Assets and zones default to those of the events, in order.
        """
        raised_by: Rule = rule
        events = (event, *more)
        stood = [say("It was already so when Safecare connected to the sender.")] if event.kept else []
        return cls(
            id=AlertId(derived_id(event.at, "alert", raised_by.name, event.id, window)),
            rule=raised_by.name,
            rule_version=raised_by.version,
            domain=raised_by.domain,
            site=event.site,
            first=min(one.at for one in events),
            last=max(one.at for one in events),
            severity=severity,
            confidence=confidence,
            title=title,
            why=(*why, *stood),
            because=tuple(one.id for one in events),
            assets=_unique(assets if assets is not None else (one.asset for one in events if one.asset)),
            zones=_unique(zones if zones is not None else (one.zone for one in events if one.zone)),
            holders=_unique(holders),
            peers=_unique(peers),
            still=still,
            techniques=tuple(techniques),
            marking=event.marking,
        )


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
