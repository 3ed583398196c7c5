"""Ends of programs, compiled modules and shortcuts.

Source: PE/COFF 3, ELF-64 1.5, mach-o/loader.h, WebAssembly 2.0, [MS-SHLLINK].
"""

from __future__ import annotations

import struct

from safecare.formats.extent.numbers import MOST_STEPS, field, total


def windows(raw: bytes) -> int:
    """Walk over sections and certificates of a program of Windows."""
    second = field("<I", raw, 60)
    if raw[second : second + 4] != b"PE\0\0":
        return 0
    count, size = field("<H", raw, second + 6), field("<H", raw, second + 20)
    table = second + 24 + size
    ends = [total("<II", raw, table + 40 * one + 16) for one in range(min(count, 96))]
    signed = second + 24 + (144 if raw[second + 24 : second + 26] == b"\x0b\x02" else 128)  # the certificates' place
    if signed + 8 <= table:
        ends.append(total("<II", raw, signed))
    return max(ends, default=0)


def is_signed(raw: bytes) -> bool:
    """Tell whether a program of Windows carries certificates (PE/COFF 3, the fifth data directory); not whose."""
    second = int.from_bytes(raw[60:64], "little")
    at = second + 24 + (144 if raw[second + 24 : second + 26] == b"\x0b\x02" else 128)
    place, size = (int.from_bytes(raw[at + more : at + more + 4], "little") for more in (0, 4))
    return raw[second : second + 4] == b"PE\0\0" and 8 < size <= len(raw) - place and place > at


def linux(raw: bytes) -> int:
    """Walk over segments and table of sections of ELF."""
    order, wide = ("<" if raw[5] == 1 else ">"), raw[4] == 2
    if wide:
        heads, tables = struct.unpack_from(order + "QQ", raw, 32)
        size, count, each, number = struct.unpack_from(order + "HHHH", raw, 54)
    else:
        heads, tables = struct.unpack_from(order + "II", raw, 28)
        size, count, each, number = struct.unpack_from(order + "HHHH", raw, 42)
    ends = [tables + each * number]
    for one in range(count):
        at = heads + size * one
        place, length = (8, 32) if wide else (4, 16)
        form = order + ("Q" if wide else "I")
        ends.append(field(form, raw, at + place) + field(form, raw, at + length))
    return int(max(ends))


def apple(raw: bytes) -> int:
    """Walk over segments of Mach-O, or the programs of a fat one."""
    if raw[:4] == b"\xca\xfe\xba\xbe":
        count = int.from_bytes(raw[4:8], "big")
        return max(total(">II", raw, 16 + 20 * one) for one in range(count))
    order, wide = ("<" if raw[1:3] == b"\xfa\xed" else ">"), 0xCF in (raw[0], raw[3])
    at, end = (32 if wide else 28), 0
    for _ in range(min(field(order + "I", raw, 16), MOST_STEPS)):
        command, size = struct.unpack_from(order + "II", raw, at)
        if command in (1, 0x19):  # segments
            end = max(
                end,
                total(order + ("QQ" if command == 0x19 else "II"), raw, at + (40 if wide else 32)),
            )
        at += max(size, 8)
    return end


def wasm(raw: bytes) -> int:
    """Walk over sections of WebAssembly."""
    at = 8
    for _ in range(MOST_STEPS):
        size, shift, place = 0, 0, at + 1
        if at >= len(raw) or raw[at] > 13:
            return at
        while True:
            size |= (raw[place] & 0x7F) << shift
            shift, place = shift + 7, place + 1
            if raw[place - 1] < 0x80 or shift > 28:
                break
        if place + size > len(raw):
            return at
        at = place + size
    return 0


def link(raw: bytes) -> int:
    """Walk over a shortcut: lists, strings, further data up to the empty block."""
    flags, at = field("<I", raw, 20), 76
    if flags & 1:
        at += 2 + field("<H", raw, at)
    if flags & 2:
        at += field("<I", raw, at)
    for bit in range(2, 7):
        if flags >> bit & 1:
            at += 2 + field("<H", raw, at) * (2 if flags & 0x80 else 1)
    for _ in range(MOST_STEPS):
        size = field("<I", raw, at)
        if size < 4:
            return at + 4
        at += size
    return 0
