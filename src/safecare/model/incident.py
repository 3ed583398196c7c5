"""Incident: correlated alerts, the unit on every screen."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from safecare.model.alert import Domain
from safecare.model.event import SCHEMA_VERSION
from safecare.model.ids import AlertId, AssetId, HolderId, IncidentId, SiteId, ZoneId
from safecare.model.marking import Marking
from safecare.model.text import Text

State = Literal["new", "validated", "contained", "closed"]
Verdict = Literal["", "true", "benign", "false"]
POLICY = "policy:"
"""How the name of a policy begins where a user could stand (`Incident.validated_by`)."""


class Link(msgspec.Struct, frozen=True):
    """Why `alert` belongs to the incident: tied to `to` (an earlier alert, or none for the first)."""

    alert: AlertId
    to: AlertId | None
    score: float
    """0-1: how strongly."""
    why: Text


class Incident(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One revision of an incident. Each change is a new revision with the same id.

    `links` holds every alert exactly once, in order of joining. `domains` tells cyber, physical
    or combined. `merged` are incidents that this one has taken in.
    """

    id: IncidentId
    revision: int
    site: SiteId
    state: State
    title: Text
    story: tuple[Text, ...]
    severity: int
    opened: datetime
    """Event time of the first alert."""
    updated: datetime
    """Event time of the latest alert, or time of the latest act."""
    links: tuple[Link, ...]
    domains: tuple[Domain, ...]
    assets: tuple[AssetId, ...] = ()
    zones: tuple[ZoneId, ...] = ()
    holders: tuple[HolderId, ...] = ()
    verdict: Verdict = ""
    validated_by: str = ""
    """User, or ``policy:<name>``."""
    rules: tuple[str, ...] = ()
    """Correlation rules that match its alerts, by name."""
    merged: tuple[IncidentId, ...] = ()
    into: IncidentId | None = None
    """Set when this incident was taken in by another one."""
    marking: Marking = Marking()
    schema: int = SCHEMA_VERSION

    @property
    def confirmed(self) -> bool:
        """True when a person, not a policy alone, has said that it is real."""
        return self.state in {"validated", "contained"} and not self.validated_by.startswith(POLICY)

    @property
    def combined(self) -> bool:
        """True when cyber and physical alerts are tied together."""
        return len(self.domains) > 1
