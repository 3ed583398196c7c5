"""Frames that are not plain IPv4 over Ethernet: IPv6, fragments, VLAN stacks, other links; and ARP. One at a time.

Source: RFC 8200 (IPv6 and its extension headers), RFC 791 (fragments), RFC 826 (ARP), RFC 2516 (PPPoE), LINKTYPE
registry.
Fragments are put together within bounds; overlapping ones are refused, as RFC 5722 asks for IPv6 and as attackers of
monitors hope for.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from safecare.formats.packets.headers import (
    COOKED,
    COOKED2,
    ETHERNET,
    ICMP,
    ICMP6,
    IPV4,
    IPV6,
    LOOPBACK,
    RAW_IP,
    TCP,
    UDP,
)

MOST_TAGS = 4
"""VLAN tags and other labels in a row (chosen: QinQ has two)."""
MOST_EXTENSIONS = 8
"""IPv6 extension headers in a row (chosen: RFC 8200 names six kinds)."""
MOST_FRAGMENTED = 256
"""Datagrams in pieces that are waited for at the same time (chosen; the oldest goes)."""
MOST_PIECES = 64
"""Pieces of one datagram: 65,535 bytes in pieces of 1 kB."""
FRAGMENT_LIFE = 30.0
"""Seconds for which pieces are waited for (RFC 791 suggests 15, RFC 8200 60)."""


class Packet(NamedTuple):
    """One packet: protocol number, packed addresses, ports, TCP flags and sequence number, payload."""

    protocol: int
    source: bytes
    target: bytes
    sport: int
    dport: int
    flags: int
    sequence: int
    acked: int
    payload: bytes


class Arp(NamedTuple):
    """One ARP claim: the station `mac` says that it is `address`."""

    mac: str
    address: str
    asked: bool
    """True for a request, False for an answer."""


@dataclass
class _Pieces:
    since: float
    parts: dict[int, bytes] = field(default_factory=dict)
    total: int = -1
    bad: bool = False


class Unreadable(ValueError):  # noqa: N818 - a reason, counted
    """Why a frame was passed over."""


@dataclass
class SlowRoad:
    """Takes frames one by one; keeps the pieces of fragmented datagrams."""

    _waiting: dict[tuple[bytes, bytes, int, int], _Pieces] = field(default_factory=dict)

    def take(self, frame: bytes, link: int, at: float, skipped: Counter[str]) -> Packet | Arp | None:
        """Return what a frame carries; None (counted by reason) if nothing that we read."""
        try:
            return self._frame(frame, link, at)
        except Unreadable as error:
            skipped[str(error)] += 1
        except (IndexError, struct.error):
            skipped["header cut off"] += 1
        return None

    def _frame(self, frame: bytes, link: int, at: float) -> Packet | Arp | None:
        kind, body = _link(frame, link)
        if kind == 0x0806:
            return _arp(body)
        if kind == 0x0800:
            return self._ipv4(body, at)
        if kind == 0x86DD:
            return self._ipv6(body, at)
        raise Unreadable("not IP")

    def _ipv4(self, body: bytes, at: float) -> Packet | None:
        if len(body) < 20 or body[0] >> 4 != 4:
            raise Unreadable("header cut off")
        length = (body[0] & 15) * 4
        total, ident, fragment = struct.unpack_from(">HHH", body, 2)
        if length < 20 or (total and total < length):
            raise Unreadable("lying length")
        payload = body[length : total or None]
        source, target, protocol = body[12:16], body[16:20], body[9]
        if fragment & 0x3FFF:
            key = (source, target, ident, protocol)
            whole = self._piece(key, (fragment & 0x1FFF) * 8, payload, more=bool(fragment & 0x2000), at=at)
            if whole is None:
                return None
            payload = whole
        return _transport(protocol, source, target, payload)

    def _ipv6(self, body: bytes, at: float) -> Packet | None:
        if len(body) < 40 or body[0] >> 4 != 6:
            raise Unreadable("header cut off")
        length, protocol = int(struct.unpack_from(">H", body, 4)[0]), body[6]
        source, target = body[8:24], body[24:40]
        payload = body[40 : 40 + length if length else None]
        for _ in range(MOST_EXTENSIONS):
            if protocol in (0, 43, 60):  # hop-by-hop, routing, destination options
                protocol, payload = payload[0], payload[(payload[1] + 1) * 8 :]
            elif protocol == 44:
                offset, ident = struct.unpack_from(">HI", payload, 2)
                protocol = payload[0]
                if offset & 0xFFF9:
                    key = (source, target, ident, protocol)
                    whole = self._piece(key, offset & 0xFFF8, payload[8:], more=bool(offset & 1), at=at)
                    if whole is None:
                        return None
                    payload = whole
                else:
                    payload = payload[8:]
            elif protocol == 51:
                protocol, payload = payload[0], payload[(payload[1] + 2) * 4 :]
            else:
                break
        return _transport(protocol, source, target, payload)

    def _piece(
        self, key: tuple[bytes, bytes, int, int], offset: int, data: bytes, *, more: bool, at: float
    ) -> bytes | None:
        waiting = self._waiting.get(key)
        if waiting is None or at - waiting.since > FRAGMENT_LIFE:
            self._waiting.pop(key, None)
            while len(self._waiting) >= MOST_FRAGMENTED:
                del self._waiting[next(iter(self._waiting))]
            waiting = self._waiting[key] = _Pieces(at)
        known = waiting.parts.get(offset)
        if known is not None and known != data:
            waiting.bad = True
        overlap = any(
            start < offset + len(data) and offset < start + len(part)
            for start, part in waiting.parts.items()
            if start != offset
        )
        if overlap or waiting.bad or len(waiting.parts) >= MOST_PIECES or offset + len(data) > 65_535:
            waiting.bad = True
            raise Unreadable("overlapping or too many fragments")
        waiting.parts[offset] = data
        if not more:
            waiting.total = offset + len(data)
        if waiting.total < 0 or sum(map(len, waiting.parts.values())) != waiting.total:
            return None
        del self._waiting[key]
        return b"".join(part for _, part in sorted(waiting.parts.items()))


def _link(frame: bytes, link: int) -> tuple[int, bytes]:
    """Return EtherType and what follows it. Raises `Unreadable`."""
    if link == ETHERNET:
        at = 12
        kind = int(struct.unpack_from(">H", frame, at)[0])
        for _ in range(MOST_TAGS):
            if kind in (0x8100, 0x88A8, 0x9100):
                at += 4
                kind = int(struct.unpack_from(">H", frame, at)[0])
            elif kind == 0x8864:  # PPPoE session: six bytes, then the PPP protocol number
                ppp = int(struct.unpack_from(">H", frame, at + 8)[0])
                kind, at = {0x0021: 0x0800, 0x0057: 0x86DD}.get(ppp, 0), at + 8
            else:
                break
        return kind, frame[at + 2 :]
    if link in (RAW_IP, IPV4, IPV6, 12, 14):
        return _by_version(frame)
    if link == COOKED:
        return int(struct.unpack_from(">H", frame, 14)[0]), frame[16:]
    if link == COOKED2:
        return int(struct.unpack_from(">H", frame, 0)[0]), frame[20:]
    if link in (LOOPBACK, 108):
        return _by_version(frame[4:])
    raise Unreadable(f"link type {link} is not read")


def _by_version(body: bytes) -> tuple[int, bytes]:
    if not body:
        raise Unreadable("header cut off")
    return {4: 0x0800, 6: 0x86DD}.get(body[0] >> 4, 0), body


def _arp(body: bytes) -> Arp | None:
    hardware, protocol, hard, soft, operation = struct.unpack_from(">HHBBH", body, 0)
    if (hardware, protocol, hard, soft) != (1, 0x0800, 6, 4) or len(body) < 28:
        raise Unreadable("ARP of another kind")
    return Arp(body[8:14].hex(":"), ".".join(map(str, body[14:18])), operation == 1)


def _transport(protocol: int, source: bytes, target: bytes, payload: bytes) -> Packet:
    if protocol == TCP:
        sport, dport, sequence, acked = struct.unpack_from(">HHII", payload, 0)
        offset, flags = (payload[12] >> 4) * 4, payload[13]
        if offset < 20 or offset > len(payload):
            raise Unreadable("lying length")
        return Packet(TCP, source, target, sport, dport, flags, sequence, acked if flags & 16 else -1, payload[offset:])
    if protocol == UDP:
        sport, dport, length = struct.unpack_from(">HHH", payload, 0)
        if length and length < 8:
            raise Unreadable("lying length")
        return Packet(UDP, source, target, sport, dport, 0, 0, -1, payload[8 : length or None])
    if protocol in (ICMP, ICMP6):
        return Packet(ICMP, source, target, 0, 0, 0, 0, -1, payload[4:])
    raise Unreadable("other protocol over IP")
