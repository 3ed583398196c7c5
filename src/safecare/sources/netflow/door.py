"""Takes NetFlow v5, v9 and IPFIX datagrams. UDP has no acknowledgement: what does not fit is counted as lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from safecare.exchange.log import LogFullError
from safecare.formats.netflow import FlowColumns, Netflow, NetflowError
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.model.hospital import Hospital
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.ends import ends_of

WAITING = 10_000
"""Datagrams that wait for being read (chosen: some 300,000 flows); more are lost and counted."""
TOGETHER = 200
"""Datagrams read and published together (chosen)."""
_NAMES = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp"}
SYN, RST = 0x02, 0x04


@source("netflow")
@dataclass
class NetflowDoor:
    """Listens for exporters.

    `host`, `port`: where; port 0 takes a free one, told by `address` once `started` is set.
    """

    door: str
    host: str = "127.0.0.1"
    port: int = 2055
    address: tuple[str, int] = field(default=("", 0), init=False)
    started: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _netflow: Netflow = field(default_factory=Netflow, init=False)
    _waiting: asyncio.Queue[tuple[bytes, str]] = field(default_factory=lambda: asyncio.Queue(WAITING), init=False)
    _lost: int = field(default=0, init=False)

    async def run(self, intake: Intake) -> None:
        """Take in until cancelled. Raises `OSError` when the address can't be had."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Receiver(self), local_addr=(self.host, self.port))
        self.address = transport.get_extra_info("sockname")[:2]
        self.started.set()
        intake.report(self.door, "waiting", f"{self.address[0]}:{self.address[1]}")
        try:
            while True:
                await self._take(intake)
        finally:
            transport.close()

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read one datagram. Raises `UnreadableError`."""
        try:
            found = list(self._netflow.read(raw, context.get("exporter", "")))
        except NetflowError as error:
            raise UnreadableError(str(error), "datagram") from error
        seen = intake.clock.now()
        return [event for flows in found for event in events_of(flows, intake.hospital, self.door, seen)]

    def received(self, datagram: bytes, exporter: str) -> None:
        """Put a datagram among those that wait."""
        try:
            self._waiting.put_nowait((datagram, exporter))
        except asyncio.QueueFull:
            self._lost += 1

    async def _take(self, intake: Intake) -> None:
        batch = [await self._waiting.get()]
        while len(batch) < TOGETHER and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        events: list[Event] = []
        try:
            for datagram, exporter in batch:
                try:
                    events += self.decode(datagram, {"exporter": exporter}, intake)
                except UnreadableError as error:
                    await intake.reject(self.door, datagram, error.reason, error.place, {"exporter": exporter})
            await intake.publish(events)
        except LogFullError:
            self._lost += len(batch)
            intake.report(self.door, "failed", f"no room: {self._lost} datagrams lost")
            return
        lost = f", {self._lost} datagrams lost" if self._lost else ""
        unread = sum(self._netflow.counts.values())
        intake.report(self.door, "ok", f"{len(events)} flows{lost}" + (f", {unread} sets not read" if unread else ""))


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, door: NetflowDoor) -> None:
        self._door = door

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hand a datagram over."""
        self._door.received(data, addr[0])


def events_of(flows: FlowColumns, hospital: Hospital, source: str, seen: datetime) -> Iterator[Event]:
    """Yield one event for each flow. The end with the smaller port counts as the server: exporters see one way."""
    columns = zip(
        flows.source.tolist(),
        flows.target.tolist(),
        flows.sport.tolist(),
        flows.dport.tolist(),
        flows.protocol.tolist(),
        flows.flags.tolist(),
        flows.bytes.tolist(),
        flows.first.tolist(),
        strict=True,
    )
    for source_ip, target_ip, port, other, protocol, flags, size, first in columns:
        src, dst, sport, dport = str(ip_address(source_ip)), str(ip_address(target_ip)), port, other
        answers = port < other and protocol in (6, 17)
        if answers:
            src, dst, sport, dport = dst, src, other, port
        at = datetime.fromtimestamp(min(max(first, 0.0), 2**33), UTC)
        outcome: Any = "unknown"
        if protocol == 6 and answers:
            outcome = "refused" if flags & RST and not flags & SYN else "open"
        yield ConnectionSeen(
            id=Event.id_for(at, source, f"{src}\x1f{sport}\x1f{dst}\x1f{dport}\x1f{protocol}\x1f{answers}"),
            at=at,
            seen=seen,
            source=source,
            **ends_of(hospital, src, dst),
            src_ip=src,
            dst_ip=dst,
            src_port=sport,
            dst_port=dport,
            protocol=_NAMES.get(protocol, "other"),  # type: ignore[arg-type]
            outcome=outcome,
            bytes_out=0 if answers else size,
            bytes_in=size if answers else 0,
        )
