"""What rules about stations share: what they know, what was told already, and how an alert names those concerned."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

import msgspec

from safecare.detect.cyber.wire_words import concerned
from safecare.detect.memory import remember
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen, ConnectionSeen, IdentitySeen
from safecare.model.hospital import Asset, Hospital
from safecare.model.text import Text

MOST = 20_000
"""Most things remembered by one rule (chosen: more than a hospital's stations, pairs and destinations)."""


class Acquaintance(msgspec.Struct):
    """Things that a rule knows, and what it has told; `start` is when learning began."""

    start: datetime | None = None
    known: dict[str, datetime] = {}
    told: dict[str, datetime] = {}

    def begin(self, event: Event, since: datetime | None) -> None:
        """Take note of an event's time; with `since`, learning begins there."""
        self.start = since or min(self.start or event.seen, event.seen)

    def learns(self, event: Event, learning: timedelta) -> bool:
        """Tell whether the event falls into the time in which everything is normal."""
        return self.start is not None and event.seen - self.start < learning

    def is_new(self, event: Event, key: str, learning: timedelta) -> bool:
        """Tell whether a thing was never seen in the learning time, and learn it there. Without one, nothing is new."""
        if not learning or self.start is None:
            return False
        if self.learns(event, learning):
            remember(self.known, key, event.at, MOST)
            return False
        return key not in self.known

    def due(self, event: Event, key: str, pause: timedelta) -> bool:
        """Tell whether a thing may be told: it was not within `pause`. It counts as told from now on."""
        last = self.told.get(key)
        if last is not None and abs(event.at - last) < pause:
            return False
        remember(self.told, key, event.at, MOST)
        return True


def alert_on(
    rule: object,
    hospital: Hospital,
    event: CommandSeen | ConnectionSeen | IdentitySeen,
    severity: int,
    title: Text,
    why: Iterable[Text],
    technique: str,
    *,
    confidence: float = 0.7,
    more: Iterable[Event] = (),
) -> Alert:
    """Return an alert that names the stations of `event`: as assets where they are known, else by their address."""
    if isinstance(event, IdentitySeen):
        asset = hospital.at_address("ip", event.ip)
        near = asset or network_of(hospital, event.ip)
        assets, zones = ([near.id], [near.zone] if near.zone else []) if near else ([], [])
        peers = [] if asset else [event.ip]
    else:
        assets, zones, peers = concerned(hospital, event)
    return Alert.of(
        rule,
        event,
        *more,
        window=title.key,
        severity=severity,
        confidence=confidence,
        title=title,
        why=why,
        assets=assets,
        zones=zones,
        peers=peers,
        techniques=(technique,),
    )


def network_of(hospital: Hospital, ip: str) -> Asset | None:
    """Return the network (an asset with a `subnet`) in which an address lies: where a stranger is plugged in."""
    for asset in hospital.assets:
        subnet = asset.addresses.get("subnet")
        if subnet:
            try:
                if ip_address(ip) in ip_network(subnet, strict=False):
                    return asset
            except ValueError:
                continue
    return None
