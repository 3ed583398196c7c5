"""Frames that are not plain IPv4 over Ethernet: IPv6, fragments, labels, tunnels, other links; and ARP. One at a time.

Source: RFC 8200 (IPv6 and its extension headers), RFC 791 (fragments), RFC 826 (ARP), RFC 2516 (PPPoE), RFC 3032
(MPLS), RFC 2784 and 2890 (GRE), RFC 7348 (VXLAN), RFC 8926 (GENEVE), draft-foschiano-erspan (mirror ports over IP),
IEEE 802.2 (SNAP), LINKTYPE registry. Fragments are put together within bounds; overlapping ones are refused, as RFC
5722 asks for IPv6 and as attackers of monitors hope for.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from safecare.formats.packets.headers import (
    COOKED,
    COOKED2,
    ETHERNET,
    GENEVE,
    ICMP,
    ICMP6,
    IPV4,
    IPV6,
    LOOPBACK,
    RAW_IP,
    TCP,
    UDP,
    VXLAN,
    Addresses,
    Headers,
)
from safecare.formats.packets.wireless import RADIOTAP, WIRELESS, beyond_radiotap, carried

PPP, CISCO = (9, 50), 104
"""Lines that carry PPP (RFC 1661, 1662) or Cisco's HDLC (LINKTYPE registry)."""
MOST_TAGS = 8
"""VLAN tags and other labels in a row (chosen: QinQ has two, MPLS paths three)."""
DEEPEST = 4
"""Tunnels within each other (chosen: a mirrored VXLAN has two)."""
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
            return self._frame(frame, link, at, 0)
        except Unreadable as error:
            skipped[str(error)] += 1
        except (IndexError, struct.error):
            skipped["header cut off"] += 1
        return None

    def _frame(self, frame: bytes, link: int, at: float, depth: int) -> Packet | Arp | None:
        kind, body = _link(frame, link)
        if kind == 0x0806:
            return _arp(body)
        return self._network(kind, body, at, depth)

    def _network(self, kind: int, body: bytes, at: float, depth: int) -> Packet | Arp | None:
        if kind == 0x0800:
            return self._ipv4(body, at, depth)
        if kind == 0x86DD:
            return self._ipv6(body, at, depth)
        raise Unreadable("not IP")

    def _upper(
        self, protocol: int, source: bytes, target: bytes, payload: bytes, at: float, depth: int
    ) -> Packet | Arp | None:
        """Return what an IP packet carries; what a tunnel carries, where it is one."""
        if protocol in (4, 41, 47) and depth >= DEEPEST:
            raise Unreadable("too many tunnels within each other")
        if protocol in (4, 41):
            return self._network(0x0800 if protocol == 4 else 0x86DD, payload, at, depth + 1)
        if protocol == 47:
            kind, inner = _gre(payload)
            ethernet = kind in (0x6558, 0x88BE, 0x22EB)
            return (
                self._frame(inner, ETHERNET, at, depth + 1) if ethernet else self._network(kind, inner, at, depth + 1)
            )
        packet = _transport(protocol, source, target, payload)
        if protocol == UDP and packet.dport in VXLAN and depth < DEEPEST and (kind := _vxlan(packet.payload)):
            body = packet.payload[8:]
            return self._frame(body, ETHERNET, at, depth + 1) if kind == 1 else self._network(kind, body, at, depth + 1)
        if protocol == UDP and packet.dport == GENEVE and depth < DEEPEST and (inside := _geneve(packet.payload)):
            kind, body = inside
            return (
                self._frame(body, ETHERNET, at, depth + 1)
                if kind == 0x6558
                else self._network(kind, body, at, depth + 1)
            )
        return packet

    def _ipv4(self, body: bytes, at: float, depth: int) -> Packet | Arp | None:
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
        return self._upper(protocol, source, target, payload, at, depth)

    def _ipv6(self, body: bytes, at: float, depth: int) -> Packet | Arp | None:
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
        return self._upper(protocol, source, target, payload, at, depth)

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
        return _labels(frame, 12)
    if link in (RAW_IP, IPV4, IPV6, 12, 14):
        return _by_version(frame)
    if link == COOKED:
        return _labels(frame, 14)
    if link == COOKED2:
        return _labels(frame[:2] + frame[20:], 0)
    if link in (LOOPBACK, 108):
        return _by_version(frame[4:])
    if link in (RADIOTAP, WIRELESS):
        found = carried(beyond_radiotap(frame) if link == RADIOTAP else frame)
        if isinstance(found, str):
            raise Unreadable(found)
        return found
    if link in PPP:
        return _by_version(frame[4:] if frame[:2] == b"\xff\x03" else frame[2:])
    if link == CISCO:
        return _labels(frame, 2)
    raise Unreadable(f"link type {link} is not read")


