"""Virtual discs as one row of bytes: Hyper-V's (VHD, VHDX), VMware's (VMDK), VirtualBox's (VDI), QEMU's (QCOW2). Pure.

Windows opens the first two as drives with a double click. Only the table of blocks is followed; what a log has not yet
written, and discs that keep only what differs from another, are not put together. Source: Microsoft VHD 1.0 and
[MS-VHDX] 2.0; VMware Virtual Disk Format 5.0; VirtualBox VDICore.h; QEMU docs/interop/qcow2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from safecare.formats.discs.image import DiscError, Image

MARKS = {b"conectix": "vhd", b"vhdxfile": "vhd", b"KDMV": "vmdk", b"QFI\xfb": "qcow"}
"""First bytes of virtual discs; that of VirtualBox stands at byte 64."""
VDI = b"\x7f\x10\xda\xbe"
_BAT = bytes.fromhex("6677c22d23f600429d64115e9bfd4a08")
_METADATA = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e")
_PARAMETERS = bytes.fromhex("3767a1ca36fa434db3b633f0aa44e76b")
_SIZE = bytes.fromhex("24 42 a5 2f 1b cd 76 48 b2 11 5d be d8 3b f4 b8")
_SECTOR = bytes.fromhex("1dbf41816fa90947ba47f233a8faab5f")
_LARGEST = 1 << 26
"""Bytes of a block: VHDX has at most 256 MB, Windows makes 32 MB; larger ones are not read."""


class Grown:
    """A disc whose blocks lie where a table says; `place` gives the first byte of a block, 0 for one never written."""

    def __init__(self, raw: bytes, size: int, block: int, place: Callable[[int], int]) -> None:
        if not 512 <= block <= _LARGEST:
            raise DiscError("blocks of a size that no virtual disc has")
        self._raw, self._size, self._block, self._place = raw, size, block, place

    def __len__(self) -> int:
        """Return the size that the disc says to have, in bytes."""
        return min(self._size, 1 << 62)

    def __getitem__(self, span: slice, /) -> bytes:
        """Return bytes; what was never written is zero. At most as many as the file has itself."""
        start, stop, _ = span.indices(len(self))
        stop, out = min(stop, start + len(self._raw)), bytearray()
        while start < stop:
            number, inside = divmod(start, self._block)
            count = min(self._block - inside, stop - start)
            at = self._place(number)
            piece = self._raw[at + inside : at + inside + count] if at > 0 else b""
            out += piece.ljust(count, b"\0")
            start += count
        return bytes(out)


def opened(raw: bytes) -> Image:
    """Return the bytes of the disc in `raw`: `raw` itself where it is no virtual one. Raises `DiscError`."""
    try:
        if raw.startswith(b"vhdxfile"):
            return _hyper_v(raw)
        if raw.startswith(b"conectix") and raw[512:520] == b"cxsparse":
            return _hyper_v_old(raw)
        if raw.startswith(b"KDMV"):
            return _vmware(raw)
        if raw.startswith(b"QFI\xfb"):
            return _qemu(raw)
        if raw[64:68] == VDI:
            first, start, size, block = struct.unpack_from("<II20xQI", raw, 0x154)
            return Grown(raw, size, block, lambda one: _entry(raw, "<I", first, one, 0xFFFFFFF0, start, block))
    except struct.error as error:
        raise DiscError("a structure leads outside of the image") from error
    return raw


def _entry(raw: bytes, form: str, table: int, one: int, none: int, start: int, unit: int) -> int:
    """Return the place that entry `one` of a table tells; 0 where it is `none` or above, or 0 and there is no start."""
    at = table + one * struct.calcsize(form)
    if at + struct.calcsize(form) > len(raw):
        return 0
    value = struct.unpack_from(form, raw, at)[0]
    return 0 if value >= none or (not value and not start) else start + value * unit


def _hyper_v_old(raw: bytes) -> Grown:
    size = struct.unpack_from(">Q", raw, 48)[0]
    table, _, _, block = struct.unpack_from(">QIII", raw, 512 + 16)
    bitmap = -(-block // 512 // 8 // 512) * 512

    def place(one: int) -> int:
        at = _entry(raw, ">I", table, one, 0xFFFFFFFF, 0, 512)
        return at + bitmap if at else 0

    return Grown(raw, size, block, place)


def _hyper_v(raw: bytes) -> Grown:
    regions = {raw[at : at + 16]: struct.unpack_from("<Q", raw, at + 16)[0] for at in range(196624, 196624 + 128, 32)}
    table, head = regions.get(_BAT, 0), regions.get(_METADATA, 0)
    items = {
        raw[at : at + 16]: head + struct.unpack_from("<I", raw, at + 16)[0]
        for at in range(head + 32, head + 32 + 32 * min(16, struct.unpack_from("<H", raw, head + 10)[0]), 32)
    }
    if not table or not {_PARAMETERS, _SIZE, _SECTOR} <= set(items):
        raise DiscError("its tables are missing")
    block, size, sector = (
        struct.unpack_from(form, raw, items[one])[0]
        for one, form in ((_PARAMETERS, "<I"), (_SIZE, "<Q"), (_SECTOR, "<I"))
    )
    ratio = (sector << 23) // block if block else 0
    if not ratio:
        raise DiscError("blocks of a size that no virtual disc has")

    def place(one: int) -> int:
        at = table + 8 * (one + one // ratio)  # after each `ratio` blocks the table has one entry for a bitmap
        entry = struct.unpack_from("<Q", raw, at)[0] if at + 8 <= len(raw) else 0
        return entry >> 20 << 20 if entry & 7 in (6, 7) else 0

    return Grown(raw, size, block, place)


def _vmware(raw: bytes) -> Grown:
    flags, capacity, grain = struct.unpack_from("<IQQ", raw, 8)
    per, table = struct.unpack_from("<I8xQ", raw, 44)
    if flags & 0x10000 or not per or table >= 1 << 40:
        raise DiscError("its blocks are packed")

    def place(one: int) -> int:
        inner = _entry(raw, "<I", table * 512, one // per, 1 << 32, 0, 512)
        return _entry(raw, "<I", inner, one % per, 1 << 32, 0, 512) if inner else 0

    return Grown(raw, capacity * 512, grain * 512, place)


def _qemu(raw: bytes) -> Grown:
    bits, size, locked, _, table = struct.unpack_from(">IQIIQ", raw, 20)
    if locked or not 9 <= bits <= 21:
        raise DiscError("it is encrypted, or its blocks have a size that no virtual disc has")
    per, mask = 1 << bits - 3, 0x00FFFFFFFFFFFE00

    def place(one: int) -> int:
        inner = _entry(raw, ">Q", table, one // per, 1 << 64, 0, 1) & mask
        at = _entry(raw, ">Q", inner, one % per, 1 << 64, 0, 1) if inner else 0
        return 0 if at >> 62 & 1 else at & mask  # bit 62: packed

    return Grown(raw, size, 1 << bits, place)
