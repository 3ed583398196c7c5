"""Capture files (pcap, pcapng, also packed) to blocks of frames: where each stands, how long it is, and its time.

Source: IETF drafts "PCAP Capture File Format" (draft-ietf-opsawg-pcap) and "PCAP Next Generation"
(draft-ietf-opsawg-pcapng).
Frames are numbered from 1, as Wireshark does.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from safecare.formats.packets.packed import unpacked

BLOCK = 65_536
"""Frames in one block (chosen: header columns of a block stay within the processor's cache)."""
LONGEST = 262_144
"""Longest frame, bytes: libpcap's MAXIMUM_SNAPLEN; a longer one is a file that lies."""
LATEST = 2.0**33
"""Latest time that is believed, seconds since 1970 (the year 2242): later ones are lies, and no calendar has them."""
MOST_PACKETS = 50_000_000
"""Frames read of one file (chosen: an hour of a busy gigabit link)."""

_MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED = 1, 2, 3, 6
_TSRESOL, _TSOFFSET = 9, 14


class CaptureError(ValueError):
    """A file that is no capture: reason, and the place in it."""

    def __init__(self, reason: str, place: str = "") -> None:
        """Keep reason and place."""
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.place = place


@dataclass
class Frames:
    """A block of frames in `raw`; times are seconds since 1970 (UTC), `first` is the number of its first frame."""

    raw: NDArray[np.uint8]
    first: int
    times: NDArray[np.float64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    links: NDArray[np.uint16]
    """Link type (LINKTYPE registry) of each frame."""
    numbers: NDArray[np.int64] | None = None
    """Number of each frame, where some were left out by a filter."""

    def number(self, row: int) -> int:
        """Return the number of a frame."""
        return self.first + row if self.numbers is None else int(self.numbers[row])


@dataclass
class Reading:
    """How reading of one file goes: frames so far, what was passed over by reason, why it broke off (if it did)."""

    packets: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    broken: str = ""


def read_frames(raw: bytes | memoryview, reading: Reading) -> Iterator[Frames]:
    """Yield the frames of a capture in blocks; `reading` tells how it went. Raises `CaptureError` for no capture."""
    raw, cut = unpacked(raw)
    head = bytes(raw[:24])
    if cut and head[:4] not in (*_MAGIC, _SECTION):
        raise CaptureError(cut, "file")
    data = np.frombuffer(raw, np.uint8)
    if head[:4] in _MAGIC:
        if len(head) < 24:
            raise CaptureError("the file header is cut off", "header")
        rows = _pcap(raw, head, reading)
    elif head[:4] == _SECTION:
        if len(raw) < 12 or bytes(raw[8:12]) not in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d"):
            raise CaptureError("a pcapng section header without its byte-order magic", "header")
        rows = _pcapng(raw, reading)
    else:
        raise CaptureError("not a pcap or pcapng file", "header")
    number = 1
    for block in rows:
        times, starts, sizes, links = block
        begin, end = starts[0], starts[-1] + sizes[-1]
        yield Frames(
            data[begin:end],
            number,
            np.clip(np.array(times, np.float64), 0.0, LATEST),
            np.array(starts, np.int64) - begin,
            np.array(sizes, np.int64),
            np.array(links, np.uint16),
        )
        number += len(times)
    reading.broken = cut or reading.broken


_Rows = tuple[list[float], list[int], list[int], list[int]]


def _pcap(raw: bytes | memoryview, head: bytes, reading: Reading) -> Iterator[_Rows]:
    order, unit = _MAGIC[head[:4]]
    link = int(struct.unpack(order + "I", head[20:24])[0]) & 0xFFFF
    record = struct.Struct(order + "IIII").unpack_from
    at, end = 24, len(raw)
    times: list[float] = []
    starts: list[int] = []
    sizes: list[int] = []
    while at + 16 <= end:
        seconds, part, size, _ = record(raw, at)
        at += 16
        if size > LONGEST or at + size > end:
            what = f"a frame of {size} bytes" if size > LONGEST else "the file is cut off"
            reading.broken = f"breaks off after packet {reading.packets}: {what}"
            break
        if reading.packets >= MOST_PACKETS:
            reading.broken = f"longer than {MOST_PACKETS} packets: the rest was not read"
            break
        times.append(seconds + part * unit)
        starts.append(at)
        sizes.append(size)
        at += size
        reading.packets += 1
        if len(times) >= BLOCK:
            yield times, starts, sizes, [link] * len(times)
            times, starts, sizes = [], [], []
    else:
        if at < end:
            reading.broken = f"breaks off after packet {reading.packets}: the file is cut off"
    if times:
        yield times, starts, sizes, [link] * len(times)


@dataclass
class _Section:
    """State of a pcapng section: byte order and its interfaces as (link type, seconds per tick, offset)."""

    order: str = "<"
    interfaces: list[tuple[int, float, float]] = field(default_factory=list)
    snap: int = LONGEST


def _pcapng(raw: bytes | memoryview, reading: Reading) -> Iterator[_Rows]:
    section = _Section()
    at, end = 0, len(raw)
    rows: _Rows = ([], [], [], [])
    while at + 12 <= end:
        kind = bytes(raw[at : at + 4])
        if kind == _SECTION:
            section = _Section("<" if bytes(raw[at + 8 : at + 12]) == b"\x4d\x3c\x2b\x1a" else ">")
        size = int(struct.unpack_from(section.order + "I", raw, at + 4)[0])
        if size < 12 or size % 4 or at + size > end:
            reading.broken = f"breaks off after packet {reading.packets}: a block of {size} bytes at byte {at}"
            break
        number = int(struct.unpack_from(section.order + "I", raw, at)[0])
        if number == _INTERFACE and size >= 20:
            section.interfaces.append(_interface(raw, at, size, section))
        elif number in (_ENHANCED, _SIMPLE, _OLD_PACKET):
            _packet(raw, at, size, number, section, rows, reading)
        at += size
        if reading.packets >= MOST_PACKETS:
            reading.broken = f"longer than {MOST_PACKETS} packets: the rest was not read"
            break
        if len(rows[0]) >= BLOCK:
            yield rows
            rows = ([], [], [], [])
    else:
        if at < end:
            reading.broken = f"breaks off after packet {reading.packets}: the file is cut off"
    if rows[0]:
        yield rows


def _interface(raw: bytes | memoryview, at: int, size: int, section: _Section) -> tuple[int, float, float]:
    link, _, _ = struct.unpack_from(section.order + "HHI", raw, at + 8)
    unit, offset, option = 1e-6, 0.0, at + 16
    while option + 4 <= at + size - 4:
        code, length = struct.unpack_from(section.order + "HH", raw, option)
        option += 4
        if code == 0 or option + length > at + size - 4:
            break
        if code == _TSRESOL and length == 1:
            power = raw[option]
            unit = 2.0 ** -(power & 0x7F) if power & 0x80 else 10.0**-power
        elif code == _TSOFFSET and length == 8:
            offset = float(struct.unpack_from(section.order + "q", raw, option)[0])
        option += (length + 3) & ~3
    return int(link), unit, offset


def _packet(
    raw: bytes | memoryview, at: int, size: int, number: int, section: _Section, rows: _Rows, reading: Reading
) -> None:
    """Take one packet block; one that lies about its length still counts as a frame, with no bytes."""
    reading.packets += 1
    link, moment, start, length = 0xFFFF, rows[0][-1] if rows[0] else 0.0, at + 8, 0
    if number == _SIMPLE:
        if section.interfaces:
            link = section.interfaces[0][0]
        start, length = at + 12, min(int(struct.unpack_from(section.order + "I", raw, at + 8)[0]), size - 16)
    elif size >= 32:
        if number == _ENHANCED:
            interface, high, low, length, _ = struct.unpack_from(section.order + "IIIII", raw, at + 8)
        else:
            interface, _, high, low, length, _ = struct.unpack_from(section.order + "HHIIII", raw, at + 8)
        start = at + 28
        if interface < len(section.interfaces):
            link, unit, offset = section.interfaces[interface]
            moment = ((high << 32) | low) * unit + offset
        else:
            reading.skipped["unknown interface"] += 1
    if length < 0 or length > min(at + size - 4 - start, LONGEST):
        reading.skipped["lying length"] += 1
        length = 0
    rows[0].append(moment)
    rows[1].append(start)
    rows[2].append(length)
    rows[3].append(link)
