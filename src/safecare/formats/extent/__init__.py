"""Where a file ends by its own account, so that what stands behind the end can be told.

Only formats that say it: chunks, boxes, pages or blocks with a length, or a length in the head. Each walk is bounded by
a count of steps. Source of the lengths in heads: RIFF (Microsoft 1991), [MS-WMF], ICC.1, SWF 19, [MS-CAB],
7zFormat.txt, ECMA-119, SQLite's file format, ISO 32000-1.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from safecare.formats.extent import holders, media, programs
from safecare.formats.extent.numbers import field, said, total


def end_of(kind: str, raw: bytes) -> int:
    """Return where the file of `kind` that begins `raw` ends; 0 where that can't be told."""
    walk = _WALKS.get(kind)
    try:
        end = walk(raw) if walk else 0
    except (struct.error, IndexError, ValueError):
        return 0
    return end if 0 < end <= len(raw) else 0


_WALKS: dict[str, Callable[[bytes], int]] = {
    "png": media.png,
    "gif": media.gif,
    "jpeg": media.jpeg,
    "bmp": said(2, "<I"),
    **dict.fromkeys(("webp", "wav", "avi", "riff"), said(4, "<I", 8)),
    **dict.fromkeys(("mp4", "jp2"), media.boxes),
    "ogg": media.pages,
    "matroska": media.elements,
    "flv": media.flv,
    "ico": media.icon,
    "icc": said(0, ">I"),
    "swf": lambda raw: field("<I", raw, 4) if raw[:1] == b"F" else 0,  # else the length is that of the unpacked film
    "wasm": programs.wasm,
    "lnk": programs.link,
    "pe": programs.windows,
    "elf": programs.linux,
    "macho": programs.apple,
    "zip": holders.archive,
    "rar": holders.rar,
    "7z": lambda raw: 32 + total("<QQ", raw, 12),
    "cab": said(8, "<I"),
    "tar": holders.tape,
    "cpio": holders.newc,
    "ar": holders.library,
    "zstd": holders.frames,
    "pcap": holders.records,
    "pcapng": holders.blocks,
    "ole": holders.compound,
    "onenote": holders.notebook,
    "iso": lambda raw: 2048 * field("<I", raw, 32768 + 80),
    "pdf": lambda raw: raw.rfind(b"%%EOF") + 5 if b"%%EOF" in raw else 0,
    "postscript": media.postscript,
    "sqlite": lambda raw: field(">I", raw, 28) * (field(">H", raw, 16) or 65536),
}
