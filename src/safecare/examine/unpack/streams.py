"""Single packed streams: gzip, bzip2, xz, lzma, zstd, several in a row as well."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Iterator

import zstandard

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.late import behind
from safecare.formats.extent import end_of
from safecare.model.text import say

_ENDS = re.compile(r"\.(?:gz|bz2?|xz|lzma|zst)$", re.IGNORECASE)
MOST_STREAMS = 10_000
"""Streams in a row that are read. Chosen: sequences of genes are packed in pieces of 64 kB (BGZF)."""
KINDS = frozenset({"gzip", "bzip2", "xz", "lzma", "zstd", "zlib", "deflate"})
"""The last two have no mark of their own: the analyser of what carries them says so."""
BEHIND = 0.55
"""Weight of another file behind packed data. Chosen as for other files of two kinds: at times things are glued on."""
PIECE = 64 * 1024
"""Bytes given to an unpacker at a time. Chosen: what it leaves of the last piece is copied for every stream."""


@analyser("stream", wants=KINDS)
class Streams:
    """Unpacks the stream to one part, named as the file without its ending."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what is inside."""
        kind = next(one for one in part.types if one in KINDS)
        if kind == "deflate" and not _deflated(part.raw):
            return
        raw, end = _zstd(part.raw, context) if kind == "zstd" else _rows(part.raw, kind, context)
        name = re.sub(r"\.tgz$", ".tar", _ENDS.sub("", part.name), flags=re.IGNORECASE)
        if raw:
            yield part.child(name, raw, origin="stream.member")
        for other, at in behind(part.raw, end) if 0 < end < len(part.raw) else ():
            why = say("Something else begins where packed data ends ({kind}).", kind=other)
            yield Finding("file.polyglot", why, BEHIND, Where(bytes=(at, len(part.raw))), kind="polyglot")
            context.budget.take(len(part.raw) - at, f"byte {at}")
            yield part.child(f"{other}-{at}", part.raw[at:], origin="file.behind")


def _rows(raw: bytes, kind: str, context: Context) -> tuple[bytes, int]:
    """Return what the streams hold, and where the last one ends (0: not known)."""
    view, out, at = memoryview(raw), bytearray(), 0
    for _ in range(MOST_STREAMS):
        unpacker = _unpacker(kind)
        while at < len(raw) and not unpacker.eof:
            piece = view[at : at + PIECE]
            try:
                out += context.budget.unpack(unpacker.decompress, piece, kind)
            except UnreadableError:
                if kind == "lzma" or out:  # `lzma` has no real mark: other files begin like it
                    return bytes(out), 0
                raise
            if len(out) > context.budget.limits.member:
                raise LimitError("member", kind)
            at += len(piece)
        at -= len(unpacker.unused_data)
        if kind in ("zlib", "deflate") or not raw.startswith(raw[:2], at):
            return bytes(out), at if kind in ("gzip", "bzip2", "xz") and unpacker.eof else 0
    raise LimitError("members", kind)


def _deflated(raw: bytes) -> bool:
    """Tell whether the beginning of `raw` inflates: random bytes rarely do for long."""
    try:
        return len(zlib.decompressobj(-15).decompress(raw[:4096], PIECE)) > 0
    except zlib.error:
        return False


def _unpacker(kind: str) -> zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor:
    if kind == "gzip":
        return zlib.decompressobj(31)
    if kind in ("zlib", "deflate"):
        return zlib.decompressobj(15 if kind == "zlib" else -15)
    if kind == "bzip2":
        return bz2.BZ2Decompressor()
    return lzma.LZMADecompressor(memlimit=128 * 1024 * 1024)


def _zstd(raw: bytes, context: Context) -> tuple[bytes, int]:
    room, end = context.budget.room, end_of("zstd", raw)
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
            raw[:end] if end else raw, read_across_frames=True
        ) as reader:
            out = reader.read(room + 1)
    except zstandard.ZstdError as error:
        raise UnreadableError(f"packed data is damaged ({error})") from error
    if len(out) > room:
        raise LimitError("size", "zstd")
    context.budget.used += len(out)
    return out, end
