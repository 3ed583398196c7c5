"""What begins late in a file, or behind its end, and is taken for a file of its own by its readers.

Readers of RAR, 7z and cabinets search for the mark (self-extracting archives made them do so), browsers and `mshta`
take a page wherever it begins, and shells go on to the next line. Where a file holds others by its nature (archives,
documents, captures, databases), only what stands behind its end is told. Source: A. Albertini's "Mitra" (which
formats may begin where); Koch et al., "On the Abuse and Detection of Polyglot Files" (WWW 2025).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence

from safecare.examine.acting import acting, archives, named
from safecare.examine.medical import payload
from safecare.formats.extent import end_of
from safecare.formats.linear import linear

ALONE = frozenset(
    {
        *("png", "jpeg", "gif", "bmp", "tiff", "webp", "psd", "jp2", "ico", "icc", "wmf"),
        *("wav", "avi", "riff", "mp3", "flac", "ogg", "mp4", "matroska", "flv"),
        "lnk",
    }
)
"""Pictures, sounds, films, shortcuts: no file of another kind belongs anywhere in them (in compiled code marks may)."""
PROSE = frozenset({"xml", "svg", "html", "rtf", "postscript"})
"""Text, in which the mark of an archive can't stand by chance."""
_HOLDS = {"ooxml": "zip", "odf": "zip", "jar": "zip", "apk": "zip"}
"""Packages, and the archive that says where they end."""
COMPILED = frozenset({"pe", "elf", "macho", "class", "wasm", "swf", "dex"})
"""Code, in which the mark of another file proves nothing."""
_MODULES = frozenset({"class", "wasm", "swf", "dex"})
"""Code that no linker of programs made: no whole program belongs in it."""
_FOREIGN = frozenset({"pe", "elf", "lnk", "chm", "7z", "rar", "cab", "onenote"})
"""What is told wherever it stands in `ALONE`: kinds whose heads are checked, not met by chance."""
_SCRIPTS = frozenset({"batch", "php", "vbe"})
_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"MSCF\0\0\0\0")
_PAGE = linear(rb"<(?:[sS][cC][rR][iI][pP][tT][\s>/]|[hH][tT][aA]:[aA]|[iI][fF][rR][aA][mM][eE]\s|\?php\s|\?PHP\s)")
_SHELL = (b"@echo off\r", b"@echo off\n", b"#!/bin/", b"#!/usr/bin/")
_WHOLE_PAGE = linear(rb"(?i)<(?:(?:!doctype\s+html|html|script|body|iframe)[\s>/]|hta:a)")
_PADDING = re.compile(rb"[\0\s\xff]{0,65536}")
_ARJ = b"\x60\xea"
_FAR = 1 << 16
"""Place of a program's second head up to which the bytes before it are looked at. Measured: linkers need at most 512.

Tools that change programs move the second head to the end."""
_EDGE = 1 << 20
"""Bytes at both ends of an image that are searched for pages. Chosen: the text of records, and what is appended."""
_STUB = 512
"""Bytes between the first and the second head of a program, or its sentence."""
_ATTACHES = linear(rb"/EmbeddedFile\b|/EF\s{0,4}<<|/EF\s{1,4}\d")
"""What shows that a PDF carries files on purpose: one may stand in it as it is."""
_MOST_ARJ = 200_000
"""Places at which the head of an ARJ archive is checked. Chosen: two letters stand by chance once in 64 kB; 0.2 s."""


