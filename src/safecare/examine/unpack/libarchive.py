"""libarchive over memory, by ctypes: the wrapper that brings the library dies on members without a name.

Source: libarchive's archive.h and archive_entry.h (3.8). Only what reading needs.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

END, WARN = 1, -20
"""Answers of the library: the archive's end; a warning after which it goes on."""
FORMATS = {"7z": ("7zip",), "rar": ("rar", "rar5"), "cab": ("cab",), "iso": ("iso9660",), "zip": ("zip_streamable",)}
"""Kinds that are read as nothing else, without a packing around them: their names in the library."""
FILTERS = {
    **{kind: ((kind,), "raw") for kind in ("compress", "lz4", "lzip")},
    "rpm": (("rpm", "gzip", "bzip2", "lzma", "xz", "zstd"), "cpio"),
}
"""Packings, and what is read in them; none for which the library would start a program (lzop, lrzip)."""
REGULAR = 0o100000
"""File type of a plain file (AE_IFREG)."""
BLOCK = 1 << 18
"""Bytes read at a time."""


class ArchiveError(ValueError):
    """What the library says of an archive that it can't read on."""


@cache
def library() -> Any:
    """Return the library out of the package ``archi``. Raises `OSError`, `ImportError`."""
    import archi

    folder = Path(archi.__file__).parent / "archi.libs"
    lib = ctypes.CDLL(str(next(folder.glob("libarchive-*.so*"), "libarchive.so.13")))
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
        ("archive_read_new", pointer, []),
        ("archive_read_free", ctypes.c_int, [pointer]),
        ("archive_read_support_filter_all", ctypes.c_int, [pointer]),
        ("archive_read_support_format_all", ctypes.c_int, [pointer]),
        *((f"archive_read_support_format_{one}", ctypes.c_int, [pointer]) for one in chain(*FORMATS.values())),
        *((f"archive_read_support_format_{one}", ctypes.c_int, [pointer]) for _, one in FILTERS.values()),
        *(
            (f"archive_read_support_filter_{one}", ctypes.c_int, [pointer])
            for one in chain(*(filters for filters, _ in FILTERS.values()))
        ),
        ("archive_read_open_memory", ctypes.c_int, [pointer, text, ctypes.c_size_t]),
        ("archive_read_next_header", ctypes.c_int, [pointer, ctypes.POINTER(pointer)]),
        ("archive_read_data", ctypes.c_ssize_t, [pointer, text, ctypes.c_size_t]),
        ("archive_error_string", text, [pointer]),
        ("archive_entry_pathname_utf8", text, [pointer]),
        ("archive_entry_pathname", text, [pointer]),
        ("archive_entry_filetype", ctypes.c_uint, [pointer]),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def names(raw: bytes, kind: str = "") -> Iterator[str]:
    """Yield the names of plain files as far as they can be read, whether or not their bytes can."""
    with contextlib.suppress(ArchiveError):
        yield from (name for name, _ in members(raw, -1, kind))


def members(raw: bytes, room: int, kind: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each plain file, at most ``room + 1`` bytes of each. Raises `ArchiveError`.

    `kind` of `FORMATS`: as what the archive is read, whatever else its first bytes look like.
    """
    lib = library()
    archive = lib.archive_read_new()
    try:
        filters, inside = FILTERS.get(kind, ((), ""))
        for one in filters:
            getattr(lib, f"archive_read_support_filter_{one}")(archive)
        for one in FORMATS.get(kind, (inside,) if inside else ()):
            getattr(lib, f"archive_read_support_format_{one}")(archive)
        if kind not in FORMATS and kind not in FILTERS:
            lib.archive_read_support_filter_all(archive)
            lib.archive_read_support_format_all(archive)
        if lib.archive_read_open_memory(archive, raw, len(raw)) < WARN:
            raise ArchiveError(_said(lib, archive))
        entry, block = ctypes.c_void_p(), ctypes.create_string_buffer(BLOCK)
        while True:
            answer = lib.archive_read_next_header(archive, ctypes.byref(entry))
            if answer == END:
                return
            if answer < WARN:
                raise ArchiveError(_said(lib, archive))
            name = lib.archive_entry_pathname_utf8(entry) or lib.archive_entry_pathname(entry) or b""
            if lib.archive_entry_filetype(entry) not in (REGULAR, 0):
                continue
            out = bytearray()
            while len(out) <= room:
                size = lib.archive_read_data(archive, block, min(BLOCK, room + 1 - len(out)))
                if size < 0:
                    raise ArchiveError(_said(lib, archive))
                if not size:
                    break
                out += block.raw[:size]
            yield name.decode("utf-8", "replace"), bytes(out)
    finally:
        lib.archive_read_free(archive)


def _said(lib: Any, archive: int) -> str:
    return (lib.archive_error_string(archive) or b"no reason").decode("utf-8", "replace")[:200]
