"""Installers and packed programs: NSIS, InstallShield volumes, UPX, and packed data in files of no known kind.

Source: NSIS fileform.h (first header and blocks); InstallShield cabinets as `unshield` reads them, and the files behind
its programs as `isx` does; UPX's pack header
(doc/loader.txt) and the NRV2 methods of UCL; zlib streams by their mark (RFC 1950, 2.2).
"""

from __future__ import annotations

import contextlib
import lzma
import re
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.unpack.inflate64 import repeat
from safecare.model.text import say

PARTLY = 0.2
"""Weight of data of no known kind that is read in part. Chosen: devices write thousands of packed streams."""
_NSIS = b"\xef\xbe\xad\xdeNullsoftInst"
_SHIELD = b"InstallShield\x00"
_SHIELD_KEY = b"\x13\x35\x86\x07"
_HALVES = bytes((one << 4 | one >> 4) & 255 for one in range(256))
_ZLIB = re.compile(rb"\x78[\x01\x9c\xda]")
MOST_BLOCKS = 4000
"""Blocks of one installer that are unpacked. Chosen: large ones hold some hundreds."""
MOST_CARVED, MOST_TRIED = 200, 20_000
"""Packed streams of unknown data that are unpacked, and places that are tried. Chosen: 0.2 s.

Two bytes of such a mark stand by chance once in 20 kB: beyond 400 MB the rest is told to be unread."""


@analyser("installer", wants={"pe"})
class Installers:
    """Unpacks installers of NSIS and InstallShield, and programs packed by UPX."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the files of the installer, and the unpacked program."""
        at = part.raw.find(_NSIS)
        if at >= 0 and (at + 20) % 4 == 0:
            yield from _nsis(part, at + 24, context)
        at = part.raw.find(_SHIELD)
        while at >= 0 and not _begins_shield(part.raw, at):
            at = part.raw.find(_SHIELD, at + 1)
        if at >= 0:
            yield from _shield(part, at, context)
        at = part.raw.find(b"UPX!", 0, 8192)
        if at >= 0 and at + 32 < len(part.raw):
            method, whole, packed = struct.unpack_from("<xxB9xII", part.raw, at + 4)
            if method in (2, 5, 8) and 0 < whole <= context.budget.room and packed <= len(part.raw):
                out = nrv2(part.raw[at + 32 : at + 32 + packed], context.budget.slowly(whole), method)
                context.budget.take(len(out), "UPX")
                yield part.child("unpacked", out, origin="installer.unpacked")


def _nsis(part: Part, place: int, context: Context) -> Iterator[Part]:
    solid = struct.unpack_from("<I", part.raw, place)[0] & 0x80000000 == 0
    if solid:
        data = _unpacked(part.raw[place:], context)
        place, raw, number = 0, data, 0
        while place + 4 <= len(raw) and number < MOST_BLOCKS:
            size = struct.unpack_from("<I", raw, place)[0]
            number += 1
            if number > 1:
                yield part.child(f"file-{number - 1}", raw[place + 4 : place + 4 + size], origin="installer.file")
            place += 4 + size
        if place + 4 <= len(raw):
            raise LimitError("members", "installer")
        return
    for number in range(MOST_BLOCKS):
        if place + 4 > len(part.raw):
            return
        size = struct.unpack_from("<I", part.raw, place)[0]
        block = part.raw[place + 4 : place + 4 + (size & 0x7FFFFFFF)]
        place += 4 + (size & 0x7FFFFFFF)
        if number and block:
            raw = _unpacked(block, context) if size & 0x80000000 else block
            yield part.child(f"file-{number}", raw, origin="installer.file")
    raise LimitError("members", "installer")


