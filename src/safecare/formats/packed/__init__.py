"""Packings of Windows (WIM images, NTFS) that no library of ours reads: XPRESS, LZX and LZNT1. Pure and bounded.

They are read in plain Python, at 3 to 9 MB/s: whoever calls says how many bytes may come out. Source: [MS-XCA] 2.2 and
2.5 (XPRESS with Huffman codes, LZNT1), [MS-PATCH] 2 (LZX), wimlib's documentation of how WIM differs from it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from safecare.formats.packed.lznt1 import lznt1, unit_of
from safecare.formats.packed.lzx import lzx
from safecare.formats.packed.words import PackedError
from safecare.formats.packed.xpress import xpress

XPRESS, LZX = "xpress", "lzx"
METHODS: dict[str, Callable[[bytes, int, int], bytes]] = {XPRESS: xpress, LZX: lzx}
LEAST_CHUNK, MOST_CHUNK = 4096, 1 << 21
"""Smallest and largest chunk, in bytes: XPRESS's in NTFS, LZX's largest window."""
_WIDE = 1 << 32
"""Size from which places in the table of chunks have 64 bits."""


def chunks(raw: bytes, size: int, chunk: int, method: str, most: int) -> bytes:
    """Return the first `most` of `size` bytes that are packed in chunks of `chunk` bytes each, a table in front.

    Whole chunks only, since none is unpacked in part. Raises `PackedError`. Source: [MS-WIM] "resource"; NTFS has the
    same in ``WofCompressedData``.
    """
    if not LEAST_CHUNK <= chunk <= MOST_CHUNK or method not in METHODS:
        raise PackedError("its chunks are of a size that does not exist")
    count, width = -(-size // chunk), 8 if size >= _WIDE else 4
    start = (count - 1) * width
    wanted = count if most >= size else most // chunk
    table = raw[: min(start, wanted * width)]
    if start < 0 or start > len(raw):
        raise PackedError("its table of chunks is cut off")
    places = [0, *struct.unpack(f"<{len(table) // width}{'Q' if width == 8 else 'I'}", table)]  # the first is not told
    out = bytearray()
    for number in range(wanted):
        end = places[number + 1] if number + 1 < len(places) else len(raw) - start
        piece = raw[start + places[number] : start + end]
        whole = min(chunk, size - number * chunk)
        stored = len(piece) == whole  # packing would not have made it smaller
        out += piece if stored else METHODS[method](piece, whole, chunk)
    return bytes(out)


__all__ = ["LZX", "METHODS", "XPRESS", "PackedError", "chunks", "lznt1", "lzx", "unit_of", "xpress"]
