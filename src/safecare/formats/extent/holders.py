"""Ends of what holds other files: archives, packed streams, captures, compound documents.

Source: APPNOTE 6.3.10, RAR 5.0 technical note, ustar (POSIX.1), cpio(5), ar(5), libpcap's and pcapng's file formats,
RFC 8878 (zstd), [MS-CFB], [MS-ONESTORE].
"""

from __future__ import annotations

import re
import struct

from safecare.formats.extent.numbers import MOST_STEPS, field

_STORE = bytes.fromhex("3fdd9a101b91f549a5d01791edc8aed8")
"""The format of notebooks that tell their length ([MS-ONESTORE] 2.3.1; those of servers don't)."""
_NEWC = re.compile(rb"07070[12][0-9A-Fa-f]{104}")


def _varying(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80 or shift > 63:
            return value, at


def archive(raw: bytes) -> int:
    """Return the end of the last directory, with its comment."""
    at = raw.rfind(b"PK\x05\x06")
    return at + 22 + field("<H", raw, at + 20) if at >= 0 else 0


def rar(raw: bytes) -> int:
    """Walk over blocks of RAR 1.5 and 5."""
    at = 7
    for _ in range(MOST_STEPS):
        if raw[6] == 1:  # version 5
            at += 1 if at == 7 else 0
            size, body = _varying(raw, at + 4)
            kind, place = _varying(raw, body)
            flags, place = _varying(raw, place)
            place = _varying(raw, place)[1] if flags & 1 else place
            data = _varying(raw, place)[0] if flags & 2 else 0
            at = body + size + data
            if kind == 5:
                return at
            continue
        kind, flags, size = struct.unpack_from("<xxBHH", raw, at)
        if size < 7:
            return 0
        at += size + (field("<I", raw, at + 7) if flags & 0x8000 or kind == 0x74 else 0)
        if kind == 0x7B or at == len(raw):
            return int(at)
    return 0


def tape(raw: bytes) -> int:
    """Walk over members of a tar archive up to the empty block."""
    at = 0
    for _ in range(MOST_STEPS):
        head = raw[at : at + 512]
        if not head.strip(b"\0"):
            return at + len(head)
        if head[257:262] != b"ustar":
            return at
        digits = head[124:136].rstrip(b"\0 ")
        at += 512 + -(-int(digits or b"0", 8) // 512) * 512
    return 0


def newc(raw: bytes) -> int:
    """Walk over members of cpio (newc) up to the trailer."""
    at = 0
    for _ in range(MOST_STEPS):
        if not _NEWC.match(raw, at):
            return 0
        size, length = int(raw[at + 54 : at + 62], 16), int(raw[at + 94 : at + 102], 16)
        name = raw[at + 110 : at + 110 + length]
        at += -(-(110 + length) // 4) * 4
        at += -(-size // 4) * 4
        if name.startswith(b"TRAILER!!!"):
            return at
    return 0


def library(raw: bytes) -> int:
    """Walk over members of ar."""
    at = 8
    for _ in range(MOST_STEPS):
        if raw[at + 58 : at + 60] != b"`\n":
            return min(at, len(raw))
        size = int(raw[at + 48 : at + 58])
        at += 60 + size + size % 2
    return 0


def records(raw: bytes) -> int:
    """Walk over the records of libpcap."""
    order, at = ("<" if raw[:1] in (b"\xd4", b"\x4d") else ">"), 24
    for _ in range(MOST_STEPS):
        if at + 16 > len(raw):
            return at
        size = field(order + "I", raw, at + 8)
        if size > 1 << 18 or at + 16 + size > len(raw):
            return at
        at += 16 + size
    return 0


def blocks(raw: bytes) -> int:
    """Walk over blocks of pcapng."""
    order, at = ("<" if raw[8:12] == b"\x4d\x3c\x2b\x1a" else ">"), 0
    for _ in range(MOST_STEPS):
        if at + 12 > len(raw):
            return at
        size = field(order + "I", raw, at + 4)
        if size < 12 or raw[at + size - 4 : at + size] != raw[at + 4 : at + 8]:
            return at
        at += size
    return 0


def frames(raw: bytes) -> int:
    """Return the end of frames of zstd (RFC 8878, 3.1): a head, blocks with their sizes, a checksum."""
    at = steps = 0
    for _ in range(MOST_STEPS):
        mark = int.from_bytes(raw[at : at + 4], "little")
        if mark & 0xFFFFFFF0 == 0x184D2A50:
            at += 8 + field("<I", raw, at + 4)
            continue
        if mark != 0xFD2FB528:
            return at
        says = raw[at + 4]
        single = says >> 5 & 1
        at += 5 + (1 - single) + (0, 1, 2, 4)[says & 3] + (single, 2, 4, 8)[says >> 6]
        block = 0
        while not block & 1:
            steps += 1
            block = int.from_bytes(raw[at : at + 3], "little")
            at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
            if at > len(raw) or steps > MOST_STEPS:
                return 0
        at += 4 * (says >> 2 & 1)
    return 0


def compound(raw: bytes) -> int:
    """Return the end of the last sector in use, by those tables of sectors that the head names itself."""
    sector = 1 << field("<H", raw, 30)
    tables = field("<I", raw, 44)
    if tables > 109 or sector not in (512, 4096):
        return 0
    last = -1
    for number, table in enumerate(struct.unpack_from(f"<{tables}I", raw, 76)):
        entries = raw[sector * (table + 1) : sector * (table + 2)]
        used = len(entries.rstrip(b"\xff")) + 3  # a free sector is FFFFFFFF
        if used > 3:
            last = max(last, number * sector // 4 + used // 4 - 1)
    return sector * (last + 2) if last >= 0 else 0


def notebook(raw: bytes) -> int:
    """Return the length that a section of OneNote says to have; 0 where it says none."""
    return field("<Q", raw, 196) if raw[48:64] == _STORE else 0
