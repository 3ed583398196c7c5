"""Packet captures: real frames in, conversations out; broken files say where they break."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.packets.dissect import Dissector, Found
from safecare.formats.packets.file import CaptureError, Reading, read_frames
from safecare.formats.packets.flows import Conversation

CLIENT, SERVER = b"\x0a\x01\x0a\x15", b"\x0a\x01\x14\x0a"
SYN, SYN_ACK, ACK, RST, PUSH = 0x02, 0x12, 0x10, 0x14, 0x18


def frame(src: bytes, dst: bytes, part: Any, number: int) -> bytes:
    ip = dpkt.ip.IP(src=src, dst=dst, p=number, data=part, len=20 + len(part))
    return bytes(dpkt.ethernet.Ethernet(src=b"\2" * 6, dst=b"\4" * 6, data=ip))


def tcp(out: bool, flags: int, data: bytes = b"", port: int = 445) -> bytes:
    ends = (50_000, port) if out else (port, 50_000)
    part = dpkt.tcp.TCP(sport=ends[0], dport=ends[1], flags=flags, data=data)
    return frame(*((CLIENT, SERVER) if out else (SERVER, CLIENT)), part, 6)


def capture(*frames: bytes, ng: bool = False) -> bytes:
    file = io.BytesIO()
    writer = (dpkt.pcapng.Writer if ng else dpkt.pcap.Writer)(file)
    for number, one in enumerate(frames):
        writer.writepkt(one, ts=1_773_713_400 + number * 0.01)
    return file.getvalue()


def read(raw: bytes) -> tuple[list[Conversation], Reading]:
    dissector, reading = Dissector(), Reading()
    found: list[Found] = [one for frames in read_frames(raw, reading) for one in dissector.feed(frames)]
    found += dissector.finish()
    return [one for one in found if isinstance(one, Conversation)], reading


@pytest.mark.parametrize("ng", [False, True])
@pytest.mark.parametrize(
    ("frames", "outcome"),
    [
        (
            [tcp(True, SYN), tcp(False, SYN_ACK), tcp(True, ACK), tcp(True, PUSH, b"hello"), tcp(False, PUSH, b"ok")],
            "open",
        ),
        ([tcp(True, SYN), tcp(False, RST)], "refused"),
        ([tcp(True, SYN), tcp(True, SYN)], "silent"),
        ([tcp(True, SYN), tcp(False, SYN_ACK), tcp(True, ACK), tcp(False, RST)], "open"),
        ([tcp(True, ACK)], "unknown"),
    ],
)
def test_outcome_of_a_conversation(frames: list[bytes], outcome: str, ng: bool) -> None:
    [one], ended = read(capture(*frames, ng=ng))
    assert (one.outcome, one.src_ip, one.dst_port) == (outcome, "10.1.10.21", 445)
    assert (ended.packets, ended.broken) == (len(frames), "")


def test_the_asker_is_found_when_the_capture_began_late() -> None:
    [one], _ = read(capture(tcp(False, SYN_ACK), tcp(True, PUSH, b"hello")))
    assert (one.src_ip, one.dst_port, one.bytes_out, one.outcome) == ("10.1.10.21", 445, 5, "open")


def test_a_refused_port_tried_again_is_two_conversations() -> None:
    found, _ = read(capture(tcp(True, SYN), tcp(False, RST), tcp(True, SYN), tcp(False, RST)))
    assert [one.outcome for one in found] == ["refused", "refused"]


def test_a_device_that_was_switched_off_begins_a_new_conversation() -> None:
    """Same ports, same first numbers, other bytes: nobody said farewell before."""
    begun = [tcp(True, SYN), tcp(False, SYN_ACK), tcp(True, ACK)]
    once, again = [*begun, tcp(True, PUSH, b"hello")], [*begun, tcp(True, PUSH, b"other")]
    found, _ = read(capture(*once, *again))
    assert [(one.src_ip, one.bytes_out, one.outcome, one.packets) for one in found] == [
        ("10.1.10.21", 5, "open", 4)
    ] * 2


def test_a_cut_file_gives_what_was_there() -> None:
    raw = capture(tcp(True, SYN), tcp(False, RST), tcp(True, SYN))
    found, ended = read(raw[:-20])
    assert found
    assert (ended.packets, ended.broken) == (2, "breaks off after packet 2: the file is cut off")


@pytest.mark.parametrize("raw", [b"", b"hello world, this is no capture at all", b"\x0a\x0d\x0d\x0a" + b"\xff" * 40])
def test_what_is_no_capture_is_refused(raw: bytes) -> None:
    with pytest.raises(CaptureError):
        read(raw)


GOOD = (
    capture(tcp(True, SYN), tcp(False, SYN_ACK), tcp(True, PUSH, b"x" * 40), ng=True),
    capture(tcp(True, SYN), tcp(False, RST)),
)


@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=12),
    st.integers(0, 400),
)
def test_nothing_but_its_own_error(good: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    raw = bytearray(good[: max(cut, 24)])
    for at, value in changes:
        if at < len(raw):
            raw[at] = value
    with contextlib.suppress(CaptureError):
        read(bytes(raw))
