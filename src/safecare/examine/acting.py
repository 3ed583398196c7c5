"""Pages, scripts and archives that their readers find wherever they stand, told by more than a mark.

`mshta`, browsers and PHP pass over whatever stands before a page or script, and readers of RAR, 7z and ZIP search for
an archive. In a program or a document the marks alone tell nothing (manuals, libraries that write them): a page is one
here if it starts something by Windows' script host, a script of a server if it obeys a request, an archive if its head
proves itself by a checksum or its directory lies where it says. Source: A. Albertini's "Mitra" (parasites);
7zFormat.txt; RAR 5.0 technical note; [MS-CAB] 2.1; APPNOTE 6.3.10, 4.3.16.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterator

from safecare.formats.linear import linear

_OPENS = linear(rb"(?i)<(?:script[\s>/]|hta:application|job[\s>]|\?php\s|\?=)")
_STARTS = linear(
    rb"(?i)ActiveXObject|\bCreateObject\s{0,4}\(|\bGetObject\s{0,4}\(|WScript\.(?:Shell|Create)|MSXML2\.|Shell\.Application"
)
_OBEYS = linear(
    rb"(?i)\b(?:eval|assert|system|passthru|shell_exec|exec|popen|proc_open|create_function|include|base64_decode)"
    rb"\s{0,4}\(|\$_(?:GET|POST|REQUEST|COOKIE|SERVER)\b"
)
_REACH = 4096
"""Bytes behind a tag in which its script acts. Chosen: what a loader is long."""
_MOST_TAGS = 200
"""Tags that are looked behind. Chosen: 1 ms; a library of pages in a program has more, and is none."""
_ZIP, _ZIP_END = b"PK\x03\x04", b"PK\x05\x06"
_MARKS = linear(rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07[\x00\x01]|MSCF\x00\x00\x00\x00")
MOST_ARCHIVES = 50
"""Archives within one file that are told. Chosen: large installers hold some dozens."""
MOST_ENDS = 100_000
"""Ends of archives that are tried. Chosen: 0.2 s; a program that holds more is never judged whole."""
_NAMED = (b"#!/", b"@echo off", b"@ECHO OFF", b"<?php", b"<script", b"<hta:", b"<html")
_TAPE_NAME = 100
"""Bytes of the first field of a tape's head, the name (POSIX.1, ustar)."""
_ASSIGNED = re.compile(rb"(?:GIF8[79]a|BM|RIFF)[\t ]{0,2}=[\t ]{0,2}[!-~]")
"""The mark of a picture or sound as the name of a variable that is set: its width or length is a letter then."""
_SAID = linear(rb";[\t\r\n -~]{16}")
_COMMENT = 16
"""Bytes at the start in which a script's comment may begin: widths and lengths of heads, the preamble of a document."""
_AFTER_COMMENT = linear(rb"\*/[\t\r\n -~]{8}")
"""What makes a comment's end one of a script: chance seldom writes eight letters behind it."""


def acting(raw: bytes, start: int = 0) -> Iterator[tuple[str, int]]:
    """Yield (``html`` or ``script``, place) of the first page and the first script of a server that act."""
    told: set[str] = set()
    for found in itertools.islice(_OPENS.finditer(raw, start), _MOST_TAGS):
        at, served = found.start(), found.group()[1:2] == b"?"
        kind = "script" if served else "html"
        if kind not in told and (_OBEYS if served else _STARTS).search(raw, at, at + _REACH):
            told.add(kind)
            yield kind, at


def archives(raw: bytes, start: int = 0) -> Iterator[tuple[str, int, int]]:
    """Yield (kind, begin, end) of archives whose heads prove themselves; the end is that of `raw` where none is told.

    At most `MOST_ARCHIVES` and one more, by which a caller knows that there are more.
    """
    return itertools.islice(itertools.chain(_proven(raw, start), _zips(raw, start)), MOST_ARCHIVES + 1)


