"""A station says that it is another than before: other maker, model, firmware or network card at the same address.

Source: NIST SP 800-82 r3, 6.1.1 (inventory of hardware and firmware of OT); MITRE ATT&CK for ICS T0857 (System
Firmware) and T1200 (Hardware Additions): a device that is exchanged or reprogrammed says so itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import MOST, Acquaintance, alert_on
from safecare.detect.cyber.network_identity import NOBODY, Holder
from safecare.detect.cyber.wire_words import end
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import IdentitySeen
from safecare.model.hospital import Hospital
from safecare.model.text import say

STEADY = frozenset(
    {"bacnet", "bacnet.model", "bacnet.firmware", "dicom.implementation", "modbus", "enip", "knx", "s7", "s7.serial"}
)
"""Systems in which a station says the same for years."""
OF_ASSETS = frozenset({"dhcp.fingerprint", "mdns", "mdns.model", "snmp", "snmp.name", "tls.certificate"})
"""Systems that are steady where an address belongs to one asset; in a pool, it changes hands daily."""
SEVERITY, CRITICAL = 40, 55
"""Severity, and that for assets of criticality 3 and 4 (chosen: mostly somebody has exchanged or updated it)."""


@detector("inventory.changed", wants={IdentitySeen}, domain=Domain.CYBER)
@dataclass
class ChangedStation:
    """Alert when an address says another identity than before, once per `pause` (time).

    Two network cards at one address count here when more than `together` (time) lies between them, and only at the
    addresses of assets. Programs that answer to several DICOM callers with several implementations are told apart by
    who has said both before.
    """

    hospital: Hospital
    together: timedelta = timedelta(hours=1)
    pause: timedelta = timedelta(days=1)
    _said: dict[str, Holder] = field(default_factory=dict, init=False)
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Compare what each address says with what it said."""
        for event in batch:
            if isinstance(event, IdentitySeen) and event.ip not in NOBODY and event.value:
                asset = self.hospital.at_address("ip", event.ip)
                if event.system in STEADY or (asset and (event.system in OF_ASSETS or event.system == "mac")):
                    yield from self._judge(event)

    def _judge(self, event: IdentitySeen) -> Iterator[Alert]:
        key = f"{event.system}\x1f{event.ip}"
        before = self._said.get(key)
        remember(self._said, key, Holder(event.value, event.at), MOST)
        again = f"{key}\x1f{event.value}"
        if again in self._past.known:
            return
        remember(self._past.known, again, event.at, MOST)
        if before is None or before.value == event.value:
            return
        if event.system == "mac" and abs(event.at - before.at) <= self.together:
            return  # a double, told as such
        if self._past.due(event, again, self.pause):
            asset = self.hospital.at_address("ip", event.ip)
            severity = CRITICAL if asset and asset.criticality >= 3 else SEVERITY
            title = say("{address} says that it is another than before", address=end(self.hospital, event.ip))
            why = say(
                "Before: {before}. Now: {now} ({system}).",
                before=before.value,
                now=event.value,
                system=event.system,
            )
            yield alert_on(self, self.hospital, event, severity, title, [why], "T0857")
