"""Labelled captures for tests and benchmarks: packets of process and medical networks, with what is malicious known.

Nothing is sent: packets are written into a pcap with right lengths and sequence numbers. Addresses are private ones.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from ipaddress import ip_address

SYN, SYN_ACK, ACK, PUSH, FIN = 0x02, 0x12, 0x10, 0x18, 0x11
"""TCP flags (RFC 9293, 3.1)."""


@dataclass
class Wire:
    """Writes packets into a capture; `bad` collects the numbers of frames written while `evil` is true."""

    at: float = 1_750_000_000.0
    frames: list[tuple[float, bytes]] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)
    evil: bool = False

    def frame(self, raw: bytes, kind: int = 0x0800, *, source: bytes = b"\2\0\0\0\0\1") -> int:
        """Write one Ethernet frame; return its number."""
        self.at += 0.0005
        self.frames.append((self.at, b"\2\0\0\0\0\2" + source + struct.pack(">H", kind) + raw))
        if self.evil:
            self.bad.add(len(self.frames))
        return len(self.frames)

    def ip(self, source: str, target: str, protocol: int, body: bytes, *, ident: int = 0, fragment: int = 0) -> int:
        """Write one IPv4 or IPv6 packet."""
        here, there = ip_address(source).packed, ip_address(target).packed
        if len(here) == 16:
            return self.frame(struct.pack(">IHBB", 6 << 28, len(body), protocol, 64) + here + there + body, 0x86DD)
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), ident, fragment, 64, protocol, 0) + here + there
        return self.frame(head + body)

    def udp(self, source: str, sport: int, target: str, dport: int, payload: bytes) -> int:
        """Write one datagram."""
        return self.ip(source, target, 17, struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload)

    def arp(self, mac: str, address: str, target: str = "0.0.0.0", *, answer: bool = False) -> int:  # noqa: S104
        """Write one ARP claim that `address` belongs to `mac`."""
        here = bytes.fromhex(mac.replace(":", ""))
        body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2 if answer else 1) + here + ip_address(address).packed
        return self.frame(body + bytes(6) + ip_address(target).packed, 0x0806, source=here)

    def tcp(self, client: str, cport: int, server: str, sport: int) -> Tcp:
        """Open a connection."""
        return Tcp(self, (client, cport), (server, sport))

    def pcap(self) -> bytes:
        """Return the capture."""
        parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)]
        for at, raw in self.frames:
            parts.append(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(raw), len(raw)) + raw)
        return b"".join(parts)

    def pcapng(self) -> bytes:
        """Return the same as pcapng."""
        parts = [
            struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28),
            struct.pack("<IIHHII", 1, 20, 1, 0, 262_144, 20),
        ]
        for at, raw in self.frames:
            ticks, pad = int(at * 1e6), -len(raw) % 4
            size = 32 + len(raw) + pad
            head = struct.pack("<IIIIIII", 6, size, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(raw), len(raw))
            parts.append(head + raw + bytes(pad) + struct.pack("<I", size))
        return b"".join(parts)


@dataclass
class Tcp:
    """One connection: `ask` and `answer` write segments that follow each other."""

    wire: Wire
    client: tuple[str, int]
    server: tuple[str, int]
    sent: list[int] = field(default_factory=lambda: [1000, 5000])

    def __post_init__(self) -> None:
        """Write the handshake."""
        self.segment(0, SYN)
        self.sent[0] += 1
        self.segment(1, SYN_ACK)
        self.sent[1] += 1
        self.segment(0, ACK)

    def segment(self, side: int, flags: int, payload: bytes = b"", sequence: int | None = None) -> int:
        """Write one segment of client (0) or server (1)."""
        here, there = (self.client, self.server) if side == 0 else (self.server, self.client)
        number = self.sent[side] if sequence is None else sequence
        head = struct.pack(
            ">HHIIBBHHH", here[1], there[1], number % 2**32, self.sent[1 - side] % 2**32, 0x50, flags, 8192, 0, 0
        )
        return self.wire.ip(here[0], there[0], 6, head + payload)

    def ask(self, payload: bytes) -> int:
        """Write bytes of the client."""
        frame = self.segment(0, PUSH, payload)
        self.sent[0] += len(payload)
        return frame

    def answer(self, payload: bytes) -> int:
        """Write bytes of the server."""
        frame = self.segment(1, PUSH, payload)
        self.sent[1] += len(payload)
        return frame

    def close(self) -> None:
        """Write an orderly end."""
        self.segment(0, FIN)
        self.segment(1, FIN)


def modbus(transaction: int, unit: int, pdu: bytes) -> bytes:
    """Return one Modbus/TCP message."""
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def bacnet(apdu: bytes, function: int = 10) -> bytes:
    """Return one BACnet/IP message."""
    return struct.pack(">BBHBB", 0x81, function, 6 + len(apdu), 1, 4) + apdu


def s7(parameter: bytes, data: bytes = b"", rosctr: int = 1, reference: int = 1) -> bytes:
    """Return one S7comm message within COTP and TPKT."""
    error = b"\0\0" if rosctr in (2, 3) else b""
    body = struct.pack(">BBHHHH", 0x32, rosctr, 0, reference, len(parameter), len(data)) + error + parameter + data
    return struct.pack(">BBH", 3, 0, 7 + len(body)) + b"\x02\xf0\x80" + body


def dicom_associate(calling: str, called: str, kind: int = 1, uid: str = "1.2.276.0.7230010.3") -> bytes:
    """Return an association request (1) or its acceptance (2) for the query service."""

    def item(code: int, body: bytes) -> bytes:
        return struct.pack(">BBH", code, 0, len(body)) + body

    context = item(0x30, b"1.2.840.10008.5.1.4.1.2.2.1") + item(0x40, b"1.2.840.10008.1.2")
    if kind == 1:
        contexts = item(0x20, b"\x01\0\0\0" + context)
    else:
        contexts = item(0x21, b"\x01\0\0\0" + item(0x40, b"1.2.840.10008.1.2"))
    user = item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, uid.encode()))
    titles = called.ljust(16).encode() + calling.ljust(16).encode() + bytes(32)
    body = b"\0\1\0\0" + titles + item(0x10, b"1.2.840.10008.3.1.1.1") + contexts + user
    return struct.pack(">BBI", kind, 0, len(body)) + body


def dicom_message(elements: dict[int, bytes], *, command: bool = True) -> bytes:
    """Return a data PDU with one command or data set (implicit little endian)."""
    body = b"".join(
        struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value for tag, value in sorted(elements.items())
    )
    pdv = struct.pack(">IBB", len(body) + 2, 1, 3 if command else 2) + body
    return struct.pack(">BBI", 4, 0, len(pdv)) + pdv


def hl7(kind: str, control: str, application: str = "HIS", facility: str = "HOSPITAL", extra: str = "") -> bytes:
    """Return one framed HL7 message without any patient."""
    header = f"MSH|^~\\&|{application}|{facility}|LAB|HOSPITAL|20261126030000||{kind}|{control}|P|2.5.1\r{extra}"
    return b"\x0b" + header.encode() + b"\x1c\r"


def process_network(seed: int, attack: str = "", seconds: int = 120) -> Wire:
    """Return a small process network: a master polls three controllers each second; from its middle on an `attack`.

    `attack`: ``write`` (one forged coil), ``scan`` (all units and functions of a controller), ``files`` (bytes moved
    between two stations that never talked), or none. `Wire.bad` holds the frames that are malicious.
    """
    chance, wire = random.Random(seed), Wire()
    master, controllers = "10.7.0.10", ["10.7.0.21", "10.7.0.22", "10.7.0.23"]
    polls = [wire.tcp(master, 40_000 + number, ip, 502) for number, ip in enumerate(controllers)]
    transaction = 0
    for second in range(seconds):
        wire.at = 1_750_000_000.0 + second
        for poll in polls:
            transaction = transaction % 65_535 + 1
            poll.ask(modbus(transaction, 1, struct.pack(">BHH", 3, 0, 4)))
            poll.answer(modbus(transaction, 1, struct.pack(">BB4H", 3, 8, *(chance.randrange(200) for _ in range(4)))))
        if second % 20 == 5:
            transaction += 1
            polls[0].ask(modbus(transaction, 1, struct.pack(">BHH", 6, 7, chance.randrange(50))))
            polls[0].answer(modbus(transaction, 1, struct.pack(">BHH", 6, 7, 1)))
        if second == seconds // 2 and attack:
            wire.evil = True
            _ATTACKS[attack](wire, controllers)
            wire.evil = False
    return wire


def _forged(wire: Wire, controllers: list[str]) -> None:
    talk = wire.tcp(controllers[1], 51_000, controllers[2], 502)
    talk.ask(modbus(1, 1, struct.pack(">BHH", 5, 3, 0xFF00)))
    talk.answer(modbus(1, 1, struct.pack(">BHH", 5, 3, 0xFF00)))
    talk.close()


def _scanned(wire: Wire, controllers: list[str]) -> None:
    talk = wire.tcp("10.7.0.99", 51_000, controllers[0], 502)
    for unit in range(1, 40):
        talk.ask(modbus(unit, unit, struct.pack(">BHH", 1 + unit % 4, 0, 1)))
        talk.answer(modbus(unit, unit, bytes([0x81 + unit % 4, 11])))
    talk.close()


def _moved(wire: Wire, controllers: list[str]) -> None:
    talk = wire.tcp(controllers[0], 1040, controllers[1], 4444)
    for part in range(30):
        talk.ask(bytes([part]) * 900)
    talk.close()


_ATTACKS = {"write": _forged, "scan": _scanned, "files": _moved}
