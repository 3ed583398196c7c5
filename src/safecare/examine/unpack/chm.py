"""Compiled help (CHM): pages, scripts and files in it, some of which run by themselves when it is opened.

The pages are packed by LZX, which cabinets use as well: the packed pieces are laid into a cabinet, one folder for each
stretch after which the packing starts anew, and libarchive unpacks it. Source: "Unofficial CHM specification",
2001-2005; [MS-CAB] 2 (headers of cabinets), [MS-PATCH] (LZX); MITRE ATT&CK T1218.001.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, analyser
from safecare.examine.unpack.libarchive import ArchiveError, members

_LISTING = b"PMGL"
_CONTENT = "::DataSpace/Storage/MSCompressed/Content"
_CONTROL = "::DataSpace/Storage/MSCompressed/ControlData"
_RESETS = "::DataSpace/Storage/MSCompressed/Transform/{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}/InstanceData/ResetTable"
FRAME = 32_768
"""Bytes of one piece of LZX."""
MOST_CHUNKS = 5000
"""Chunks of the directory that are read. Chosen: one holds some 40 files."""
MOST_FOLDERS = 65_000
"""Folders of a cabinet: [MS-CAB] 2.1, a number of 16 bits."""


@dataclass(frozen=True)
class Entry:
    """One file: name, section (0 plain, 1 packed), place in it, size."""

    name: str
    section: int
    at: int
    size: int


@analyser("chm", wants={"chm"}, needs=("archi",))
class Help:
    """Unpacks the files of compiled help."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield them."""
        try:
            entries, start = directory(part.raw)
            plain = {
                one.name: part.raw[start + one.at : start + one.at + one.size] for one in entries if not one.section
            }
            packed = any(one.section == 1 and one.size for one in entries)
            content = _unpacked(plain, context) if packed else b""
        except (struct.error, IndexError) as error:
            raise UnreadableError("compiled help is damaged") from error
        count = 0
        for one in entries:
            if not one.size or one.name.startswith("::"):
                continue
            count += 1
            if count > context.budget.limits.members:
                raise LimitError("members", part.path)
            raw = plain.get(one.name, b"") if not one.section else content[one.at : one.at + one.size]
            if raw:
                context.budget.take(len(raw), one.name)
                yield part.child(one.name.lstrip("/"), raw, origin="archive.member")


def directory(raw: bytes) -> tuple[list[Entry], int]:
    """Return the files, and where section 0 begins. Raises `UnreadableError`, `struct.error`."""
    place, size = struct.unpack_from("<QQ", raw, 0x48)
    start = struct.unpack_from("<Q", raw, 0x58)[0] if struct.unpack_from("<I", raw, 4)[0] >= 3 else place + size
    if raw[place : place + 4] != b"ITSP":
        raise UnreadableError("its directory is missing")
    head, _, width = struct.unpack_from("<III", raw, place + 8)
    entries: list[Entry] = []
    count = struct.unpack_from("<I", raw, place + 0x2C)[0]
    if count > MOST_CHUNKS and place + head + MOST_CHUNKS * width < len(raw):
        raise LimitError("members", "directory")
    for number in range(min(MOST_CHUNKS, count)):
        chunk = raw[place + head + number * width : place + head + (number + 1) * width]
        if chunk[:4] == _LISTING:
            entries += _listed(chunk)
    return entries, start


def _listed(chunk: bytes) -> Iterator[Entry]:
    end, at = len(chunk) - struct.unpack_from("<I", chunk, 4)[0], 0x14

    def number() -> int:
        nonlocal at
        value = 0
        for _ in range(9):
            one = chunk[at]
            at += 1
            value = value << 7 | one & 0x7F
            if one < 0x80:
                break
        return value

    while at < end:
        size = number()
        name = chunk[at : at + size].decode("utf-8", "replace")
        at += size
        yield Entry(name, number(), number(), number())


def _unpacked(plain: dict[str, bytes], context: Context) -> bytes:
    """Return section 1."""
    content, control, resets = (plain.get(name, b"") for name in (_CONTENT, _CONTROL, _RESETS))
    version, interval, window = struct.unpack_from("<III", control, 8)
    scale = FRAME if version == 2 else 1
    count, _, head, size = struct.unpack_from("<IIIQ", resets, 4)
    places = [struct.unpack_from("<Q", resets, head + 8 * number)[0] for number in range(count)]
    frames = max(1, interval * scale // FRAME)
    bits = (window * scale).bit_length() - 1
    if size > context.budget.room:
        raise LimitError("size", "compiled help")
    if not 15 <= bits <= 21 or count > MOST_FOLDERS * frames or places != sorted(places):
        raise UnreadableError("its packing is damaged")
    pieces = [content[first:last] for first, last in zip(places, [*places[1:], len(content)], strict=True)]
    cabinet = in_cabinet(pieces, size, frames, bits)
    try:
        return b"".join(raw for _, raw in members(cabinet, context.budget.room))
    except ArchiveError as error:
        raise UnreadableError(f"its packing is damaged ({str(error)[:80]})") from error


def in_cabinet(pieces: list[bytes], size: int, frames: int, bits: int) -> bytes:
    """Return a cabinet of `pieces` of LZX (window of 2^`bits`), which starts anew every `frames` pieces.

    Each folder holds one file: all that its pieces unpack to, `size` bytes together.
    """
    groups = [pieces[at : at + frames] for at in range(0, len(pieces), frames)]
    folders, files, data, left = b"", b"", b"", size
    start = 36 + 8 * len(groups)
    names = [b"%05d\0" % number for number in range(len(groups))]
    first = start + sum(16 + len(name) for name in names)
    for number, group in enumerate(groups):
        folders += struct.pack("<IHH", first + len(data), len(group), bits << 8 | 3)
        whole = min(left, FRAME * len(group))
        files += struct.pack("<IIHHHH", whole, 0, number, 0, 0, 0x20) + names[number]
        for piece in group:
            data += struct.pack("<IHH", 0, len(piece), min(left, FRAME)) + piece
            left -= min(left, FRAME)
    total = first + len(data)
    head = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, total, 0, start, 0, 3, 1, len(groups), len(groups), 0, 0, 0)
    return head + folders + files + data
