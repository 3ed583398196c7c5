"""What rules see of an alert or an event: when, where, about what, of whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

from safecare.model.alert import Alert, Domain
from safecare.model.event import Event

T = TypeVar("T")

NAMED = 16
"""Assets, zones, people or addresses of one sign from which none of them says anything (a mail to everybody, a wide
scan). Chosen: as `relations.FREE_NAMED`."""


class Sign(msgspec.Struct, kw_only=True, gc=False):
    """An alert, or an event that a rule speaks of. Not changed once it is known."""

    id: str
    name: str
    """Rule of the alert, or kind of the event."""
    start: float
    """Seconds since 1970."""
    alert: bool = True
    severity: int = 0
    confidence: float = 1.0
    cyber: bool = False
    assets: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    fits: int = 0
    """Which picks of the rule set it fits, one bit each."""


class Homes(Protocol):
    """Who knows where things stand."""

    def home(self, asset: str) -> Sequence[str]:
        """Return the zones of an asset."""
        ...


def of_alert(alert: Alert, homes: Homes) -> Sign:
    """Return what rules see of `alert`; it is where it says, or where its things stand."""
    assets = few(alert.assets)
    return Sign(
        id=alert.id,
        name=alert.rule,
        start=alert.first.timestamp(),
        severity=alert.severity,
        confidence=alert.confidence,
        cyber=alert.domain is Domain.CYBER,
        assets=assets,
        zones=few(alert.zones) or places_of(assets, homes),
        holders=few(alert.holders),
        peers=few(alert.peers),
    )


def of_event(event: Event, homes: Homes) -> Sign:
    """Return what rules see of `event`."""
    assets = (event.asset,) if event.asset else ()
    holder = getattr(event, "holder", None)
    return Sign(
        id=event.id,
        name=event.kind,
        start=event.at.timestamp(),
        alert=False,
        assets=assets,
        zones=(event.zone,) if event.zone else places_of(assets, homes),
        holders=(holder,) if holder else (),
        peers=tuple(peer for name in ("src_ip", "dst_ip") if (peer := getattr(event, name, ""))),
    )


def few(named: tuple[T, ...]) -> tuple[T, ...]:
    """Return `named`, or nothing when it is too many to tell anything."""
    return named if len(named) <= NAMED else ()


def places_of(assets: Iterable[str], homes: Homes) -> tuple[str, ...]:
    """Return where `assets` stand."""
    return few(tuple(dict.fromkeys(zone for asset in assets for zone in homes.home(asset))))
