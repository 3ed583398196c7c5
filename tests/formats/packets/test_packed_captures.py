"""Captures in whatever form they come: packed, cut off, other links, tunnels; all read, or named."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from collections import Counter
from collections.abc import Callable

import pytest
import zstandard

from safecare.formats.packets import packed
from safecare.formats.packets.dissect import Dissector, Spoken
from safecare.formats.packets.file import CaptureError, Reading, read_frames
from safecare.testing.captures import Wire, bacnet, process_network

PLAIN = process_network(1, seconds=20).pcap()
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


def read(raw: bytes) -> tuple[int, str]:
    reading = Reading()
    for _ in read_frames(raw, reading):
        pass
    return reading.packets, reading.broken


@pytest.mark.parametrize("name", PACKERS)
def test_packed_captures_are_read(name: str) -> None:
    assert read(PACKERS[name](PLAIN)) == read(PLAIN)
    assert read(PACKERS[name](PLAIN[:5000]) + PACKERS[name](PLAIN[5000:]))[0] >= read(PLAIN[:5000])[0]


@pytest.mark.parametrize("name", PACKERS)
def test_what_is_cut_off_is_read_as_far_as_it_goes(name: str) -> None:
    whole = PACKERS[name](PLAIN)
    try:
        packets, broken = read(whole[: len(whole) * 2 // 3])
    except CaptureError as error:  # packed in one block: nothing of it comes out
        packets, broken = 0, str(error)
    assert packets < read(PLAIN)[0]
    assert "cut off" in broken or "unpacked" in broken


def test_what_unpacks_to_more_than_fits_is_cut_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST", 4000)
    packets, broken = read(gzip.compress(PLAIN))
    assert 0 < packets < read(PLAIN)[0]
    assert "more than 4000 bytes" in broken


@pytest.mark.parametrize("head", [b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"BZh9", b"\x28\xb5\x2f\xfd"])
def test_packed_garbage_is_refused(head: bytes) -> None:
    with pytest.raises(CaptureError):
        read(head + b"garbage" * 9)


WIRE = Wire()
WIRE.udp("10.7.0.10", 47808, "10.7.0.21", 47808, bacnet(bytes.fromhex("00050c0c00000001" + "1955")))
ETHERNET = WIRE.frames[0][1]
IP = ETHERNET[14:]
SNAP = b"\xaa\xaa\x03\0\0\0\x08\x00"
ADDRESSES = bytes(18)


def pcap(link: int, frame: bytes, order: str = "<") -> bytes:
    head = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, link)
    return head + struct.pack(order + "IIII", 1_750_000_000, 0, len(frame), len(frame)) + frame


def outer(payload: bytes, port: int = 0, protocol: int = 17) -> bytes:
    wire = Wire()
    if port:
        wire.udp("192.0.2.1", 5555, "192.0.2.2", port, payload)
    else:
        wire.ip("192.0.2.1", "192.0.2.2", protocol, payload)
    return wire.frames[0][1]


MACS = ETHERNET[:12]
FORMS: dict[str, tuple[int, bytes]] = {
    "ethernet": (1, ETHERNET),
    "one tag": (1, MACS + b"\x81\0\0\x05" + ETHERNET[12:]),
    "two tags": (1, MACS + b"\x88\xa8\0\x05\x81\0\0\x06" + ETHERNET[12:]),
    "labels": (1, MACS + b"\x88\x47\0\1\0\x40\0\2\1\x40" + IP),
    "PPPoE": (1, MACS + b"\x88\x64\x11\0\0\1" + struct.pack(">H", len(IP) + 2) + b"\0\x21" + IP),
    "SNAP": (1, MACS + struct.pack(">H", len(IP) + 8) + SNAP + IP),
    "GRE": (1, outer(b"\0\0\x08\0" + IP, protocol=47)),
    "GRE with a frame": (1, outer(b"\0\0\x65\x58" + ETHERNET, protocol=47)),
    "IP in IP": (1, outer(IP, protocol=4)),
    "VXLAN": (1, outer(b"\x08\0\0\0\0\0\1\0" + ETHERNET, 4789)),
    "GENEVE": (1, outer(b"\x01\0\x65\x58\0\0\1\0" + b"opts" + ETHERNET, 6081)),
    "GENEVE with a packet": (1, outer(b"\0\0\x08\0\0\0\1\0" + IP, 6081)),
    "raw": (101, IP),
    "IPv4": (228, IP),
    "cooked": (113, bytes(14) + b"\x08\0" + IP),
    "cooked 2": (276, b"\x08\0" + bytes(18) + IP),
    "loopback": (0, b"\2\0\0\0" + IP),
    "loopback of OpenBSD": (108, b"\0\0\0\2" + IP),
    "PPP": (9, b"\xff\x03\0\x21" + IP),
    "HDLC of Cisco": (104, b"\x0f\0\x08\0" + IP),
    "802.11": (105, b"\x08\x01" + bytes(2) + ADDRESSES + bytes(2) + SNAP + IP),
    "802.11 with QoS": (105, b"\x88\x02" + bytes(2) + ADDRESSES + bytes(4) + SNAP + IP),
    "radiotap": (127, b"\0\0\x0c\0" + bytes(8) + b"\x08\x02" + bytes(2) + ADDRESSES + bytes(2) + SNAP + IP),
}


def spoken(raw: bytes) -> tuple[list[str], Counter[str]]:
    dissector = Dissector()
    found = [one for frames in read_frames(raw, Reading()) for one in dissector.feed(frames)]
    return [one.message.command for one in found if isinstance(one, Spoken)], dissector.counts


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_what_is_said_is_read_in_whatever_it_is_wrapped(form: str, order: str) -> None:
    link, frame = FORMS[form]
    assert spoken(pcap(link, frame, order))[0] == ["read_property"]


@pytest.mark.parametrize(
    ("link", "frame", "reason"),
    [
        (105, b"\x08\x41" + bytes(60), "encrypted 802.11 frame"),
        (105, b"\x80\0" + bytes(60), "802.11 frame that carries no data"),
        (105, b"\x08", "header cut off"),
        (127, b"\0\0\xff\xff", "header cut off"),
        (1, outer(b"\xff" * 30, 6081), ""),
        (147, ETHERNET, "link type 147 is not read"),
    ],
)
def test_what_is_not_read_is_named(link: int, frame: bytes, reason: str) -> None:
    said, counts = spoken(pcap(link, frame))
    assert said == []
    assert not reason or counts[reason] == 1


def test_interfaces_of_one_file_have_their_own_links_and_clocks() -> None:
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        size = struct.pack("<I", 12 + len(body))
        return struct.pack("<I", kind) + size + body + size

    nano = struct.pack("<HHB3x", 9, 1, 9) + struct.pack("<HH", 0, 0)
    comment = struct.pack("<HH", 1, 5) + b"words\0\0\0" + struct.pack("<HH", 0, 0)

    def packet(interface: int, ticks: int, frame: bytes) -> bytes:
        sizes = struct.pack("<IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        return block(6, sizes + frame + bytes(-len(frame) % 4) + comment)

    raw = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + comment)
    raw += block(1, struct.pack("<HHI", 1, 0, 0)) + block(1, struct.pack("<HHI", 101, 0, 0) + nano)
    raw += packet(0, 1_750_000_000_000_000, ETHERNET) + block(5, bytes(12))
    raw += packet(1, 1_750_000_001_000_000_001, IP) + packet(0, 1, ETHERNET)[:-8]
    reading = Reading()
    [frames] = list(read_frames(raw, reading))
    assert frames.links.tolist() == [1, 101]
    assert frames.times.tolist() == pytest.approx([1_750_000_000.0, 1_750_000_001.0])
    assert "breaks off after packet 2" in reading.broken
    assert spoken(raw)[0] == ["read_property"] * 2


def test_packets_cut_by_the_snapshot_length_are_read_as_far_as_they_go() -> None:
    frame = ETHERNET[:44]
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 44, 1)
    said, counts = spoken(head + struct.pack("<IIII", 1, 0, 44, len(ETHERNET)) + frame)
    assert said == []
    assert sum(counts.values()) >= 0
