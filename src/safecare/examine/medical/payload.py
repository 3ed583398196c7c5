"""Programs, archives and scripts where a medical file should hold values: recognised by more than their first bytes.

Two letters begin a program, and any two bytes stand somewhere in an image: each kind is checked as far as its own head
allows. Source: PE/COFF 2, ELF-64 1.5, mach-o/loader.h, JVMS 4.1, APPNOTE 4.3, [MS-SHLLINK] 2.1, [MS-CFB] 2.2.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import zlib
from collections.abc import Iterator

from safecare.examine.medical.commands import names_command
from safecare.formats.linear import linear

PROGRAM, SCRIPT, ARCHIVE, DOCUMENT, TEST = "program", "script", "archive", "document", "eicar"
"""What a payload is to a hospital: it runs, it runs where it is shown, it holds files, it may hold macros."""

_PE_MACHINES = (b"\x4c\x01", b"\x64\x86", b"\x64\xaa", b"\xc4\x01", b"\xc0\x01", b"\x00\x02")
_MACH = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce")
EICAR = b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!"
_LNK = b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0"
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "7z", ARCHIVE),
    (b"Rar!\x1a\x07", "rar", ARCHIVE),
    (b"MSCF\0\0\0\0", "cab", ARCHIVE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", DOCUMENT),
    (b"%PDF-", "pdf", DOCUMENT),
    (b"{\\rt", "rtf", DOCUMENT),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "onenote", DOCUMENT),
    (_LNK, "lnk", PROGRAM),
    (b"dex\n03", "dex", PROGRAM),
    (b"\0asm\x01\0\0\0", "wasm", PROGRAM),
    (b"ITSF\x03\0\0\0", "chm", PROGRAM),
    (b"#!/", "script", SCRIPT),
    (b"#! /", "script", SCRIPT),
    (b"@echo off", "batch", SCRIPT),
    (b"@ECHO OFF", "batch", SCRIPT),
    (b"<?php", "php", SCRIPT),
    (b"#@~^", "vbe", SCRIPT),
    (b"BZh91AY&SY", "bzip2", ARCHIVE),
    (b"\xfd7zXZ\0", "xz", ARCHIVE),
)
FIRST = {one[0][0] for one in _STARTS} | {0x4D, 0x7F, 0xCA, 0xCE, 0xCF, 0xFE, 0x50, 0x46, 0x43, 0x5A, 0x1F, 0x78}
"""First bytes of all that `begins` knows."""

_DOS = b"This program cannot be run in DOS mode"
_NEEDLES = (
    *(_DOS, b"PE\0\0", b"\x7fELF", b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"MSCF\0\0\0\0"),
    *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"%PDF-1", b"{\\rtf1"),
    *(b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78", _LNK, b"ITSF\x03\0\0\0", b"dex\n03", b"\0asm\x01\0\0\0"),
    *(b"\x1f\x8b\x08", EICAR),
)
"""What is searched where values are long; each hit is then checked."""
_TIGHT = {
    b"PK\x03\x04": rb"PK\x03\x04[\x00-\x3f]\x00[\x00-\xff]{2}[\x00-\x63]\x00",
    b"PE\0\0": rb"PE\x00\x00[\x00-\xff]{16}[\xe0\xf0]\x00",
    b"\x7fELF": rb"\x7fELF[\x01\x02][\x01\x02]\x01",
    b"\xca\xfe\xba\xbe": rb"\xca\xfe\xba\xbe\x00[\x00-\xff]\x00[\x01-\x50]",
    b"\x1f\x8b\x08": rb"\x1f\x8b\x08[\x00-\x1f]",
}
"""Needles with as much of their heads as tells them from chance, and from what a writer puts there to cost time."""
_ANY_NEEDLE = linear(rb"(?s)" + b"|".join(_TIGHT.get(one) or re.escape(one) for one in _NEEDLES))
FEW_TRIES, BYTES_EACH = 5000, 200
"""Hits that are checked in any stretch, and bytes for each further one. Chosen: honest data of a gigabyte has fewer."""

PLAIN_SCRIPT = re.compile(rb"(?:java|vb)script\s*:")
_CODED = linear(
    rb"(?:TV[opqr]|f0VM|UEsD|z/rt|z_rt|yv66|JVBERi|0M8R4KGx|N3q8|UmFyI|WDVPIV|H4sI|TVNDRg|TAAAAAEUAg|e1xydGYx|IyEv|IyEg|5FJce4|"
    rb"PGh0bW|PEhUTU|PCFkb2N0eXBl|PCFET0NUWVBF|PHNjcmlwd|PFNDUklQV|PHN2Z|PD9waH|QGVjaG8|QEVDSE8|cG93ZXJzaGVsbC|U2V0I|"
    rb"Q3JlYXRlT2JqZWN0|V1NjcmlwdC|T24gRXJyb3Ig|eJ[wyzx]|QlpoOTFBWSZTW|/Td6WFo|rO0AB|AAEAAAD/////)"
    rb"[A-Za-z0-9+/_-][A-Za-z0-9+/_\r\n -]{54,}={0,2}"
)
"""Base64 (either alphabet) of the beginnings of programs, scripts, pages, archives, documents and EICAR."""
_HEX = linear(
    rb"(?i)(?:4d5a|7f454c46|504b0304|4c0000000114|d0cf11e0|25504446|cffaedfe|377abcaf|526172211a07|3c736372|3c68746d|2321|"
    rb"58354f21)[0-9a-f]{60}[0-9a-f]*"
)
"""The same in hexadecimal digits."""
MOST_CODED, MOST_TRIED = 10, 20_000
"""Coded files that are told in one stretch, and rows of digits that are tried for them. Chosen: 50 ms."""


def begins(data: bytes, at: int = 0, stop: int | None = None) -> tuple[str, str] | None:
    """Return (kind, what it is to us) of the payload that begins at `at`; None if none does."""
    stop = len(data) if stop is None else stop
    if at >= stop or data[at] not in FIRST:
        return None
    head = data[at : min(at + 64, stop)]
    for mark, kind, sort in _STARTS:
        if head.startswith(mark):
            return kind, sort
    if head.startswith(b"MZ") and _pe(data, at, stop):
        return "pe", PROGRAM
    if (
        head.startswith(b"\x7fELF")
        and head[4:5] in (b"\1", b"\2")
        and head[5:6] in (b"\1", b"\2")
        and head[6:7] == b"\1"
    ):
        return "elf", PROGRAM
    if head.startswith(_MACH) and len(head) >= 16 and 1 <= max(head[12], head[15]) <= 12 and 0 in (head[12], head[15]):
        return "macho", PROGRAM
    if head.startswith(b"\xca\xfe\xba\xbe"):
        count = int.from_bytes(head[4:8], "big")
        if 1 <= count <= 20 or 45 <= count <= 80 or (count >> 16 and count & 0xFFFF >= 45):
            return ("macho", PROGRAM) if count <= 20 else ("class", PROGRAM)
    if head.startswith(b"PK\x03\x04") and len(head) >= 30 and head[5] == 0 and head[4] <= 63 and head[9] == 0:
        return "zip", ARCHIVE
    if head.startswith(b"PK\x05\x06\0\0\0\0"):
        return "zip", ARCHIVE
    if head.startswith((b"FWS", b"CWS", b"ZWS")) and len(head) >= 8 and 1 <= head[3] <= 50 and head[7] == 0:
        return "swf", PROGRAM
    if head.startswith(b"\x1f\x8b\x08") and head[3:4] < b"\x20":
        return "gzip", ARCHIVE
    if head[:2] == b"MZ" and _ne(data, at, stop):
        return "ne", PROGRAM
    return None


def _ne(data: bytes, at: int, stop: int) -> bool:
    """Tell whether the second head is one of 16-bit Windows, in place and in bounds ([MS-NE] head, 64 bytes)."""
    second = int.from_bytes(data[at + 60 : at + 64], "little")
    return (
        64 <= second <= 4096
        and at + second + 2 <= stop
        and data[at + second : at + second + 2] in (b"NE", b"LE", b"LX")
    )


def _pe(data: bytes, at: int, stop: int) -> bool:
    """Tell whether a program's head follows the two letters: its second head, or the stub's sentence."""
    second = at + int.from_bytes(data[at + 60 : at + 64], "little")
    if second + 6 <= stop and data[second : second + 4] == b"PE\0\0":
        return True
    return data.find(b"This program ", at, min(at + 512, stop)) >= 0


def hidden(data: bytes, start: int, stop: int) -> Iterator[tuple[str, str, int]]:
    """Yield (kind, sort, offset) of payloads anywhere in ``data[start:stop]``; of one kind the first."""
    told: set[str] = set()
    most = FEW_TRIES + (stop - start) // BYTES_EACH
    for tries, hit in enumerate(_ANY_NEEDLE.finditer(data, start, stop)):
        if tries >= most:
            return
        at = hit.start()
        found = _checked(data, hit.group(), at, stop)
        if found and found[0] not in told:
            told.add(found[0])
            yield *found, at


def _checked(data: bytes, needle: bytes, at: int, stop: int) -> tuple[str, str] | None:
    if needle == EICAR:
        return "eicar", TEST
    if needle == _DOS:
        return "pe", PROGRAM
    if needle.startswith(b"PE"):
        small = int.from_bytes(data[at + 20 : at + 22], "little") in (0xE0, 0xF0)  # size of the optional header
        return ("pe", PROGRAM) if small and data[at + 4 : at + 6] in _PE_MACHINES else None
    if needle.startswith(b"\x1f") and (
        data[at + 3 : at + 4] > b"\x1f" or not inflates(data[at : min(at + 512, stop)], 31)
    ):
        return None
    return begins(data, at, stop)


def inflates(head: bytes, wbits: int, most: int = 64) -> bytes:
    """Return the first `most` bytes that `head` inflates to (`wbits` of zlib); empty if it is not packed so."""
    try:
        return zlib.decompressobj(wbits).decompress(head, most)
    except zlib.error:
        return b""


def zlib_packed(head: bytes) -> bool:
    """Tell whether bytes begin a stream of zlib (RFC 1950)."""
    return head[:2] in (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda") and bool(inflates(head, 15))


def coded(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (start, end, decoded bytes) of Base64 or hexadecimal digits that hold a file; at most `MOST_CODED`."""
    told = 0
    for found in _CODED.finditer(data):
        letters = found.group().translate(_URL_SAFE, b"\r\n =")
        try:
            raw = base64.b64decode(letters[: len(letters) // 4 * 4])
        except binascii.Error:
            continue
        if holds(raw):
            yield found.start(), found.end(), raw
            if (told := told + 1) >= MOST_CODED:
                break
    for found in itertools.islice(_HEX.finditer(data), MOST_TRIED):
        digits = found.group()
        raw = bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
        if holds(raw):
            yield found.start(), found.end(), raw


_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def holds(raw: bytes) -> bool:
    """Tell whether decoded bytes are a file of any kind that is known here, packed ones too."""
    return zlib_packed(raw[:512]) or begins(raw) is not None or EICAR in raw or names_command(raw[:65536])