def late(raw: bytes, types: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield (kind, place) of what begins late in `raw`, which begins as `types` say; each kind once."""
    main = types[0] if types else ""
    told = {main}
    for kind, at in _late(raw, main):
        if kind not in told:
            told.add(kind)
            yield kind, at


def _late(raw: bytes, main: str) -> Iterator[tuple[str, int]]:
    if main in ALONE:
        yield from _within(raw, 1, _FOREIGN)
    elif main in PROSE:
        for mark in _ARCHIVES:
            at = raw.find(mark)
            found = payload.begins(raw, at) if at > 0 else None
            if found:
                yield found[0], at
        if main == "rtf":
            yield from acting(raw)
    elif main == "pdf":
        yield from acting(raw)
        if not attaches(raw):
            yield from _archives(raw)
    elif main == "dicom":
        yield from acting(raw[:_EDGE])
        if len(raw) > _EDGE:
            edge = max(_EDGE, len(raw) - _EDGE)
            yield from ((kind, edge + at) for kind, at in acting(raw[edge:]))
        yield from _archives(raw, 132)
    elif main == "tar":
        yield from named(raw)
    elif main == "text" and not raw[0]:  # readers of archives pass over zeros in front, as over a program
        yield from behind(raw, 0)
    elif main in COMPILED:
        if spare := _spare(raw, main):
            yield from _within(raw[: spare[1]], spare[0], _FOREIGN | {"zip"})
        yield from acting(raw)
        yield from _archives(raw)
        if main in _MODULES:
            yield from _programs(raw)
    elif spare := _spare(raw, main):
        yield from _within(raw[: spare[1]], spare[0], _FOREIGN | {"zip"})
    elif main == "zip" and (end := raw.rfind(b"PK\x05\x06")) >= 0:  # the comment, which readers of others search
        yield from _within(raw, end + 22, _FOREIGN)
    end = end_of(_HOLDS.get(main, main), raw)
    if end:
        yield from behind(raw, end)


def _archives(raw: bytes, start: int = 1) -> Iterator[tuple[str, int]]:
    yield from ((kind, at) for kind, at, _ in archives(raw, start))


def _programs(raw: bytes) -> Iterator[tuple[str, int]]:
    """Yield whole programs: compilers carry the sentence of their heads, too."""
    for kind, _, at in payload.hidden(raw, 8, len(raw)):
        begin = at if kind != "pe" else raw.rfind(b"MZ", max(8, at - _STUB), at)
        if kind in ("pe", "elf", "lnk") and begin > 0 and (begun := payload.begins(raw, begin)) and begun[0] == kind:
            yield kind, begin


def _spare(raw: bytes, main: str) -> tuple[int, int] | None:
    """Return where bytes stand near the start that readers of `main` pass over, if they do so."""
    if main in ("pe", "elf"):  # between a program's two heads nothing but a stub stands
        second = int.from_bytes(raw[60:64] if main == "pe" else raw[32:36], "little")
        return (64, second) if 64 < second <= _FAR else None
    if main == "gzip" and raw[3:4] and raw[3] & 4:  # RFC 1952: FEXTRA
        return 12, 12 + int.from_bytes(raw[10:12], "little")
    if main == "zstd" and raw[1:4] == b"\x2a\x4d\x18":  # RFC 8878, 3.1.2: a frame that is skipped
        return 8, 8 + int.from_bytes(raw[4:8], "little")
    return None


def _within(raw: bytes, start: int, kinds: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Yield programs and archives by their heads, pages and scripts, from `start` on."""
    yield from ((kind, at) for kind, _, at in payload.hidden(raw, start, len(raw)) if kind in kinds)
    yield from _active(raw, start)
    yield from _arj(raw, start)


def _active(raw: bytes, start: int) -> Iterator[tuple[str, int]]:
    """Yield pages and scripts: their interpreters pass over what stands before."""
    if found := _PAGE.search(raw, start):
        yield ("script" if found[0][1:2] == b"?" else "html"), found.start()
    for mark in _SHELL:
        if (at := raw.find(mark, start)) > 0:
            yield "script", at


def _arj(raw: bytes, start: int) -> Iterator[tuple[str, int]]:
    """Yield the place of an ARJ archive: its head says its length and ends with its checksum."""
    at = start - 1
    for _ in range(_MOST_ARJ):
        at = raw.find(_ARJ, at + 1)
        if at < 0:
            return
        if is_arj(raw, at):
            yield "arj", at
            return


def acts(raw: bytes, at: int) -> bool:
    """Tell whether a page that begins at `at` holds what acts: a script, an application, a frame."""
    return _PAGE.search(raw, at) is not None


def attaches(raw: bytes) -> bool:
    """Tell whether a PDF carries files on purpose, as far as it says so plainly."""
    return _ATTACHES.search(raw) is not None


def is_arj(raw: bytes, at: int) -> bool:
    """Tell whether the head of an ARJ archive stands at `at` (ARJ technical note: 30 to 2,600 bytes, then CRC-32)."""
    size = int.from_bytes(raw[at + 2 : at + 4], "little")
    if not 30 <= size <= 2600:
        return False
    head, check = raw[at + 4 : at + 4 + size], raw[at + 4 + size : at + 8 + size]
    return len(check) == 4 and zlib.crc32(head) == int.from_bytes(check, "little")


def behind(raw: bytes, end: int) -> Iterator[tuple[str, int]]:
    """Yield what begins behind the end of a file, after padding."""
    padding = _PADDING.match(raw, end)
    at = padding.end() if padding else end
    if at >= len(raw):
        return
    if found := payload.begins(raw, at):
        kind = "script" if found[0] in _SCRIPTS else found[0]
        if kind not in ("gzip", "bzip2", "xz"):
            yield kind, at
    elif _WHOLE_PAGE.match(raw, at):
        yield "html", at
    elif is_arj(raw, at):
        yield "arj", at
