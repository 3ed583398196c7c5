"""A controller that only ever answered opens connections, or gets them from where none ever came.

Source: MITRE ATT&CK for ICS T0866 (Exploitation of Remote Services), T0867 (Lateral Tool Transfer), T0886 (Remote
Services). Controllers answer a few masters in an endless round; whoever breaks into one uses it as a client.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import Acquaintance, alert_on
from safecare.detect.cyber.network_command import POLLING, POLLS
from safecare.detect.cyber.wire_words import end, target_of
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen, ConnectionSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Text, say

CONTROL = frozenset({"modbus", "s7", "cip", "enip", "dnp3"})
"""Protocols whose servers are controllers; BACnet and KNX devices ask each other by design."""
DEVICES, CLIENTS = 20_000, 64
"""Most controllers, and most clients and services of each, that are remembered (chosen: more than a hospital's)."""
HELPERS = frozenset({21, 25, 53, 67, 123, 514, 601, 1514, 6514})
"""Ports that controllers use as clients by themselves: FTP, mail, names, addresses, time, syslog (IANA)."""


class Role(msgspec.Struct):
    """What is known of a controller: since when it is asked, how often, by whom.

    `usual`: which connections, with their direction, began before all was steady.
    """

    since: datetime
    count: int = 0
    steady: datetime | None = None
    """When it had been asked long and often enough."""
    masters: dict[str, int] = {}
    usual: dict[str, bool] = {}


@detector("network.out-of-role", wants={CommandSeen, ConnectionSeen}, domain=Domain.CYBER)
@dataclass
class OutOfRole:
    """Alert on new TCP connections from and to a controller that was asked 20 times over `learning`, at least 10 s.

    What went on before is usual. `pause`: time until the same is told again. Connections to a controller by somebody
    else are told only without a learning time: with one, `network.new-conversation` knows better.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    pause: timedelta = timedelta(hours=1)
    _roles: dict[str, Role] = field(default_factory=dict, init=False)
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Learn who answers whom, and judge connections."""
        for event in batch:
            if isinstance(event, CommandSeen):
                if event.protocol in CONTROL and event.facts.get("kind", "request") == "request":
                    self._asked(event)
            elif isinstance(event, ConnectionSeen) and event.protocol == "tcp" and event.outcome == "open":
                yield from self._opened(event)

    def _asked(self, event: CommandSeen) -> None:
        role = self._roles.get(event.dst_ip) or Role(event.at)
        remember(self._roles, event.dst_ip, role, DEVICES)
        role.since = min(role.since, event.at) if role.count else event.at
        if role.steady is None or event.src_ip in role.masters:
            remember(role.masters, event.src_ip, role.masters.get(event.src_ip, 0) + event.count, CLIENTS)
        role.count += event.count
        if role.steady is None and role.count >= POLLS and event.at - role.since >= max(POLLING, self.learning):
            role.steady = event.at

    def _opened(self, event: ConnectionSeen) -> Iterator[Alert]:
        """Judge a connection by its two ends; told late, it counts from when it began."""
        client, server = self._roles.get(event.src_ip), self._roles.get(event.dst_ip)
        if event.dst_port not in HELPERS:
            if client is None:  # what it does before anybody asks it is usual
                client = Role(event.at)
                remember(self._roles, event.src_ip, client, DEVICES)
            told = "opens", f"{event.dst_ip} {event.dst_port}"
            if self._is_new(client, told, event):
                source, target = end(self.hospital, event.src_ip), target_of(self.hospital, event.dst_ip)
                title = say("{source}, which only answered so far, connects to {target}", source=source, target=target)
                yield from self._alert(event, client, 70, title, "T0867")
                return
        if server is not None and not self.learning:
            told = "takes", f"{event.src_ip} {event.dst_port}"
            if self._is_new(server, told, event) and not self._is_polling(server, event):
                source, target = end(self.hospital, event.src_ip), target_of(self.hospital, event.dst_ip)
                title = say("{source} connects to {target} as never before", source=source, target=target)
                yield from self._alert(event, server, 45, title, "T0886")

    def _is_new(self, role: Role, told: tuple[str, str], event: ConnectionSeen) -> bool:
        """Tell whether a connection is none of the usual ones; make usual what began before all was steady."""
        key = " ".join(told)
        if role.steady is None or event.at < role.steady:
            remember(role.usual, key, True, CLIENTS)
            return False
        return key not in role.usual

    @staticmethod
    def _is_polling(role: Role, event: ConnectionSeen) -> bool:
        """Tell whether the connection is that of a master which was there all the time."""
        return bool(event.service) and event.service in CONTROL and event.src_ip in role.masters

    def _alert(self, event: ConnectionSeen, role: Role, severity: int, title: Text, technique: str) -> Iterator[Alert]:
        if not self._past.due(event, f"{title.key} {event.src_ip} {event.dst_ip} {event.dst_port}", self.pause):
            return
        why = [
            say(
                "Until then the controller was asked {count} times, and nothing of this kind happened.",
                count=role.count,
            ),
            say("TCP port {port}.", port=str(event.dst_port)),
        ]
        yield alert_on(self, self.hospital, event, severity, title, why, technique)
