"""Packet captures (pcap, pcapng) to conversations: who spoke to whom, and how it went. Pure and bounded.

Reads Ethernet, VLAN (802.1Q), Linux cooked and raw IP frames with IPv4 or IPv6, TCP, UDP and ICMP. The file
framing and the headers are dpkt's; what is ours is the bookkeeping and the limits.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Literal

import dpkt
import msgspec

MOST_OPEN = 50_000
"""Conversations followed at the same time; beyond that the oldest is given out as it is (bounds memory, ~50 MB)."""
MOST_PACKETS = 50_000_000
"""Packets read of one file (chosen: an hour of a busy gigabit link)."""
IDLE = 300.0
"""Seconds of silence after which the same ends start a new conversation (nfstream's and Zeek's default for TCP)."""

_BAD_PACKET = (dpkt.UnpackError, ValueError, IndexError, struct.error, AttributeError, TypeError, KeyError)


class CaptureError(ValueError):
    """A file that is no capture, or breaks off: reason, and the packet (1 = first) where it does."""

    def __init__(self, reason: str, place: str = "") -> None:
        """Keep reason and place."""
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.place = place


class Conversation(msgspec.Struct, frozen=True):
    """One conversation, from the end that began it. Times are aware, UTC; bytes are payload."""

    src_ip: str
    dst_ip: str
    src_port: int
    dst_port: int
    protocol: Literal["tcp", "udp", "icmp"]
    first: datetime
    last: datetime
    outcome: Literal["open", "refused", "silent", "unknown"]
    bytes_out: int
    bytes_in: int
    packets: int


class Ended(msgspec.Struct, frozen=True):
    """How reading ended: packets read, packets that could not be read by reason, and why it broke off, if it did."""

    packets: int
    skipped: dict[str, int]
    broken: str = ""


@dataclass
class _Open:
    src: bytes
    dst: bytes
    src_port: int
    dst_port: int
    protocol: Literal["tcp", "udp", "icmp"]
    first: float
    last: float
    out: int = 0
    back: int = 0
    packets: int = 0
    answered: bool = False
    refused: bool = False
    began: bool = False
    """The first packet was a SYN, so that we saw the beginning."""

    def close(self) -> Conversation:
        """Return the conversation as far as it was seen."""
        outcome: Literal["open", "refused", "silent", "unknown"]
        if self.refused:
            outcome = "refused"
        elif self.answered:
            outcome = "open"
        else:
            outcome = "silent" if self.began or self.protocol != "tcp" else "unknown"
        return Conversation(
            str(ip_address(self.src)),
            str(ip_address(self.dst)),
            self.src_port,
            self.dst_port,
            self.protocol,
            datetime.fromtimestamp(self.first, UTC),
            datetime.fromtimestamp(self.last, UTC),
            outcome,
            self.out,
            self.back,
            self.packets,
        )


def read_capture(raw: bytes) -> Iterator[Conversation | Ended]:
    """Yield the conversations of a capture, and last how reading ended. Raises `CaptureError` for no capture at all."""
    reader = _reader(raw)
    unpack = _link(reader)
    table: dict[tuple[bytes, bytes, int, int, str], _Open] = {}
    skipped: dict[str, int] = {}
    packets, broken = 0, ""
    frames = iter(reader)
    while packets < MOST_PACKETS:
        try:
            at, frame = next(frames)
        except StopIteration:
            break
        except _BAD_PACKET as error:
            broken = f"breaks off after packet {packets}: {error or type(error).__name__}"
            break
        packets += 1
        try:
            yield from _take(table, float(at), unpack(frame))
        except _BAD_PACKET as error:
            reason = type(error).__name__
            skipped[reason] = skipped.get(reason, 0) + 1
    else:
        broken = f"longer than {MOST_PACKETS} packets: the rest was not read"
    for conversation in table.values():
        yield conversation.close()
    yield Ended(packets, skipped, broken)


class _Whole(io.BytesIO):
    """Bytes that say so when less is left than was asked for: dpkt would hand out a shortened packet."""

    def read(self, size: int | None = -1, /) -> bytes:
        got = super().read(size)
        if size and 0 < len(got) < size:
            raise ValueError("the file is cut off")
        return got


def _reader(raw: bytes) -> Any:
    kind = dpkt.pcapng.Reader if raw[:4] == b"\x0a\x0d\x0d\x0a" else dpkt.pcap.Reader
    try:
        return kind(_Whole(raw))
    except _BAD_PACKET as error:
        raise CaptureError(f"not a pcap or pcapng file: {error}", "header") from error


def _link(reader: Any) -> Any:
    kinds = {
        dpkt.pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
        dpkt.pcap.DLT_LINUX_SLL: dpkt.sll.SLL,
        dpkt.pcap.DLT_RAW: _raw_ip,
        101: _raw_ip,
        228: dpkt.ip.IP,
        229: dpkt.ip6.IP6,
    }
    link = reader.datalink()
    if link not in kinds:
        raise CaptureError(f"link type {link} is not read", "header")
    return kinds[link]


def _raw_ip(frame: bytes) -> Any:
    return dpkt.ip6.IP6(frame) if frame[0] >> 4 == 6 else dpkt.ip.IP(frame)


def _take(table: dict[tuple[bytes, bytes, int, int, str], _Open], at: float, packet: Any) -> Iterator[Conversation]:
    ip = packet if isinstance(packet, dpkt.ip.IP | dpkt.ip6.IP6) else packet.data
    if not isinstance(ip, dpkt.ip.IP | dpkt.ip6.IP6) or not 0 <= at < 2**33:
        return
    part = ip.data
    protocol: Literal["tcp", "udp", "icmp"]
    if isinstance(part, dpkt.tcp.TCP | dpkt.udp.UDP):
        protocol = "tcp" if isinstance(part, dpkt.tcp.TCP) else "udp"
        sport, dport = int(part.sport), int(part.dport)
    elif isinstance(part, dpkt.icmp.ICMP | dpkt.icmp6.ICMP6):
        protocol, sport, dport = "icmp", 0, 0
    else:
        return
    src, dst = bytes(ip.src), bytes(ip.dst)
    there = (src, dst, sport, dport, protocol)
    back = (dst, src, dport, sport, protocol)
    flags = int(part.flags) if protocol == "tcp" else 0
    key = back if back in table else there
    known = table.get(key)
    if known is not None and (at - known.last > IDLE or (flags & 0x12 == 0x02 and key == there and known.refused)):
        yield table.pop(key).close()
        key, known = there, None
    if known is None:
        if len(table) >= MOST_OPEN:
            yield table.pop(next(iter(table))).close()
        known = table[key] = _Open(src, dst, sport, dport, protocol, at, at, began=flags & 0x12 == 0x02)
        if flags & 0x12 == 0x12:  # SYN+ACK first: the capture began in the middle; the other end asked
            known.src, known.dst, known.src_port, known.dst_port = dst, src, dport, sport
            table[back] = table.pop(key)
            key = back
    _count(known, key == there, flags, len(part.data) if protocol != "icmp" else 0, at)


def _count(known: _Open, outward: bool, flags: int, size: int, at: float) -> None:  # noqa: FBT001 - private
    known.last = max(known.last, at)
    known.packets += 1
    if outward:
        known.out += size
        return
    known.back += size
    if flags & dpkt.tcp.TH_RST and not known.answered:
        known.refused = True
    else:
        known.answered = True
