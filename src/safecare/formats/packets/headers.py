"""Headers of a block of frames as columns: addresses, ports, flags, where the payload stands. Vectorised.

Source: IEEE 802.3 and 802.1Q, RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP), RFC 768 (UDP). What is not plain
IPv4 over Ethernet (IPv6, fragments, other links, tunnels) takes `safecare.formats.packets.slow`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np
from numpy.typing import NDArray

from safecare.formats.packets.file import Frames

ETHERNET, RAW_IP, COOKED, COOKED2, IPV4, IPV6, LOOPBACK = 1, 101, 113, 276, 228, 229, 0
"""LINKTYPE registry (https://www.tcpdump.org/linktypes.html)."""
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
TUNNELS = (4, 41, 47)
"""IP protocols that carry packets: IP in IP (RFC 2003), IPv6 (RFC 4213), GRE (RFC 2784)."""
VXLAN = (4789, 8472)
"""Ports of VXLAN (RFC 7348), and the one that Linux used before it."""
GENEVE = 6081
"""Port of GENEVE (RFC 8926)."""
MOST_ADDRESSES = 1 << 20
"""Addresses told apart at the same time (chosen: bounds memory to about 150 MB)."""


@dataclass
class Addresses:
    """Addresses as small numbers; `names` gives them back as text."""

    names: list[str] = field(default_factory=list)
    _ids: dict[bytes, int] = field(default_factory=dict)

    def id(self, packed: bytes) -> int:
        """Return the number of a packed address (4 or 16 bytes); beyond `MOST_ADDRESSES` all others are 0.0.0.0."""
        known = self._ids.get(packed)
        if known is None:
            if len(self.names) >= MOST_ADDRESSES:
                packed = b"\0\0\0\0"
                if packed in self._ids:
                    return self._ids[packed]
            known = self._ids[packed] = len(self.names)
            self.names.append(str(ip_address(packed)))
        return known

    def number(self, column: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return the numbers of a column of IPv4 addresses."""
        distinct, inverse = np.unique(column, return_inverse=True)
        ids = np.array([self.id(int(one).to_bytes(4, "big")) for one in distinct], np.int64)
        return ids[inverse] if len(ids) else np.empty(0, np.int64)


@dataclass
class Headers:
    """Columns of all packets that carry TCP, UDP or ICMP. Payload stands in `raw[start:end]`."""

    raw: NDArray[np.uint8]
    frame: NDArray[np.int64]
    time: NDArray[np.float64]
    protocol: NDArray[np.int64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    sport: NDArray[np.int64]
    dport: NDArray[np.int64]
    flags: NDArray[np.int64]
    sequence: NDArray[np.int64]
    acked: NDArray[np.int64]
    """Acknowledged sequence number; -1 without one."""
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    rest: NDArray[np.int64]
    """Rows of the frames that need the slow road."""
    row: NDArray[np.int64]
    """Row of each packet among the frames."""


def _be16(raw: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.int64]:
    return (raw[at].astype(np.int64) << 8) | raw[at + 1]


def _be32(raw: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.int64]:
    return (_be16(raw, at) << 16) | _be16(raw, at + 2)


def _tunnel(
    raw: NDArray[np.uint8], layer: NDArray[np.int64], length: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell which packets carry others: IP in IP, GRE, VXLAN, GENEVE."""
    protocol, upper = raw[layer + 9], layer + length
    port = _be16(raw, np.where(upper + 4 <= end, upper + 2, layer))
    found: NDArray[np.bool_] = np.isin(protocol, TUNNELS) | ((protocol == UDP) & np.isin(port, (*VXLAN, GENEVE)))
    return found


def headers(frames: Frames, addresses: Addresses, skipped: Counter[str]) -> Headers:
    """Return the columns of all plain IPv4 packets over Ethernet, and which rows need the slow road."""
    raw = frames.raw
    rows = np.flatnonzero((frames.links == ETHERNET) & (frames.sizes >= 34))
    rest = np.flatnonzero((frames.links != ETHERNET) | (frames.sizes < 34))
    start, size = frames.starts[rows], frames.sizes[rows]
    layer = start + 14
    kind = _be16(raw, start + 12)
    tagged = np.flatnonzero((kind == 0x8100) & (size >= 38))
    if len(tagged):
        layer[tagged] += 4
        kind[tagged] = _be16(raw, layer[tagged] - 2)
    first = raw[np.minimum(layer, len(raw) - 1)]
    length = (first & 15).astype(np.int64) * 4
    end = start + size
    plain = (kind == 0x0800) & (first >> 4 == 4) & (length >= 20) & (layer + 20 <= end)
    plain[plain] &= _be16(raw, layer[plain] + 6) & 0x3FFF == 0  # no fragment
    plain[plain] &= ~_tunnel(raw, layer[plain], length[plain], end[plain])
    rest = np.sort(np.concatenate([rest, rows[~plain]]))
    rows, layer, length, end = rows[plain], layer[plain], length[plain], end[plain]
    total = _be16(raw, layer + 2)
    lying = (total < length) & (total != 0)
    if lying.any():
        skipped["lying length"] += int(lying.sum())
    stop = np.where(total >= length, np.minimum(end, layer + total), end)
    protocol = raw[layer + 9].astype(np.int64)
    upper = layer + length
    need = np.where(protocol == TCP, 20, np.where(protocol == UDP, 8, 4))
    known = (protocol == TCP) | (protocol == UDP) | (protocol == ICMP)
    whole = known & (upper + need <= stop)
    short = int((known & ~whole).sum())
    if short:
        skipped["header cut off"] += short
    if not known.all():
        skipped["other protocol over IP"] += int((~known).sum())
    rows, layer, upper, stop, protocol = rows[whole], layer[whole], upper[whole], stop[whole], protocol[whole]
    tcp, icmp = protocol == TCP, protocol == ICMP
    ports = ~icmp
    sport, dport = _be16(raw, upper) * ports, _be16(raw, upper + 2) * ports
    safe = np.where(tcp, upper, layer)  # any place that surely exists, for rows that are no TCP
    flags = raw[safe + 13].astype(np.int64) * tcp
    sequence = _be32(raw, safe + 4) * tcp
    acked = np.where(flags & 0x10, _be32(raw, safe + 8), -1)
    offset = np.where(tcp, (raw[safe + 12] >> 4).astype(np.int64) * 4, np.where(icmp, 4, 8))
    offset = np.where(tcp & (offset < 20), 20, offset)
    source = addresses.number(_be32(raw, layer + 12).astype(np.uint32))
    target = addresses.number(_be32(raw, layer + 16).astype(np.uint32))
    return Headers(
        raw,
        frames.first + rows if frames.numbers is None else frames.numbers[rows],
        frames.times[rows],
        protocol,
        source,
        target,
        sport,
        dport,
        flags,
        sequence,
        acked,
        np.minimum(upper + offset, stop),
        stop,
        rest,
        rows,
    )
