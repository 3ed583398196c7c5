"""Captures as they are put away: packed by gzip, zstd, xz or bzip2. Unpacked in memory, within a bound.

Source: RFC 1952 (gzip), RFC 8878 (zstd), the .xz file format 1.2, bzip2's ``BZh``: each is told by its first bytes.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from typing import Any

import zstandard

MOST = 512 << 20
"""Bytes to which a capture is unpacked (as the longest capture that a confined reader takes)."""
PIECE = 1 << 20
MOST_MEMORY = 128 << 20
"""Bytes that xz may take for its window (its largest usual setting needs 65 MB)."""


def unpacked(raw: bytes | memoryview) -> tuple[bytes | memoryview, str]:
    """Return the capture within `raw`, and why it is not whole; `raw` itself if it is not packed."""
    stream = _stream(raw)
    if stream is None:
        return raw, ""
    parts = bytearray()
    try:
        while piece := stream.read1(PIECE):  # what was unpacked before an error is not lost
            parts += piece
            if len(parts) > MOST:
                why = f"unpacks to more than {MOST} bytes: the rest was not read"
                return memoryview(parts)[:MOST].toreadonly(), why
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error, zstandard.ZstdError) as error:
        return memoryview(parts).toreadonly(), f"can't be unpacked to its end: {error}"[:200]
    return memoryview(parts).toreadonly(), "" if parts else "can't be unpacked: there is nothing in it"


def _stream(raw: bytes | memoryview) -> Any:
    head = bytes(raw[:6])
    if head[:3] == b"\x1f\x8b\x08":
        return gzip.GzipFile(fileobj=io.BytesIO(raw))
    if head == b"\xfd7zXZ\x00":
        decoder = lzma.LZMADecompressor(memlimit=MOST_MEMORY)
        return _Decoded(decoder, raw)
    if head[:3] == b"BZh":
        return bz2.BZ2File(io.BytesIO(raw))
    if head[:4] == b"\x28\xb5\x2f\xfd":
        return zstandard.ZstdDecompressor(max_window_size=MOST_MEMORY).stream_reader(
            io.BytesIO(raw), read_across_frames=True
        )
    return None


class _Decoded:
    """Reads what a decoder of xz gives, piece by piece."""

    def __init__(self, decoder: lzma.LZMADecompressor, raw: bytes | memoryview) -> None:
        self._decoder, self._raw = decoder, io.BytesIO(raw)

    def read1(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end. Raises `EOFError` where the end is missing."""
        while not self._decoder.eof:
            held = self._raw.read(PIECE) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not held:
                raise EOFError("the file is cut off")
            if piece := self._decoder.decompress(held, size):
                return piece
        return b""
