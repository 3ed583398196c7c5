"""Programs, archives and scripts where a medical file should hold values: recognised by more than their first bytes.

Two letters begin a program, and any two bytes stand somewhere in an image: each kind is checked as far as its own head
allows. Source: PE/COFF 2, ELF-64 1.5, mach-o/loader.h, JVMS 4.1, APPNOTE 4.3, [MS-SHLLINK] 2.1, [MS-CFB] 2.2.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

PROGRAM, SCRIPT, ARCHIVE, DOCUMENT, TEST = "program", "script", "archive", "document", "eicar"
"""What a payload is to a hospital: it runs, it runs where it is shown, it holds files, it may hold macros."""

_PE_MACHINES = (b"\x4c\x01", b"\x64\x86", b"\x64\xaa", b"\xc4\x01", b"\xc0\x01", b"\x00\x02")
_MACH = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce")
EICAR = b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!"
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "7z", ARCHIVE),
    (b"Rar!\x1a\x07", "rar", ARCHIVE),
    (b"MSCF\0\0\0\0", "cab", ARCHIVE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", DOCUMENT),
    (b"%PDF-", "pdf", DOCUMENT),
    (b"{\\rt", "rtf", DOCUMENT),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "onenote", DOCUMENT),
    (b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0", "lnk", PROGRAM),
    (b"dex\n03", "dex", PROGRAM),
    (b"\0asm\x01\0\0\0", "wasm", PROGRAM),
    (b"ITSF\x03\0\0\0", "chm", PROGRAM),
    (b"#!/", "script", SCRIPT),
    (b"#! /", "script", SCRIPT),
    (b"@echo off", "batch", SCRIPT),
    (b"@ECHO OFF", "batch", SCRIPT),
    (b"<?php", "php", SCRIPT),
)
FIRST = {one[0][0] for one in _STARTS} | {0x4D, 0x7F, 0xCA, 0xCE, 0xCF, 0xFE, 0x50, 0x46, 0x43, 0x5A, 0x1F}
"""First bytes of all that `begins` knows."""

_NEEDLES = (
    b"This program cannot be run in DOS mode",
    b"PE\0\0",
    b"\x7fELF",
    b"PK\x03\x04",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"%PDF-1",
    EICAR,
)
"""What is searched where values are long; each hit is then checked."""

PLAIN_SCRIPT = re.compile(rb"(?:java|vb)script\s*:")
_SCRIPT = re.compile(
    rb"<script(?:\s[^>]{0,300})?>[^<]{0,300}?[(=;]|<script\s[^>]{0,300}src\s*=|<iframe\s[^>]{0,300}src\s*="
    rb"|<(?:object|embed)\s[^>]{0,300}(?:data|src|classid|codebase)\s*=|<hta:|<\?php|<svg[^>]{0,200}\son\w+\s*="
    rb"|<[a-z][^<>]{0,300}\son(?:error|load|click|mouse\w+|focus|toggle|begin)\s*="
    rb"|(?:java|vb)script\s*:\s*[\w(/]|\$\{(?:jndi|env|lower|upper|\$\{):|__import__\s*\(|wscript\.shell"
    rb"|powershell(?:\.exe)?\s+-|cmd(?:\.exe)?\s*/c\s|[=+@-]cmd\|"
    rb"|\b(?:curl|wget)\s[^|;`\0]{0,200}\|\s*(?:ba)?sh\b|os\.system\s*\(|<\?xml-stylesheet[^>]{0,200}javascript:"
)
_HINTS = (
    b"script:",
    b"${",
    b"__import__",
    b"wscript.",
    b"powershell",
    b"cmd",
    b"| sh",
    b"|sh",
    b"| bash",
    b"os.system",
)
_TAGS = (b"<script", b"<iframe", b"<object", b"<embed", b"<hta:", b"<?php", b"<?xml-s", b" on", b"\ton", b"\non")
"""Without one of these, lower-case, the expression above cannot match; of the tags only where there is a ``<``."""
_CODED = re.compile(rb"(?:TV[opqr]|f0VM|UEsD|z/rt|yv66|JVBERi|0M8R4KGx|N3q8|UmFyI|WDVPIV)[A-Za-z0-9+/\r\n ]{56,}={0,2}")
"""Base64 of the beginnings of programs, archives, documents and EICAR."""


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
    return None


def _pe(data: bytes, at: int, stop: int) -> bool:
    """Tell whether a program's head follows the two letters: its second head, or the stub's sentence."""
    second = at + int.from_bytes(data[at + 60 : at + 64], "little")
    if second + 6 <= stop and data[second : second + 4] == b"PE\0\0":
        return True
    return data.find(b"This program ", at, min(at + 512, stop)) >= 0


def hidden(data: bytes, start: int, stop: int) -> Iterator[tuple[str, str, int]]:
    """Yield (kind, sort, offset) of payloads anywhere in ``data[start:stop]``; of one kind the first."""
    for needle in _NEEDLES:
        at = data.find(needle, start, stop)
        tries = 0
        while at >= 0 and tries < 50:
            found = _checked(data, needle, at, stop)
            if found:
                yield *found, at
                break
            at = data.find(needle, at + 1, stop)
            tries += 1


def _checked(data: bytes, needle: bytes, at: int, stop: int) -> tuple[str, str] | None:
    if needle == EICAR:
        return "eicar", TEST
    if needle.startswith(b"This"):
        return "pe", PROGRAM
    if needle.startswith(b"PE"):
        small = int.from_bytes(data[at + 20 : at + 22], "little") in (0xE0, 0xF0)  # size of the optional header
        return ("pe", PROGRAM) if small and data[at + 4 : at + 6] in _PE_MACHINES else None
    return begins(data, at, stop)


def scripted(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of scripts and of command lines in text; at most 10."""
    low = data.lower()
    tagged = b"<" in low and any(tag in low for tag in _TAGS)
    if not tagged and not any(hint in low for hint in _HINTS):
        return
    for count, found in enumerate(_SCRIPT.finditer(low)):
        if count >= 10:
            return
        yield found.span()


def coded(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (start, end, decoded bytes) of Base64 that begins like a program, archive or document; at most 10."""
    for count, found in enumerate(_CODED.finditer(data)):
        if count >= 10:
            return
        letters = bytes(found.group()).translate(None, b"\r\n =")
        try:
            raw = base64.b64decode(letters[: len(letters) // 4 * 4])
        except binascii.Error:
            continue
        if begins(raw) or EICAR in raw:
            yield found.start(), found.end(), raw
