"""Captures to messages: framing, reassembly, direction; no bytes get through as an exception."""

from __future__ import annotations

import gzip
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.packets.dissect import Claimed, Dissector, Found, Malformed, Spoken
from safecare.formats.packets.file import CaptureError, Reading, read_frames
from safecare.formats.packets.flows import Conversation
from safecare.formats.packets.packed import unpacked
from safecare.testing.captures import Wire, modbus, process_network, s7

A, B = "10.0.0.1", "10.0.0.2"
READ = modbus(1, 1, struct.pack(">BHH", 3, 0, 4))
STOP = s7(b"\x29" + bytes(5) + b"\x09P_PROGRAM")


def dissect(raw: bytes, counts: dict[str, int] | None = None) -> list[Found]:
    dissector, reading = Dissector(), Reading()
    found: list[Found] = []
    for frames in read_frames(raw, reading):
        found += dissector.feed(frames)
    found += dissector.finish()
    if counts is not None:
        counts.update(dissector.counts + reading.skipped)
        if reading.broken:
            counts["broken"] = 1
    return found


def spoken(raw: bytes) -> list[Spoken]:
    return [one for one in dissect(raw) if isinstance(one, Spoken)]


@pytest.mark.parametrize("shape", ["pcap", "pcapng"])
def test_both_file_formats_give_the_same(shape: str) -> None:
    wire = Wire()
    wire.tcp(A, 4000, B, 7777).ask(STOP)
    [one] = spoken(getattr(wire, shape)())
    assert (one.message.protocol, one.message.command, one.frames) == ("s7", "plc_stop", (4,))
    assert (one.client, one.server, one.port) == (A, B, 7777)


def test_message_in_many_segments_names_all_its_frames() -> None:
    wire = Wire()
    talk = wire.tcp(A, 4000, B, 102)
    talk.ask(s7(b"\xf0" + bytes(7)))
    numbers = tuple(talk.ask(STOP[at : at + 5]) for at in range(0, len(STOP), 5))
    assert spoken(wire.pcap())[-1].frames == numbers


def test_out_of_order_repeated_and_overlapping_segments() -> None:
    wire = Wire()
    talk = wire.tcp(A, 4000, B, 102)
    talk.ask(s7(b"\xf0" + bytes(7)))
    start = talk.sent[0]
    talk.segment(0, 0x18, STOP[10:], start + 10)
    talk.segment(0, 0x18, STOP[:12], start)
    talk.segment(0, 0x18, b"X" * 12, start)
    counts: dict[str, int] = {}
    found = [one for one in dissect(wire.pcap(), counts) if isinstance(one, Spoken)]
    assert [one.message.command for one in found] == ["setup_communication", "plc_stop"]
    assert counts["out of order"] == 1
    assert counts["repeated"] >= 1


def test_bytes_lost_by_the_capture_do_not_lose_what_follows() -> None:
    wire = Wire()
    talk = wire.tcp(A, 4000, B, 102)
    talk.ask(s7(b"\xf0" + bytes(7)))
    talk.sent[0] += 500  # a segment that the capture missed
    talk.ask(STOP)
    talk.answer(s7(b"\x29", rosctr=3))
    assert [one.message.command for one in spoken(wire.pcap())][-2:] == ["plc_stop", "plc_stop"]


def test_fragments_are_put_together_and_overlapping_ones_refused() -> None:
    datagram = struct.pack(">HHHH", 47808, 47808, 8 + 12, 0) + bytes.fromhex("810b000c0120ffff00ff1008")
    wire = Wire()
    wire.ip(A, B, 17, datagram[:8], ident=7, fragment=0x2000)
    wire.ip(A, B, 17, datagram[8:], ident=7, fragment=1)
    assert [one.message.command for one in spoken(wire.pcap())] == ["who_is"]
    wire.ip(A, B, 17, datagram[:16], ident=8, fragment=0x2000)
    wire.ip(A, B, 17, datagram[8:], ident=8, fragment=1)
    counts: dict[str, int] = {}
    dissect(wire.pcap(), counts)
    assert counts["overlapping or too many fragments"] == 1


def test_ipv6_vlan_and_arp() -> None:
    wire = Wire()
    wire.udp("fe80::1", 47808, "fe80::2", 47808, bytes.fromhex("810b000c0120ffff00ff1008"))
    wire.arp("02:00:00:00:00:09", A)
    inner = wire.frames[0][1]
    wire.frame(struct.pack(">HHH", 5, 0x8100, 6) + inner[12:], 0x88A8)
    found = dissect(wire.pcap())
    assert [one.src for one in found if isinstance(one, Spoken)] == ["fe80::1", "fe80::1"]
    assert [one.mac for one in found if isinstance(one, Claimed)] == ["02:00:00:00:00:09"]


def test_direction_is_told_by_the_handshake_or_else_the_port() -> None:
    wire = Wire()
    talk = wire.tcp(A, 60_000, B, 502)
    talk.answer(modbus(1, 1, bytes([3, 8]) + bytes(8)))
    [talk_whole] = [one for one in dissect(wire.pcap()) if isinstance(one, Conversation)]
    assert (talk_whole.src_ip, talk_whole.dst_port, talk_whole.service, talk_whole.began) == (A, 502, "modbus", True)
    late = Wire(frames=wire.frames[3:])
    [one] = spoken(late.pcap())
    assert (one.client, one.server, one.message.kind) == (A, B, "response")


def test_closed_connection_and_the_same_ports_again_are_two() -> None:
    wire = Wire()
    for _ in range(2):
        talk = wire.tcp(A, 4000, B, 502)
        talk.ask(READ)
        talk.close()
    found = dissect(wire.pcap())
    assert sum(isinstance(one, Conversation) for one in found) == 2
    assert sum(isinstance(one, Spoken) for one in found) == 2


def test_lengths_that_lie_are_counted() -> None:
    wire = Wire()
    talk = wire.tcp(A, 4000, B, 502)
    talk.ask(READ)
    talk.ask(struct.pack(">HHHB", 2, 0, 60_000, 1) + bytes(20))
    found = dissect(wire.pcap())
    assert [one.reason for one in found if isinstance(one, Malformed)] == ["no message begins here"]


def test_what_was_unpacked_before_the_cut_is_read() -> None:
    raw = bytes(range(256)) * 64
    part, why = unpacked(gzip.compress(raw, 0)[:-2000])
    assert raw.startswith(part)
    assert len(part) > 10_000
    assert "can't be unpacked to its end" in why


@pytest.mark.parametrize(
    ("raw", "reason"), [(b"", "not a pcap"), (b"PK\3\4" + bytes(40), "not a pcap"), (b"\xd4\xc3\xb2\xa1", "cut off")]
)
def test_no_capture_is_told(raw: bytes, reason: str) -> None:
    with pytest.raises(CaptureError, match=reason):
        list(read_frames(raw, Reading()))


@pytest.mark.parametrize("shape", ["pcap", "pcapng"])
def test_a_file_cut_anywhere_gives_what_stands_before(shape: str) -> None:
    raw, broken = getattr(process_network(1, "write", 3), shape)(), 0
    for cut in range(40, len(raw), 97):
        counts: dict[str, int] = {}
        dissect(raw[:cut], counts)
        broken += "broken" in counts
    assert broken > 20


@given(st.data())
def test_changed_bytes_raise_nothing(data: st.DataObject) -> None:
    raw = bytearray(process_network(2, "scan", 4).pcap())
    for _ in range(data.draw(st.integers(1, 30))):
        raw[data.draw(st.integers(24, len(raw) - 1))] = data.draw(st.integers(0, 255))
    dissect(bytes(raw))
