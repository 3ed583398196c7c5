"""A station that is known appears at another address, or a network card of an asset where the asset is not.

Source: NIST SP 800-82 r3, 6.1.1 (asset management of OT): medical and building devices keep their addresses for years;
MITRE ATT&CK T1036 (Masquerading).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import MOST, Acquaintance, alert_on
from safecare.detect.cyber.network_identity import NOBODY, UNIQUE, Holder, name_of
from safecare.detect.cyber.wire_words import end
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import IdentitySeen
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

CARDS = frozenset({"mac", "dhcp.lease"})
"""Systems that tell the network card behind an address. That of the frames may be a router's."""


@detector("inventory.moved", wants={IdentitySeen}, domain=Domain.CYBER)
@dataclass
class MovedStation:
    """Alert when a name is said by another address than before, later than `together` (time), once per `pause` (time).

    And when the network card (`mac`) of an asset is heard at an address that is not the asset's.
    """

    hospital: Hospital
    together: timedelta = timedelta(hours=1)
    pause: timedelta = timedelta(days=1)
    _names: dict[str, Holder] = field(default_factory=dict, init=False)
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Compare where things are with where they were."""
        for event in batch:
            if isinstance(event, IdentitySeen) and event.ip not in NOBODY and event.value:
                if event.system in UNIQUE:
                    yield from self._name(event)
                elif event.system in CARDS:
                    yield from self._card(event)

    def _name(self, event: IdentitySeen) -> Iterator[Alert]:
        name = name_of(event)
        key = f"{event.system}\x1f{name}"
        before = self._names.get(key)
        remember(self._names, key, Holder(event.ip, event.at), MOST)
        if before is None or before.value == event.ip or abs(event.at - before.at) <= self.together:
            return
        if not self._past.due(event, f"{key}\x1f{event.ip}", self.pause):
            return
        title = say(
            "{system} {name} moved from {first} to {second}",
            system=event.system,
            name=name,
            first=end(self.hospital, before.value),
            second=end(self.hospital, event.ip),
        )
        why = say("Such a name belongs to one station only; someone may pose as it.")
        yield alert_on(self, self.hospital, event, 35, title, [why], "T1036")

    def _card(self, event: IdentitySeen) -> Iterator[Alert]:
        asset = self.hospital.at_address("mac", event.value)
        home = asset.addresses.get("ip") if asset else None
        if asset is None or home in (None, event.ip):
            return
        if self._past.due(event, f"{event.value}\x1f{event.ip}", self.pause):
            title = say("{asset} is at the address {ip}, not at its own", asset=Ref(asset.id), ip=event.ip)
            why = say("Its network card {mac} belongs to {home}.", mac=event.value, home=str(home))
            yield alert_on(self, self.hospital, event, 50 if asset.criticality >= 3 else 40, title, [why], "T1036")
