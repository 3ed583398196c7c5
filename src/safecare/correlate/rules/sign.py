"""What rules see of an alert or an event: when, where, about what, of whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from safecare.model.alert import Alert, Domain
from safecare.model.event import Event

NAMED = 16
"""Most assets, zones, people or addresses of one sign that are looked at. Chosen: rules name a few."""


class Sign(msgspec.Struct, kw_only=True, gc=False):
    """An alert, or an event that a rule speaks of. Not changed once it is known."""

    id: str
    name: str
    """Rule of the alert, or kind of the event."""
    start: float
    """Seconds since 1970."""
    alert: bool = True
    severity: int = 0
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
    assets = alert.assets[:NAMED]
    return Sign(
        id=alert.id,
        name=alert.rule,
        start=alert.first.timestamp(),
        severity=alert.severity,
        cyber=alert.domain is Domain.CYBER,
        assets=assets,
        zones=alert.zones[:NAMED] or _zones(assets, homes),
        holders=alert.holders[:NAMED],
        peers=alert.peers[:NAMED],
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
        zones=(event.zone,) if event.zone else _zones(assets, homes),
        holders=(holder,) if holder else (),
        peers=tuple(peer for name in ("src_ip", "dst_ip") if (peer := getattr(event, name, ""))),
    )


def _zones(assets: Iterable[str], homes: Homes) -> tuple[str, ...]:
    return tuple(dict.fromkeys(zone for asset in assets for zone in homes.home(asset)))[:NAMED]