def _proven(raw: bytes, start: int) -> Iterator[tuple[str, int, int]]:
    for found in _MARKS.finditer(raw, start):
        at = found.start()
        if found.group().startswith(b"7z"):
            if at + 32 <= len(raw) and zlib.crc32(raw[at + 12 : at + 32]) == int.from_bytes(
                raw[at + 8 : at + 12], "little"
            ):
                size = 32 + int.from_bytes(raw[at + 12 : at + 20], "little")
                yield "7z", at, min(len(raw), at + size + int.from_bytes(raw[at + 20 : at + 28], "little"))
        elif found.group().startswith(b"Rar"):
            if _is_rar(raw, at):
                yield "rar", at, len(raw)
        else:
            size = int.from_bytes(raw[at + 8 : at + 12], "little")
            if raw[at + 24 : at + 26] == b"\x03\x01" and 36 < size <= len(raw) - at:
                yield "cab", at, at + size


def _is_rar(raw: bytes, at: int) -> bool:
    """Tell whether the first block behind the mark has its checksum."""
    if raw[at + 6] == 0:
        size = int.from_bytes(raw[at + 12 : at + 14], "little")
        if not 13 <= size <= 512:  # before any sum is taken: marks may stand every seven bytes
            return False
        return zlib.crc32(raw[at + 9 : at + 7 + size]) & 0xFFFF == int.from_bytes(raw[at + 7 : at + 9], "little")
    end = at + 13 + raw[at + 12] if at + 12 < len(raw) else 0  # the first block never has more than 127 bytes
    return end > 0 and zlib.crc32(raw[at + 12 : end]) == int.from_bytes(raw[at + 8 : at + 12], "little")


def _zips(raw: bytes, start: int) -> Iterator[tuple[str, int, int]]:
    """Yield archives by their ends: the directory ends there, and the first member stands as far before as it says."""
    at = start
    for _ in range(MOST_ENDS):
        at = raw.find(_ZIP_END, at + 1)
        if at < 0:
            return
        size, offset, comment = (
            int.from_bytes(raw[at + a : at + b], "little") for a, b in ((12, 16), (16, 20), (20, 22))
        )
        begin = at - size - offset
        if start <= begin and raw[begin : begin + 4] == _ZIP and raw[at - size : at - size + 4] == b"PK\x01\x02":
            yield "zip", begin, min(len(raw), at + 22 + comment)


def commented(raw: bytes, main: str, *, picture: bool) -> bool:
    """Tell whether the head of `main` begins a script's comment, or sets a variable, and a script goes on behind."""
    if picture:
        if b"/*" in raw[:_COMMENT]:
            return _AFTER_COMMENT.search(raw) is not None
        return bool(_ASSIGNED.match(raw)) and _SAID.search(raw) is not None
    if main == "tar":
        return b"/*" in raw[:_TAPE_NAME] and _AFTER_COMMENT.search(raw) is not None
    if main == "pdf":
        start = raw[:1024].find(b"%PDF-")
        return start > 0 and b"/*" in raw[:start] and _AFTER_COMMENT.search(raw) is not None
    return False


def named(raw: bytes) -> Iterator[tuple[str, int]]:
    """Yield what the name of a tape's first file begins: its readers don't look at what follows in the name."""
    for mark in _NAMED:
        if raw.startswith(mark):
            yield ("html" if mark.startswith((b"<s", b"<h")) else "script"), 0
            return


def commands_before(front: bytes) -> bool:
    """Tell whether what stands before an archive is a script: lines that a shell or Windows' host would run."""
    head = front.lstrip(b"\xef\xbb\xbf \t\r\n")[:_REACH]
    if not head or head.translate(None, _PRINTED):
        return False
    return head.startswith((b"/*", b"#!", b"@", b"//")) or b"*/" in head or _STARTS.search(head) is not None


_PRINTED = bytes((*range(32, 127), 9, 10, 12, 13, *range(128, 256)))
