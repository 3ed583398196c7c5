"""Two stations say at the same time that they are the same, or one claims the addresses of many.

Source: RFC 826 and its known weakness (MITRE ATT&CK T1557.002, ARP Cache Poisoning); ASHRAE 135, 12.11: a BACnet device
instance is unique in the whole network; DICOM PS3.8: an application entity title names one node; MQTT 3.1.1, 3.1.4: a
client identifier is used once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import MOST, Acquaintance, alert_on
from safecare.detect.cyber.wire_words import end
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import IdentitySeen
from safecare.model.hospital import Hospital
from safecare.model.text import Text, say

UNIQUE = frozenset({"bacnet", "dicom", "hl7", "knx", "mqtt", "s7.serial"})
"""Systems in which a name belongs to one station."""
MANY = 4
"""Addresses that one MAC address may have (chosen: routers and clusters have two or three)."""
NOBODY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - not listened on
"""Addresses of those that have none yet."""


class Holder(msgspec.Struct):
    """Who last said a thing, and when."""

    value: str
    at: datetime


@detector("network.identity", wants={IdentitySeen}, domain=Domain.CYBER)
@dataclass
class DoubledIdentity:
    """Alert when an identity is on two addresses, or an address on two network cards, within `together` (time).

    Who had it first keeps it in that time: told is who comes later, each time. What changes later is no double:
    `inventory.moved` and `inventory.changed` tell it. An address that the DHCP server has just given to another station
    is none either. `pause`: time until the same is told again.
    """

    hospital: Hospital
    together: timedelta = timedelta(hours=1)
    pause: timedelta = timedelta(hours=1)
    _cards: dict[str, Holder] = field(default_factory=dict, init=False)
    """By address: its MAC address."""
    _names: dict[str, Holder] = field(default_factory=dict, init=False)
    """By system and name: the address that says it."""
    _addresses: dict[str, list[str]] = field(default_factory=dict, init=False)
    """Addresses that a MAC address has said to be its own, without being asked to look for another."""
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Compare what stations say with what was said before."""
        for event in batch:
            if isinstance(event, IdentitySeen) and event.ip not in NOBODY and event.value:
                if event.system == "mac":
                    yield from self._card(event)
                    yield from self._many(event)
                elif event.system == "dhcp.lease":
                    remember(self._cards, event.ip, Holder(event.value, event.at), MOST)
                elif event.system in UNIQUE:
                    yield from self._name(event)

    def _card(self, event: IdentitySeen) -> Iterator[Alert]:
        before = self._cards.get(event.ip)
        if before is None or before.value == event.value or abs(event.at - before.at) > self.together:
            remember(self._cards, event.ip, Holder(event.value, event.at), MOST)
            return
        title = say("Two stations claim the address of {address}", address=end(self.hospital, event.ip))
        why = say("Before: {before}. Now: {now} ({system}).", before=before.value, now=event.value, system="mac")
        yield from self._alert(event, 60, title, why, "T1557")

    def _many(self, event: IdentitySeen) -> Iterator[Alert]:
        known = self._addresses.setdefault(event.value, [])
        if event.ip not in known and len(known) <= MANY:
            known.append(event.ip)
            if len(known) > MANY and not event.asked:
                title = say("{mac} claims many addresses at once", mac=event.value)
                yield from self._alert(event, 65, title, say("Among them {ip}.", ip=event.ip), "T1557")
        remember(self._addresses, event.value, known, MOST)

    def _name(self, event: IdentitySeen) -> Iterator[Alert]:
        name = name_of(event)
        key = f"{event.system}\x1f{name}"
        before = self._names.get(key)
        if before is None or before.value == event.ip or abs(event.at - before.at) > self.together:
            remember(self._names, key, Holder(event.ip, event.at), MOST)
            return
        title = say(
            "{first} and {second} say that they are the same: {system} {name}",
            first=end(self.hospital, before.value),
            second=end(self.hospital, event.ip),
            system=event.system,
            name=name,
        )
        why = say("Such a name belongs to one station only; someone may pose as it.")
        yield from self._alert(event, 60, title, why, "T1036")

    def _alert(self, event: IdentitySeen, severity: int, title: Text, why: Text, technique: str) -> Iterator[Alert]:
        if self._past.due(event, f"{title.key}\x1f{event.ip}\x1f{event.value}", self.pause):
            yield alert_on(self, self.hospital, event, severity, title, [why], technique)


def name_of(event: IdentitySeen) -> str:
    """Return what of an identity is unique: of a BACnet device its number, without its maker."""
    return event.value.split(",")[0] if event.system == "bacnet" else event.value
