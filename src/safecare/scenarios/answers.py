"""What the console API answers, as far as a run needs it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Named(msgspec.Struct, frozen=True):
    """An id."""

    id: str


class SeenAlert(msgspec.Struct, frozen=True):
    """An alert in the list."""

    id: str
    rule: str
    title: str
    first: datetime
    assets: tuple[Named, ...] = ()
    zones: tuple[Named, ...] = ()
    incident: str | None = None


class SeenLink(msgspec.Struct, frozen=True):
    """An alert of an incident."""

    alert: SeenAlert


class SeenReceipt(msgspec.Struct, frozen=True):
    """What became of a notice."""

    outcome: str
    who: str
    at: datetime


class SeenNotice(msgspec.Struct, frozen=True):
    """Who was told."""

    id: str
    role: str
    channel: str
    at: datetime
    title: str
    receipts: tuple[SeenReceipt, ...] = ()


class SeenIncident(msgspec.Struct, frozen=True):
    """An incident with its alerts and notices."""

    id: str
    title: str
    state: str
    combined: bool
    into: str | None = None
    links: tuple[SeenLink, ...] = ()
    notices: tuple[SeenNotice, ...] = ()

    @property
    def alerts(self) -> frozenset[str]:
        """Ids of its alerts."""
        return frozenset(link.alert.id for link in self.links)


class SeenEffect(msgspec.Struct, frozen=True):
    """An effect of a forecast."""

    target: str
    state: str
    probability: float
    earliest: float | None = None


class SeenGroup(msgspec.Struct, frozen=True):
    """Effects of one family."""

    group: str
    effects: tuple[SeenEffect, ...] = ()


class SeenForecast(msgspec.Struct, frozen=True):
    """A forecast."""

    groups: tuple[SeenGroup, ...] = ()


class SeenAction(msgspec.Struct, frozen=True):
    """A response of a plan."""

    id: str
    title: str
    rank: int
    cost: float | None = None
    cost_text: tuple[str, ...] = ()


class SeenPlan(msgspec.Struct, frozen=True):
    """A plan."""

    id: str
    actions: tuple[SeenAction, ...] = ()


class SeenCard(msgspec.Struct, frozen=True):
    """An incident on the board."""

    id: str


class SeenBoard(msgspec.Struct, frozen=True):
    """The board."""

    incidents: tuple[SeenCard, ...] = ()


class SeenDoor(msgspec.Struct, frozen=True):
    """A door on the health page."""

    door: str
    source: str
    state: str
    detail: str = ""


class SeenStage(msgspec.Struct, frozen=True):
    """A stage on the health page."""

    group: str
    lag: int


class SeenHealth(msgspec.Struct, frozen=True):
    """The health page."""

    sources: tuple[SeenDoor, ...] = ()
    stages: tuple[SeenStage, ...] = ()


class Invitation(msgspec.Struct, frozen=True):
    """A one-time sign-in link, and the id of its user."""

    url: str
    user: str
