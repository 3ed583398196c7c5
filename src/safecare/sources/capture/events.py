"""What the packet path found, as events. The same for files, a live interface and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from safecare.formats.packets.dissect import Claimed, Found, Malformed, Sender, Spoken
from safecare.formats.packets.flows import Conversation
from safecare.formats.wire.protocols import CARRIERS, GREETINGS, READS
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen, ConnectionSeen, IdentitySeen
from safecare.model.hospital import Hospital
from safecare.sources.capture.identity import identities
from safecare.sources.ends import ends_of

FACTS = (
    "calling", "called", "destination", "level", "wildcard", "matches", "implementation_uid", "sop_class", "reason",
    "sending_application", "sending_facility", "receiving_application", "message_type", "control_id", "bytes",
    "exception", "device_state", "result_code", "address", "acknowledgement", "control", "connection",
    "client_id", "name", "new_name", "randomness", "disposition",
)  # fmt: skip
"""Fields of messages that rules look at."""
MOST_TOLD = 50_000
"""Different readings and identities remembered, so that each is told once per `every` (chosen: bounds memory)."""
EACH = frozenset({"modbus", "s7", "enip", "cip", "dnp3", "bacnet"})
"""Protocols of which a place that a station has never read before is told at once: what is read in rounds is known."""
TOGETHER = (READS | {"publish"}) - {"message", "file"}
"""Operations whose messages are told once per `every`, counted."""


def _is_file(found: Found) -> bool:
    """Tell whether a message is told only by the file that it carries."""
    return isinstance(found, Spoken) and (found.message.protocol in CARRIERS or found.message.command == "object")


@dataclass
class Told:
    """Turns findings into events. `every`: seconds in which messages that change nothing are told once, counted.

    With 0 each message is an event of its own (for single captures).
    """

    hospital: Hospital
    source: str
    every: float = 60.0
    _known: dict[tuple[str, ...], tuple[float, int]] = field(default_factory=dict)
    _places: dict[tuple[str, ...], bool] = field(default_factory=dict)
    _identities: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def events(self, found: Found, name: str, seen: datetime | None) -> Iterator[Event]:
        """Yield the events of one finding in the capture `name`; `seen`: when we got it (its own time if None)."""
        if isinstance(found, Conversation):
            yield self._connection(found, name, seen)
        elif isinstance(found, Claimed):
            yield from self._identity(
                found.address, "mac", found.mac, found.at, found.frame, name, seen, asked=found.asked
            )
        elif isinstance(found, Sender):
            yield from self._identity(found.address, "ethernet", found.mac, found.at, found.frame, name, seen)
        elif (isinstance(found, Malformed) and found.protocol in CARRIERS | GREETINGS) or _is_file(found):
            return
        elif isinstance(found, Malformed):
            yield self._command(found, found.reason, found.operation, {}, name, seen, 1)
        else:
            yield from self._spoken(found, name, seen)

    def _spoken(self, found: Spoken, name: str, seen: datetime | None) -> Iterator[Event]:
        message = found.message
        for ip, system, value in identities(found):
            yield from self._identity(ip, system, value, found.at, found.frames[-1], name, seen)
        if message.protocol in GREETINGS or (message.kind == "notice" and message.operation in ("notice", "read")):
            return
        count = 1
        if self.every and (message.operation in TOGETHER or message.outcome == "ok") and not self._is_new_place(found):
            key: tuple[str, ...] = (found.client, found.server, message.protocol, message.command, message.kind)
            key += (message.unit, message.outcome, str(message.fields.get("calling", "")))
            key += (message.target,) if message.operation == "publish" else ()
            since, count = self._known.get(key, (-1e18, 0))
            if found.at - since < self.every:
                self._known[key] = (since, count + 1)
                return
            self._bounded(self._known)
            self._known[key] = (found.at, 0)
            count = max(1, count)
        yield self._command(found, message.command, message.operation, message.fields, name, seen, count)

    def _is_new_place(self, found: Spoken) -> bool:
        """Tell whether a station reads something that it has not read before."""
        message = found.message
        if message.operation != "read" or message.kind != "request" or message.protocol not in EACH:
            return False
        place = (found.client, found.server, message.protocol, message.unit, message.target)
        if place in self._places:
            return False
        self._bounded(self._places)
        self._places[place] = True
        return True

    def _command(
        self,
        found: Spoken | Malformed,
        command: str,
        operation: str,
        fields: dict[str, Any],
        name: str,
        seen: datetime | None,
        count: int,
    ) -> CommandSeen:
        message = found.message if isinstance(found, Spoken) else None
        facts = {key: str(fields[key]) for key in FACTS if fields.get(key) not in (None, "")}
        if message is not None and message.fields.get("device_control"):
            facts["device_state"] = str(message.fields["device_control"]["device_state"])
        facts["kind"] = message.kind if message else "error"
        return CommandSeen(
            **self._common(
                found.at,
                f"{name}\x1f{found.frames[-1]}\x1f{command}\x1f{message.target if message else ''}",
                seen,
            ),
            **ends_of(self.hospital, found.server, found.client),
            protocol=found.message.protocol if isinstance(found, Spoken) else found.protocol,
            command=command,
            operation=operation,
            src_ip=found.client,
            dst_ip=found.server,
            dst_port=found.port,
            src_port=found.sport if found.src == found.client and found.sport != found.port else found.dport,
            transport=found.transport,
            unit=message.unit if message else "",
            target=message.target[:200] if message else "",
            value=message.value[:200] if message else "",
            outcome=message.outcome if message else "",
            facts=facts,
            count=count,
        )

    def _connection(self, talk: Conversation, name: str, seen: datetime | None) -> ConnectionSeen:
        ends = f"{talk.src_ip}\x1f{talk.src_port}\x1f{talk.dst_ip}\x1f{talk.dst_port}"
        return ConnectionSeen(
            **self._common(talk.first.timestamp(), f"{name}\x1f{ends}", seen),
            **ends_of(self.hospital, talk.src_ip, talk.dst_ip),
            src_ip=talk.src_ip,
            dst_ip=talk.dst_ip,
            src_port=talk.src_port,
            dst_port=talk.dst_port,
            protocol=talk.protocol,
            outcome=talk.outcome,
            bytes_out=talk.bytes_out,
            bytes_in=talk.bytes_in,
            service=talk.service,
        )

    def _identity(
        self,
        ip: str,
        system: str,
        value: str,
        at: float,
        frame: int,
        name: str,
        seen: datetime | None,
        *,
        asked: bool = False,
    ) -> Iterator[IdentitySeen]:
        last = self._identities.get((ip, system, value))
        if last is not None and at - last < max(self.every, 1.0):
            return
        self._bounded(self._identities)
        self._identities[ip, system, value] = at
        yield IdentitySeen(
            **self._common(at, f"{name}\x1f{frame}\x1f{system}\x1f{value}", seen),
            **ends_of(self.hospital, ip),
            ip=ip,
            system=system,
            value=value[:200],
            asked=asked,
        )

    def _common(self, moment: float, ref: str, seen: datetime | None) -> dict[str, Any]:
        at = datetime.fromtimestamp(min(max(moment, 0.0), 2**33), UTC)
        return {"id": Event.id_for(at, self.source, ref), "at": at, "seen": seen or at, "source": self.source}

    @staticmethod
    def _bounded(known: dict[Any, Any]) -> None:
        if len(known) >= MOST_TOLD:
            for old in list(known)[: MOST_TOLD // 10]:
                del known[old]
