"""Packets of a live interface: a packet socket, and blocks of what it receives. Only listening: nothing is ever sent.

Source: packet(7), socket(7) (SO_TIMESTAMPNS), the kernel's count of packets that did not fit (PACKET_STATISTICS).
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator

import numpy as np

from safecare.formats.packets.bpf import Filter
from safecare.formats.packets.file import Frames
from safecare.formats.packets.headers import ETHERNET

EVERY = 0.25
"""Seconds after which what came is given on (chosen: an alert within a second)."""
MOST = 4096
"""Frames in one block (chosen: a quarter of a second at 16,000 packets/s)."""
LONGEST = 65_536
"""Longest frame taken, bytes: the largest IP packet; offloading hands such ones over."""
BUFFER = 16 << 20
"""Bytes that the kernel keeps while we work (chosen: a second of a busy link)."""
_ALL = 0x0003
_TIMESTAMP = 35
"""SO_TIMESTAMPNS (asm-generic/socket.h)."""
_ATTACH_FILTER = 26
"""SO_ATTACH_FILTER (asm-generic/socket.h)."""
_PACKET, _STATISTICS = 263, 6
_PAIR = struct.Struct("@ll")


def open_interface(name: str, only: str = "") -> socket.socket:
    """Return a socket that hears the packets of the interface `name` that pass the filter `only` (all without).

    Raises `OSError` (needs CAP_NET_RAW), `FilterError`.
    """
    program = Filter(only).for_socket() if only else None
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # nothing is heard before it is bound
    try:
        if program is not None:
            packets.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program.option)
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        packets.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
        packets.bind((name, _ALL))
    except OSError:
        packets.close()
        raise
    return packets


def packet_blocks(packets: socket.socket) -> Iterator[tuple[Frames, int]]:
    """Yield blocks of frames, and how many the kernel lost since the last one; without end."""
    number = 1
    packets.settimeout(EVERY)
    buffer = bytearray(LONGEST)
    while True:
        raw = bytearray()
        times: list[float] = []
        starts: list[int] = []
        sizes: list[int] = []
        until = time.monotonic() + EVERY
        while len(sizes) < MOST and time.monotonic() < until:
            try:
                size, extra, _, address = packets.recvmsg_into([buffer], 64)
            except TimeoutError:
                break
            if address[2] == socket.PACKET_OUTGOING and address[0] == "lo":
                continue  # on the loopback each packet is heard twice
            times.append(_moment(extra))
            starts.append(len(raw))
            sizes.append(size)
            raw += buffer[:size]
        lost = _lost(packets)
        frames = Frames(
            np.frombuffer(bytes(raw), np.uint8),
            number,
            np.array(times, np.float64),
            np.array(starts, np.int64),
            np.array(sizes, np.int64),
            np.full(len(sizes), ETHERNET, np.uint16),
        )
        number += len(sizes)
        if len(sizes) or lost:
            yield frames, lost


def _moment(extra: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMP and len(data) >= _PAIR.size:
            seconds, nanoseconds = _PAIR.unpack_from(data)
            return float(seconds + nanoseconds * 1e-9)
    return time.time()


def _lost(packets: socket.socket) -> int:
    """Return how many packets the kernel could not keep; reading it sets it to 0."""
    return int(struct.unpack_from("@II", packets.getsockopt(_PACKET, _STATISTICS, 8))[1])