def _unpacked(raw: bytes, context: Context) -> bytes:
    """Return a block of NSIS: LZMA by its properties (without size), else deflate."""
    if len(raw) > 8 and raw[0] < 225 and (raw[3:5] == b"\x00\x00" or raw[0] == 0x5D):
        first, dictionary = raw[0], int.from_bytes(raw[1:5], "little")
        filters = {"id": lzma.FILTER_LZMA1, "lc": first % 9, "lp": first // 9 % 5, "pb": first // 45}
        with contextlib.suppress(lzma.LZMAError, UnreadableError):
            unpacker = lzma.LZMADecompressor(
                lzma.FORMAT_RAW, filters=[{**filters, "dict_size": min(max(4096, dictionary), 1 << 27)}]
            )
            return context.budget.unpack(unpacker.decompress, raw[5:], "block")
    with contextlib.suppress(UnreadableError):
        return context.budget.inflate(raw, "block")
    return b""


def _begins_shield(raw: bytes, at: int) -> bool:
    """Tell whether a list of files, and not only the word, stands at `at`."""
    if at + 46 + 312 > len(raw):
        return False
    count, size = struct.unpack_from("<H", raw, at + 14)[0], struct.unpack_from("<I", raw, at + 46 + 268)[0]
    return 0 < count <= MOST_BLOCKS and raw[at + 46] > 32 and at + 46 + 312 + size <= len(raw)


def _shield(part: Part, at: int, context: Context) -> Iterator[Part]:
    """Yield the files behind an InstallShield program: names of 260 bytes, data locked by the name, often packed."""
    count, place = struct.unpack_from("<H", part.raw, at + 14)[0], at + 46
    for _ in range(count):
        if place + 312 > len(part.raw):
            return
        name = part.raw[place : place + 260].split(b"\x00")[0]
        flags, size = struct.unpack_from("<I4xI", part.raw, place + 260)
        data = part.raw[place + 312 : place + 312 + size]
        place += 312 + size
        if flags & 6 and name:
            data = _unlocked(data, name, 1024 if flags & 4 else len(data))
        with contextlib.suppress(UnreadableError):
            if data.startswith((b"\x78\x9c", b"\x78\xda", b"\x78\x01")):
                data = context.budget.inflate(data, "InstallShield", zlib.MAX_WBITS)
            else:
                context.budget.take(len(data), "InstallShield")
            yield part.child(name.decode("latin-1"), data, origin="installer.file")


def _unlocked(data: bytes, name: bytes, block: int) -> bytes:
    """Return `data` unlocked: halves of each byte exchanged, combined with the name anew in each block."""
    key = np.frombuffer(name, np.uint8) ^ np.resize(np.frombuffer(_SHIELD_KEY, np.uint8), len(name))
    swapped = np.frombuffer(data.translate(_HALVES), np.uint8)
    stream = np.resize(np.resize(key, max(1, min(block, len(data)))), len(data))
    return bytes((~(swapped ^ stream)).astype(np.uint8))


@analyser("installshield", wants={"installshield"})
class InstallShield:
    """Unpacks the volumes of InstallShield cabinets: chunks of deflate with their length before."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what the volume holds, as one part."""
        out, place = bytearray(), 512
        while place + 2 < len(part.raw):
            size = struct.unpack_from("<H", part.raw, place)[0]
            try:
                out += context.budget.inflate(part.raw[place + 2 : place + 2 + size], "chunk")
            except UnreadableError:
                break
            place += 2 + size
        if out:
            yield part.child("volume", bytes(out), origin="installer.file")


@analyser("carve", wants={"data", "swf", "pcap", "pcapng", "flv", "matroska", "ogg", "flac", "icc", "ico", "lz4"})
class Carver:
    """Unpacks zlib streams in data of no known kind, and of kinds that nothing else opens."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what unpacks to more than a handful of bytes."""
        carved = 0
        for tried, found in enumerate(_ZLIB.finditer(part.raw)):
            if carved >= MOST_CARVED or tried >= MOST_TRIED:
                why = say("A part of it holds more packed data than is unpacked: judged only in part.")
                yield Finding("limit.members", why, PARTLY, Where(bytes=(found.start(), len(part.raw))))
                return
            unpacker = zlib.decompressobj()
            try:
                head = unpacker.decompress(part.raw[found.start() : found.start() + 65536], 4096)
            except zlib.error:
                continue
            if len(head) >= 64:
                carved += 1
                with contextlib.suppress(UnreadableError):
                    raw = context.budget.inflate(part.raw[found.start() :], f"byte {found.start()}", zlib.MAX_WBITS)
                    yield part.child(f"stream-{found.start()}", raw, origin="data.stream")


def nrv2(raw: bytes, size: int, method: int) -> bytes:
    """Return `raw` unpacked by NRV2B, NRV2D or NRV2E (2, 5, 8; words of 32 bits), at most `size` bytes."""
    out, place, bits, held = bytearray(), 0, 0, 0
    last = 1

    def bit() -> int:
        nonlocal place, bits, held
        if not bits:
            held = int.from_bytes(raw[place : place + 4], "little")
            place += 4
            bits = 32
            if place > len(raw) + 4:
                raise UnreadableError("packed data ends too early")
        bits -= 1
        return held >> bits & 1

    while len(out) < size:
        while bit():
            out.append(raw[place] if place < len(raw) else 0)
            place += 1
            if len(out) >= size or place > len(raw):
                return bytes(out)
        offset = 2 + bit() if method == 2 else 1
        if method == 2:
            while not bit():
                offset = 2 * offset + bit()
        else:
            while True:
                offset = offset * 2 + bit()
                if bit():
                    break
                offset = (offset - 1) * 2 + bit()
        if offset > 1 << 25:
            break
        count = 0
        if offset == 2:
            distance = last
            count = bit() if method != 2 else 0
        else:
            distance = (offset - 3) * 256 + (raw[place] if place < len(raw) else 0)
            place += 1
            if distance == 0xFFFFFFFF:
                break
            if method != 2:
                count = ~distance & 1
                distance >>= 1
            distance += 1
            last = distance
        count = _length(bit, count, method)
        count += distance > (0xD00 if method == 2 else 0x500)
        if distance > len(out) or count > size:
            break
        repeat(out, distance, count + 1)
    return bytes(out[:size])


def _length(take: Callable[[], int], first: int, method: int) -> int:
    """Return the length of a match less one, read bit by bit."""
    if method == 8:
        if first:
            return 1 + take()
        short = take()
        return 3 + (take() if short else _chained(take))
    high = take() if method == 2 else first
    return (high * 2 + take()) or _chained(take) + 2


def _chained(take: Callable[[], int]) -> int:
    """Return a number of which each bit is followed by one that says whether it was the last."""
    count = 1
    while True:
        count = count * 2 + take()
        if take():
            return count