def _labels(frame: bytes, at: int) -> tuple[int, bytes]:
    """Return the EtherType behind VLAN tags, PPPoE, MPLS and SNAP (the first stands at `at`), and what follows it."""
    kind = int(struct.unpack_from(">H", frame, at)[0])
    for _ in range(MOST_TAGS):
        if kind in (0x8100, 0x88A8, 0x9100):
            at += 4
            kind = int(struct.unpack_from(">H", frame, at)[0])
        elif kind == 0x8864:  # PPPoE session: six bytes, then the PPP protocol number
            ppp = int(struct.unpack_from(">H", frame, at + 8)[0])
            kind, at = {0x0021: 0x0800, 0x0057: 0x86DD}.get(ppp, 0), at + 8
        elif kind in (0x8847, 0x8848):  # MPLS: four bytes each, the last one has the bottom bit
            bottom, at = frame[at + 4] & 1, at + 4
            if bottom:
                kind = _by_version(frame[at + 2 :])[0]
        elif kind <= 1500 and frame[at + 2 : at + 8] == b"\xaa\xaa\x03\0\0\0":  # 802.3 with SNAP
            at += 8
            kind = int(struct.unpack_from(">H", frame, at)[0])
        else:
            break
    return kind, frame[at + 2 :]


def _gre(payload: bytes) -> tuple[int, bytes]:
    """Return the EtherType that GRE carries, and what follows; for mirrors (ERSPAN) the frame behind their header."""
    flags, kind = struct.unpack_from(">HH", payload, 0)
    if flags & 7:
        raise Unreadable("GRE of another kind")
    at = 4 + 4 * bool(flags & 0x8000) + 4 * bool(flags & 0x2000) + 4 * bool(flags & 0x1000)
    if kind == 0x88BE and flags & 0x1000:  # ERSPAN II; without a sequence number it is I, which has no header
        at += 8
    elif kind == 0x22EB:  # ERSPAN III, perhaps with a platform's own header
        at += 12 + 8 * (payload[at + 11] & 1)
    return kind, payload[at:]


def _vxlan(payload: bytes) -> int:
    """Return what VXLAN carries: 1 for a frame, an EtherType for a packet (its generic extension), 0 if it is none."""
    if len(payload) < 8 or payload[0] & 0x3B != 0x08 or payload[7]:
        return 0
    return {1: 0x0800, 2: 0x86DD, 3: 1}.get(payload[3], 0) if payload[0] & 0x04 else 1


def _geneve(payload: bytes) -> tuple[int, bytes] | None:
    """Return the EtherType that GENEVE carries (0x6558: a frame) and what follows its options; None if it is none."""
    if len(payload) < 8 or payload[0] >> 6 or payload[1] & 0x3F:
        return None
    kind = int(struct.unpack_from(">H", payload, 2)[0])
    return (kind, payload[8 + 4 * (payload[0] & 0x3F) :]) if kind in (0x6558, 0x0800, 0x86DD) else None


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


def merged(columns: Headers, slow: list[tuple[int, float, Packet]], addresses: Addresses) -> Headers:
    """Return `columns` with the packets of the slow road among them, in order; their payload stands behind `raw`."""
    extra = bytearray()
    base = len(columns.raw)
    rows: list[tuple[float, ...]] = []
    for frame, at, packet in slow:
        source, target = addresses.id(packet.source), addresses.id(packet.target)
        start = base + len(extra)
        extra += packet.payload
        rows.append(
            (
                *(frame, packet.protocol, source, target, packet.sport, packet.dport, packet.flags, packet.sequence),
                *(packet.acked, start, base + len(extra), at),
            )
        )
    if not rows:
        return columns
    table = np.array([row[:-1] for row in rows], np.int64).T
    order = np.argsort(np.concatenate([columns.frame, table[0]]), kind="stable")

    def joined(old: np.ndarray, new: np.ndarray) -> np.ndarray:
        return np.concatenate([old, new])[order]

    return Headers(
        np.concatenate([columns.raw, np.frombuffer(bytes(extra), np.uint8)]),
        joined(columns.frame, table[0]),
        joined(columns.time, np.array([row[-1] for row in rows])),
        joined(columns.protocol, table[1]),
        joined(columns.source, table[2]),
        joined(columns.target, table[3]),
        joined(columns.sport, table[4]),
        joined(columns.dport, table[5]),
        joined(columns.flags, table[6]),
        joined(columns.sequence, table[7]),
        joined(columns.acked, table[8]),
        joined(columns.start, table[9]),
        joined(columns.end, table[10]),
        columns.rest,
        np.concatenate([columns.row, np.full(len(rows), -1, np.int64)])[order],
    )
