"""Two stations say that they are the same, or one says that it is another than before; and stations that nobody knows.

Source: RFC 826 and its known weakness (MITRE ATT&CK T1557.002, ARP Cache Poisoning); ASHRAE 135, 12.11: a BACnet device
instance is unique in the whole network; DICOM PS3.8: an application entity title names one node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.wire_words import end
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import IdentitySeen
from safecare.model.hospital import Hospital
from safecare.model.text import Text, say

MOST = 20_000
"""Most identities remembered (chosen: more than a hospital's stations)."""
UNIQUE = frozenset({"mac", "bacnet", "dicom", "hl7", "knx"})
"""Systems in which a name belongs to one station."""
STEADY = frozenset({"mac", "bacnet", "dicom.implementation", "modbus", "enip", "knx"})
"""Systems in which a station keeps its name."""
MANY = 4
"""Addresses that one MAC address may have (chosen: routers and clusters have two or three)."""


class Holder(msgspec.Struct):
    """Who last said a thing, and when."""

    value: str
    at: datetime


@detector("network.identity", wants={IdentitySeen}, domain=Domain.CYBER)
@dataclass
class DoubledIdentity:
    """Alert when an identity is on two addresses, or an address has two, within `together` (time); later: it moved.

    `learning`: time from `since` (or the first event) in which new stations are learned and not told; zero without a
    baseline: new stations are never told. `pause`: time until the same is told again.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    together: timedelta = timedelta(hours=1)
    pause: timedelta = timedelta(hours=1)
    since: datetime | None = None
    _start: datetime | None = field(default=None, init=False)
    _by_ip: dict[str, Holder] = field(default_factory=dict, init=False)
    _by_name: dict[str, Holder] = field(default_factory=dict, init=False)
    _addresses: dict[str, list[str]] = field(default_factory=dict, init=False)
    """Addresses that a MAC address has said to be its own, without being asked to look for another."""
    _stations: dict[str, datetime] = field(default_factory=dict, init=False)
    _told: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Compare what stations say with what was said before."""
        for event in batch:
            if isinstance(event, IdentitySeen) and event.ip not in ("0.0.0.0", "::") and event.value:  # noqa: S104
                yield from self._judge(event)

    def _judge(self, event: IdentitySeen) -> Iterator[Alert]:
        self._start = self.since or min(self._start or event.seen, event.seen)
        yield from self._stranger(event)
        if event.system in STEADY:
            yield from self._changed(event)
        if event.system in UNIQUE:
            yield from self._doubled(event)
        if event.system == "mac":
            known = self._addresses.setdefault(event.value, [])
            if event.ip not in known and len(known) <= MANY:
                known.append(event.ip)
                if len(known) > MANY and not event.asked:
                    title = say("{mac} claims many addresses at once", mac=event.value)
                    yield from self._alert(event, 65, title, [say("Among them {ip}.", ip=event.ip)], "T1557")
            remember(self._addresses, event.value, known, MOST)

    def _stranger(self, event: IdentitySeen) -> Iterator[Alert]:
        new = event.ip not in self._stations
        remember(self._stations, event.ip, event.at, MOST)
        if not new or self._start is None or not self.learning or event.seen - self._start < self.learning:
            return
        if self.since and event.system in ("mac", "ethernet"):  # in captures, conversations tell them, with frames
            return
        frozen = self.hospital.network
        known = self.hospital.at_address("ip", event.ip) or (
            frozen and any(one.ip == event.ip for one in frozen.identities)
        )
        if not known:
            title = say("A new station: {ip}", ip=event.ip)
            why = say("It says of itself: {system} {value}.", system=event.system, value=event.value)
            yield from self._alert(event, 40, title, [why], "T0864")

    def _changed(self, event: IdentitySeen) -> Iterator[Alert]:
        """Tell when an address says another name than before."""
        key = f"{event.system}\x1f{event.ip}"
        before = self._by_ip.get(key)
        remember(self._by_ip, key, Holder(event.value, event.at), MOST)
        if before is None or before.value == event.value:
            return
        both = abs(event.at - before.at) <= self.together
        address = end(self.hospital, event.ip)
        if event.system == "mac":
            title = say("Two stations claim the address of {address}", address=address)
        else:
            title = say("{address} says that it is another than before", address=address)
        why = say("Before: {before}. Now: {now} ({system}).", before=before.value, now=event.value, system=event.system)
        severity = 60 if event.system == "mac" and both else 45
        yield from self._alert(event, severity, title, [why], "T1557")

    def _doubled(self, event: IdentitySeen) -> Iterator[Alert]:
        """Tell when a name is said by another address than before."""
        name = event.value.split(",")[0] if event.system == "bacnet" else event.value
        key = f"{event.system}\x1f{name}"
        before = self._by_name.get(key)
        remember(self._by_name, key, Holder(event.ip, event.at), MOST)
        if before is None or before.value == event.ip or event.system == "mac":
            return
        both = abs(event.at - before.at) <= self.together
        first, second = end(self.hospital, before.value), end(self.hospital, event.ip)
        if both:
            title = say(
                "{first} and {second} say that they are the same: {system} {name}",
                first=first,
                second=second,
                system=event.system,
                name=name,
            )
        else:
            title = say(
                "{system} {name} moved from {first} to {second}",
                system=event.system,
                name=name,
                first=first,
                second=second,
            )
        why = say("Such a name belongs to one station only; someone may pose as it.")
        yield from self._alert(event, 60 if both else 35, title, [why], "T1036")

    def _alert(
        self, event: IdentitySeen, severity: int, title: Text, why: list[Text], technique: str
    ) -> Iterator[Alert]:
        key = f"{title.key}\x1f{event.ip}\x1f{event.value}"
        last = self._told.get(key)
        if last is not None and abs(event.at - last) < self.pause:
            return
        remember(self._told, key, event.at, MOST)
        asset = self.hospital.at_address("ip", event.ip)
        yield Alert.of(
            self,
            event,
            window=title.key,
            severity=severity,
            confidence=0.7,
            title=title,
            why=why,
            assets=[asset.id] if asset else [],
            zones=[asset.zone] if asset and asset.zone else [],
            peers=[] if asset else [event.ip],
            techniques=(technique,),
        )
