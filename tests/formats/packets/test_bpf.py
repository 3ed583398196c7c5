"""The filter before everything: what passes keeps its number, wrong expressions are told, the kernel's program."""

from __future__ import annotations

import numpy as np
import pytest

from safecare.formats.packets.bpf import Filter, FilterError, filtered
from safecare.formats.packets.dissect import Dissector, Spoken
from safecare.formats.packets.file import Frames, Reading, read_frames
from safecare.testing.captures import Wire, bacnet, process_network


def kept(raw: bytes, expression: str) -> list[Frames]:
    return list(filtered(read_frames(raw, Reading()), Filter(expression)))


def test_what_passes_keeps_its_number() -> None:
    wire = Wire()
    for last in range(1, 6):
        wire.udp(f"10.0.0.{last}", 47808, "10.0.0.9", 47808, bacnet(b"\x10\x08"))
    [frames] = kept(wire.pcap(), "host 10.0.0.2 or host 10.0.0.4")
    assert [frames.number(row) for row in range(2)] == [2, 4]
    found = [one for one in Dissector().feed(frames) if isinstance(one, Spoken)]
    assert [(one.src, one.frames) for one in found] == [("10.0.0.2", (2,)), ("10.0.0.4", (4,))]


def test_numbers_are_kept_on_the_slow_road_and_through_two_filters() -> None:
    wire = Wire()
    wire.arp("02:00:00:00:00:09", "10.0.0.1")
    wire.udp("fe80::1", 47808, "fe80::2", 47808, bacnet(b"\x10\x08"))
    wire.udp("fe80::1", 47808, "fe80::3", 47808, bacnet(b"\x10\x08"))
    [frames] = filtered(kept(wire.pcap(), "udp"), Filter("host fe80::3"))
    [one] = [one for one in Dissector().feed(frames) if isinstance(one, Spoken)]
    assert one.frames == (3,)


def test_nothing_passes_and_nothing_is_yielded() -> None:
    assert kept(process_network(1, seconds=3).pcap(), "tcp port 9") == []
    assert sum(len(one.sizes) for one in kept(process_network(1, seconds=3).pcap(), "tcp port 502")) > 10


def test_other_links_have_their_own_program_and_unknown_ones_let_nothing_through() -> None:
    wire = Wire()
    wire.udp("10.0.0.1", 1, "10.0.0.2", 2, b"x")
    raw = np.frombuffer(wire.frames[0][1], np.uint8)
    ip = Frames(raw, 1, np.zeros(1), np.array([14]), np.array([len(raw) - 14]), np.array([101], np.uint16))
    assert len(Filter("udp port 2").keep(ip).sizes) == 1
    ip.links[:] = 0xFFFF
    assert len(Filter("udp port 2").keep(ip).sizes) == 0


@pytest.mark.parametrize("wrong", ["tcp prot 502", "host", "port 99999999999", "\0", "net 10.0.0.1/40"])
def test_a_wrong_expression_is_told_at_once(wrong: str) -> None:
    with pytest.raises(FilterError, match="is no filter"):
        Filter(wrong)


def test_the_kernel_gets_the_program() -> None:
    attached = Filter("tcp port 502").for_socket()
    assert len(attached.option) == 16
    assert int.from_bytes(attached.option[:2], "little") > 5
