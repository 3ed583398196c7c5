"""Somebody tries out what a control or medical network lets happen: units, functions, titles, passwords.

Source: MITRE ATT&CK for ICS T0846 (Remote System Discovery), T0888 (Remote System Information Discovery), T0812
(Default
Credentials); Quickdraw's rules for Modbus and DNP3 (unit and function scans); DIMScern (Sensors 2024, 24, 7470) for
DICOM.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.wire_words import PROTOCOLS, concerned, end, target_of
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Amount, Ref, Span, Text, When, say

STATIONS = 5000
"""Most windows of stations and kinds (chosen: more than a hospital's; the oldest are forgotten)."""
THINGS = 400
"""Most different things remembered in one window (chosen: above what alerts)."""


class Kind(msgspec.Struct, frozen=True):
    """A way of trying: how many different things within the window alert, severity, and the sentence."""

    many: int
    severity: int
    title: Text
    technique: str


KINDS: dict[str, Kind] = {
    "units": Kind(10, 50, say("{source} tries the unit numbers of {target}"), "T0846"),  # that do not answer
    "errors": Kind(10, 50, say("{source} is refused again and again by {target}"), "T0888"),
    "functions": Kind(3, 50, say("{source} tries unknown functions on {target}"), "T0888"),
    "malformed": Kind(2, 45, say("{source} sends malformed messages to {target}"), "T0814"),
    "identify": Kind(5, 40, say("{source} asks many devices who they are"), "T0846"),
    "discover": Kind(20, 40, say("{source} searches for devices again and again"), "T0846"),
    "announce": Kind(60, 45, say("{source} floods the network with announcements"), "T0814"),
    "titles": Kind(3, 55, say("{source} guesses application titles of {target}"), "T0888"),
    "flood": Kind(300, 55, say("{source} floods {target} with associations"), "T0814"),
    "queries": Kind(60, 55, say("{source} queries {target} for many patients"), "T0802"),
    "passwords": Kind(3, 60, say("{source} guesses a password of {target}"), "T0812"),
}
"""Numbers chosen: above what tools of daily work do in a minute, far below what a scan does."""
FRAMED = frozenset({"modbus", "hl7", "dnp3"})
"""Protocols in which honest devices never send bytes that are no message (DNP3: a wrong check sum)."""


class Window(msgspec.Struct):
    """Different things of one station and kind, since when, whether told, and the first event."""

    since: datetime
    first: CommandSeen
    things: dict[str, int] = {}
    told: bool = False


@detector("network.protocol-probe", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class ProtocolProbe:
    """Alert when a station tries more different things than `KINDS` allows within `window` (time), once each."""

    hospital: Hospital
    window: timedelta = timedelta(seconds=60)
    _windows: dict[str, Window] = field(default_factory=dict, init=False)
    _refused: dict[str, int] = field(default_factory=dict, init=False)
    """Passwords refused, by pair of stations."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Count what is tried."""
        for event in batch:
            if isinstance(event, CommandSeen):
                self._answered(event)
                for kind, target, thing in self._tried(event):
                    yield from self._count(event, kind, target, thing)
                yield from self._accepted(event)

    def _tried(self, event: CommandSeen) -> Iterator[tuple[str, str, str]]:
        """Yield kind, target and the thing that is tried."""
        kind = event.facts.get("kind", "request")
        server, place = event.dst_ip, f"{event.command} {event.unit} {event.target}"
        if kind == "error" and event.operation not in ("malformed", "contested"):
            if event.protocol == "dicom" and event.command == "associate_reject":
                yield "titles", server, event.target
            elif _is_password(event):
                yield "passwords", server, event.id
            else:
                yield "errors", server, place
        if event.operation == "malformed" and event.protocol in FRAMED:
            yield "malformed", server, event.id
        if kind not in ("request", "notice"):
            return
        if event.protocol == "modbus" and event.unit:
            yield "units", server, event.unit
        if event.operation == "unknown":
            yield "functions", server, event.command
        elif event.operation in ("identify", "discover", "announce"):
            yield event.operation, "", server if event.operation == "identify" else event.id
        if event.command == "associate_request":
            yield "flood", server, event.id
        if event.operation == "query":
            yield "queries", server, event.id

    def _answered(self, event: CommandSeen) -> None:
        """Forget that a unit was tried when it answers: a master that polls a gateway's units tries nothing."""
        if event.outcome == "ok" and event.protocol == "modbus":
            window = self._windows.get(f"units\x1f{event.src_ip}\x1f{event.dst_ip}")
            if window is not None:
                window.things.pop(event.unit, None)

    def _count(self, event: CommandSeen, kind: str, target: str, thing: str) -> Iterator[Alert]:
        key = f"{kind}\x1f{event.src_ip}\x1f{target}"
        window = self._windows.get(key)
        if window is None or abs(event.at - window.since) > self.window:
            window = Window(event.at, event)
            remember(self._windows, key, window, STATIONS)
        if len(window.things) < THINGS:
            window.things[thing] = window.things.get(thing, 0) + event.count
        count = len(window.things) + (event.count - 1 if kind in ("discover", "announce", "flood", "queries") else 0)
        if count >= KINDS[kind].many and not window.told:
            window.told = True
            yield self._alert(window, event, kind, count)

    def _accepted(self, event: CommandSeen) -> Iterator[Alert]:
        """Tell when a password that was refused before is accepted: it was guessed."""
        pair = f"{event.src_ip}\x1f{event.dst_ip}\x1f{event.command}"
        if _is_password(event) and event.outcome == "refused":
            remember(self._refused, pair, self._refused.get(pair, 0) + 1, STATIONS)
        elif event.outcome == "ok" and self._refused.get(pair, 0) >= KINDS["passwords"].many:
            refused = self._refused.pop(pair)
            yield self._told(
                event,
                80,
                say("{source} has guessed a password of {target}", **self._ends(event)),
                [say("{count} were refused, then one was accepted.", count=refused)],
                "guessed",
                "T0812",
            )

    def _alert(self, window: Window, event: CommandSeen, kind: str, count: int) -> Alert:
        row = KINDS[kind]
        why = say(
            "{count} different ones within {seconds} seconds, over {protocol}.",
            count=count,
            seconds=int(self.window.total_seconds()),
            protocol=PROTOCOLS.get(event.protocol, event.protocol),
        )
        title = Text(row.title.key, self._ends(event))
        return self._told(event, row.severity, title, [why], kind, row.technique, window.first)

    def _ends(self, event: CommandSeen) -> dict[str, str | int | float | Ref | When | Span | Amount | Text]:
        return {"source": end(self.hospital, event.src_ip), "target": target_of(self.hospital, event.dst_ip)}

    def _told(
        self,
        event: CommandSeen,
        severity: int,
        title: Text,
        why: list[Text],
        window: str,
        technique: str,
        first: CommandSeen | None = None,
    ) -> Alert:
        assets, zones, peers = concerned(self.hospital, event)
        return Alert.of(
            self,
            first or event,
            *([event] if first is not None and first.id != event.id else []),
            severity=severity,
            confidence=0.75,
            title=title,
            why=why,
            window=window,
            assets=assets,
            zones=zones,
            peers=peers,
            techniques=(technique,),
        )


def _is_password(event: CommandSeen) -> bool:
    return event.facts.get("result_code") == "password-failure" or (
        event.operation == "password" and event.outcome == "refused"
    )
