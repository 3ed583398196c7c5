"""Single packed streams: gzip, bzip2, xz, lzma, zstd, several in a row as well."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Iterator

import zstandard

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, analyser

_ENDS = re.compile(r"\.(?:gz|bz2?|xz|lzma|zst)$", re.IGNORECASE)
_IMAGE = re.compile(rb"(?s).{128}DICM|II[*+]\x00|MM\x00[*+]|\x5c\x01\x00\x00|.{344}n[i+]1\x00")
"""Heads of DICOM, TIFF and NIfTI-1 images."""
MOST_STREAMS = 100
"""Streams in a row that are read. Chosen: log rotations join some dozens."""


@analyser("stream", wants={"gzip", "bzip2", "xz", "lzma", "zstd"})
class Streams:
    """Unpacks the stream to one part, named as the file without its ending."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what is inside."""
        kind = next(one for one in part.types if one in ("gzip", "bzip2", "xz", "lzma", "zstd"))
        if kind == "gzip" and not part.depth and _IMAGE.match(_head(part.raw)):
            context.budget.images = context.budget.limits.member
        raw = _zstd(part.raw, context) if kind == "zstd" else _rows(part.raw, kind, context)
        name = re.sub(r"\.tgz$", ".tar", _ENDS.sub("", part.name), flags=re.IGNORECASE)
        if raw:
            yield part.child(name, raw, origin="stream.member")


def _head(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(raw[:4096], 512)
    except zlib.error:
        return b""


def _rows(raw: bytes, kind: str, context: Context) -> bytes:
    out, left = bytearray(), raw
    for _ in range(MOST_STREAMS):
        unpacker = _unpacker(kind)
        try:
            block = context.budget.unpack(unpacker.decompress, left, kind)
        except UnreadableError:
            if kind == "lzma" or out:  # `lzma` has no real mark: other files begin like it
                break
            raise
        out += block
        if len(out) > context.budget.limits.member:
            raise LimitError("member", kind)
        left = getattr(unpacker, "unused_data", b"")
        if not left or not left.startswith(raw[:2]):
            break
    return bytes(out)


def _unpacker(kind: str) -> zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor:
    if kind == "gzip":
        return zlib.decompressobj(31)
    if kind == "bzip2":
        return bz2.BZ2Decompressor()
    return lzma.LZMADecompressor(memlimit=256 * 1024 * 1024)


def _zstd(raw: bytes, context: Context) -> bytes:
    room = context.budget.room
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(raw) as reader:
            out = reader.read(room + 1)
    except zstandard.ZstdError as error:
        raise UnreadableError(f"packed data is damaged ({error})") from error
    if len(out) > room:
        raise LimitError("size", "zstd")
    context.budget.used += len(out)
    return out
