"""Labels and tunnels around a packet: what they carry is read, under the carried addresses, down to the bound."""

from __future__ import annotations

import struct

import pytest

from safecare.formats.packets.dissect import Dissector, Sender, Spoken
from safecare.formats.packets.file import Reading, read_frames
from safecare.testing.captures import Wire, bacnet

WHO_IS = bacnet(b"\x10\x08")


def inner() -> bytes:
    wire = Wire()
    wire.udp("10.0.0.1", 47808, "10.0.0.2", 47808, WHO_IS)
    return wire.frames[0][1]


def ends(wire: Wire, counts: dict[str, int] | None = None) -> list[str]:
    dissector = Dissector()
    found = [one for frames in read_frames(wire.pcap(), Reading()) for one in dissector.feed(frames)]
    if counts is not None:
        counts.update(dissector.counts)
    return [one.src for one in found if isinstance(one, Spoken)]


PLAIN = inner()
GRE = {
    "gre": struct.pack(">HH", 0, 0x0800) + PLAIN[14:],
    "gre with key and sequence": struct.pack(">HHII", 0x3000, 0x0800, 7, 3) + PLAIN[14:],
    "gre with ethernet": struct.pack(">HH", 0, 0x6558) + PLAIN,
    "erspan 1": struct.pack(">HH", 0, 0x88BE) + PLAIN,
    "erspan 2": struct.pack(">HHI", 0x1000, 0x88BE, 3) + bytes(8) + PLAIN,
    "erspan 3": struct.pack(">HHI", 0x1000, 0x22EB, 3) + bytes(12) + PLAIN,
}


@pytest.mark.parametrize("name", GRE)
def test_what_gre_carries_is_read(name: str) -> None:
    wire = Wire()
    wire.ip("192.0.2.1", "192.0.2.2", 47, GRE[name])
    assert ends(wire) == ["10.0.0.1"]


@pytest.mark.parametrize(("protocol", "body"), [(4, PLAIN[14:]), (17, struct.pack(">HHHH", 9, 4789, 0, 0))])
def test_ip_in_ip_and_vxlan(protocol: int, body: bytes) -> None:
    wire = Wire()
    carried = body if protocol == 4 else body + b"\x08\0\0\0\0\0\7\0" + PLAIN
    wire.ip("192.0.2.1", "192.0.2.2", protocol, carried)
    wire.ip("fd00::1", "fd00::2", protocol, carried)
    assert ends(wire) == ["10.0.0.1", "10.0.0.1"]


def test_mpls_and_snap() -> None:
    wire = Wire()
    wire.frame(struct.pack(">II", 0x5040, 0x6140) + PLAIN[14:], 0x8847)
    wire.frame(b"\xaa\xaa\x03\0\0\0\x08\0" + PLAIN[14:], len(PLAIN) - 6)
    assert ends(wire) == ["10.0.0.1", "10.0.0.1"]


def test_tunnels_within_each_other_end_somewhere() -> None:
    body, wire, counts = PLAIN[14:], Wire(), dict[str, int]()
    for _ in range(6):
        nested = Wire()
        nested.ip("192.0.2.1", "192.0.2.2", 4, body)
        body = nested.frames[0][1][14:]
    wire.frame(body)
    assert ends(wire, counts) == []
    assert counts == {"too many tunnels within each other": 1}


def test_a_port_alone_makes_no_tunnel() -> None:
    wire = Wire()
    wire.udp("10.0.0.3", 47808, "10.0.0.2", 4789, WHO_IS)
    assert ends(wire) == ["10.0.0.3"]


def test_inner_stations_are_told_once_with_their_mac_and_routers_are_left_aside() -> None:
    wire, other = Wire(), b"\2\0\0\0\0\7"
    for _ in range(3):
        wire.udp("10.0.0.1", 1, "10.0.0.2", 2, b"x")
        wire.udp("8.8.8.8", 1, "10.0.0.2", 2, b"x")
    for last in range(1, 20):
        packet = Wire()
        packet.udp(f"10.9.0.{last}", 1, "10.0.0.2", 2, b"x")
        wire.frame(packet.frames[0][1][14:], source=other)
    found = [one for frames in read_frames(wire.pcap(), Reading()) for one in Dissector().feed(frames)]
    told = [(one.address, one.mac) for one in found if isinstance(one, Sender)]
    assert told[0] == ("10.0.0.1", "02:00:00:00:00:01")
    assert len([mac for _, mac in told if mac == "02:00:00:00:00:07"]) <= 5
    assert "8.8.8.8" not in dict(told)
