"""Network traces for scenarios and tests: Suricata records and packet captures, seeded, of documented shape.

Nothing here is sent to a network: records are lines for a file, packets stand in a capture file. Outside
addresses are those reserved for documentation (RFC 5737).
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import dpkt

OUTSIDE = ("192.0.2.", "198.51.100.", "203.0.113.")
"""Networks for documentation (RFC 5737)."""
SYN, SYN_ACK, ACK, PUSH, FIN, REFUSED = 0x02, 0x12, 0x10, 0x18, 0x11, 0x14
"""TCP flags (RFC 9293, 3.1)."""


def eve_flow(
    at: datetime, source: str, target: str, port: int, *, number: int, answered: bool = True, app: str = ""
) -> bytes:
    """Return one Suricata ``flow`` record of a conversation at `at` (aware)."""
    return _line(
        at,
        "flow",
        source,
        target,
        port,
        number,
        app_proto=app,
        flow={
            "pkts_toserver": 12 if answered else 3,
            "pkts_toclient": 14 if answered else 0,
            "bytes_toserver": 1800 if answered else 180,
            "bytes_toclient": 24_000 if answered else 0,
            "state": "closed" if answered else "new",
        },
        tcp={"tcp_flags": "1b", "tcp_flags_ts": "1b" if answered else "02", "tcp_flags_tc": "1b" if answered else "00"},
    )


def eve_alert(
    at: datetime, source: str, target: str, port: int, *, number: int, signature: str, category: str, priority: int
) -> bytes:
    """Return one Suricata ``alert`` record; `priority` 1 is the highest."""
    alert = {"action": "allowed", "gid": 1, "signature_id": 2_900_000 + number % 1000, "rev": 1}
    alert |= {"signature": signature, "category": category, "severity": priority}
    return _line(at, "alert", source, target, port, number, alert=alert)


def normal_eve(
    seed: int, at: datetime, workstations: Sequence[str], servers: Sequence[str], count: int
) -> Iterator[bytes]:
    """Yield `count` records of an ordinary day: web, names, file shares, a few informational signatures."""
    chance = random.Random(seed)
    for number in range(count):
        source = chance.choice(workstations)
        draw = chance.random()
        if draw < 0.55:
            outside = chance.choice(OUTSIDE) + str(chance.randint(1, 254))
            yield eve_flow(at, source, outside, 443, number=number, app="tls")
        elif draw < 0.85:
            yield eve_flow(at, source, chance.choice(servers), chance.choice((443, 389, 88)), number=number)
        elif draw < 0.93:
            yield _line(at, "dns", source, chance.choice(servers), 53, number, dns={"type": "query", "rrtype": "A"})
        elif draw < 0.97:
            yield eve_flow(at, source, chance.choice(servers), 9100, number=number, answered=chance.random() < 0.8)
        else:
            yield eve_alert(
                at,
                source,
                chance.choice(OUTSIDE) + "9",
                443,
                number=number,
                signature="INFO Session through a public conference service",
                category="Misc activity",
                priority=3,
            )


def foothold_eve(at: datetime, station: str, outside: str = "203.0.113.66") -> Iterator[bytes]:
    """Yield what a sensor sees of a fresh foothold on `station`: a download, then regular calls to its master."""
    yield eve_flow(at, station, outside, 443, number=1, app="tls")
    for number in range(5):
        yield eve_alert(
            at,
            station,
            outside,
            443,
            number=100 + number,
            signature="MALWARE Command-and-control beacon over TLS",
            category="A Network Trojan was detected",
            priority=1,
        )


def attack_capture(at: datetime, station: str, neighbours: Sequence[str], server: str, service: int = 445) -> bytes:
    """Return a pcap in which `station` tries the port `service` of all `neighbours` in vain; `server` lets it in."""
    packets = _Packets(at.timestamp())
    for number, neighbour in enumerate(neighbours):
        packets.knock(station, neighbour, service, 49_200 + number, refused=number % 4 == 0)
    packets.talk(station, server, service, 50_100, (b"\xfeSMB" + bytes(60), b"\xfeSMB" + bytes(1200)) * 6)
    packets.talk(station, server, 135, 50_101, (bytes(116), bytes(84)))
    return packets.file.getvalue()


def normal_capture(seed: int, at: datetime, workstations: Sequence[str], servers: Sequence[str], count: int) -> bytes:
    """Return a pcap of `count` ordinary conversations; one in twenty meets a machine that is off."""
    chance = random.Random(seed)
    packets = _Packets(at.timestamp())
    for number in range(count):
        station, server = chance.choice(workstations), chance.choice(servers)
        port = chance.choice((443, 443, 389, 88, 8443))
        if chance.random() < 0.05:
            packets.knock(station, server, 9100, 51_000 + number, refused=False)
        else:
            packets.talk(station, server, port, 51_000 + number, (chance.randbytes(200), chance.randbytes(900)))
    return packets.file.getvalue()


class _Packets:
    """Writes TCP conversations with right lengths and checksums into a pcap."""

    def __init__(self, at: float) -> None:
        self.file = io.BytesIO()
        self._writer = dpkt.pcap.Writer(self.file)
        self._at = at

    def knock(self, source: str, target: str, port: int, own: int, *, refused: bool) -> None:
        """Write a SYN that is refused, or never answered (sent twice)."""
        self._send(source, target, own, port, SYN)
        if refused:
            self._send(target, source, port, own, REFUSED)
        else:
            self._send(source, target, own, port, SYN)

    def talk(self, source: str, target: str, port: int, own: int, payloads: Sequence[bytes]) -> None:
        """Write a handshake, `payloads` in turn from both sides, and an orderly end."""
        self._send(source, target, own, port, SYN)
        self._send(target, source, port, own, SYN_ACK)
        self._send(source, target, own, port, ACK)
        for number, payload in enumerate(payloads):
            ends = (source, target, own, port) if number % 2 == 0 else (target, source, port, own)
            self._send(*ends, PUSH, payload)
        self._send(source, target, own, port, FIN)
        self._send(target, source, port, own, FIN)

    def _send(self, source: str, target: str, sport: int, dport: int, flags: int, payload: bytes = b"") -> None:
        part = dpkt.tcp.TCP(sport=sport, dport=dport, flags=flags, data=payload, seq=1, ack=1)
        packet = dpkt.ip.IP(src=ip_address(source).packed, dst=ip_address(target).packed, p=6, ttl=64, data=part)
        packet.len = len(packet)
        frame = dpkt.ethernet.Ethernet(src=b"\x02\x00\x00\x00\x00\x01", dst=b"\x02\x00\x00\x00\x00\x02", data=packet)
        self._at += 0.002
        self._writer.writepkt(bytes(frame), ts=self._at)


def _line(at: datetime, kind: str, source: str, target: str, port: int, number: int, **more: Any) -> bytes:
    record = {
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{(at.microsecond + number) % 1_000_000:06}+0000",
        "flow_id": 1_000_000 + number,
        "event_type": kind,
        "src_ip": source,
        "src_port": 49_152 + number % 16_000,
        "dest_ip": target,
        "dest_port": port,
        "proto": "UDP" if kind == "dns" else "TCP",
    }
    return json.dumps(record | more).encode() + b"\n"
