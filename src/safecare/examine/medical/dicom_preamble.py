"""The preamble of a DICOM file: 128 bytes of no meaning, which other readers take for the head of their own file.

Source: PS3.10 section 7.5, CVE-2019-11687; heads that known tools for polyglots put there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import Finding, Part, Where
from safecare.examine.medical import commands, payload
from safecare.formats.dicom import Dicom
from safecare.model.text import say

DOCUMENT = 0x00420011
"""Encapsulated Document: PS3.3 C.24.2."""
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
CHANCE = frozenset({"bmp", "lzma", "cpio", "arj", "mp3", "text", "dicom", "tiff", "compress"})
"""Types that two or three bytes decide: what else begins a preamble tells nothing."""
_CODE = (
    *(b"<html", b"<!doctype", b"<!--", b"<?", b"<svg", b"<script", b"<body", b"/*", b"//", b"#!", b"var ", b"let "),
    *(b"const ", b"function", b"import ", b"@echo", b"echo ", b"rem ", b"set ", b"<xml", b"<hta", b"%!ps", b"eval("),
    *(b'"""', b"'''", b"=begin", b"=pod", b"from:", b"subject:", b"mime-version", b"=cmd", b"+cmd", b"'", b"--[["),
)
"""How pages and scripts begin, lower-case; comment signs hide the rest of the file from their interpreter."""
FOREIGN = (
    *(b"fLaC", b"OggS", b"RIFF", b"ID3", b"\x1aE\xdf\xa3", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\n\r\r\n"),
    *(b"FasdUAS", b"bplist0", b"conectix", b"ISc("),
    *(
        b"\0\0\1\0",
        b"IWAD",
        b"PWAD",
        b"NES\x1a",
        b"\x04\x22\x4d\x18",
        b"\x50\x2a\x4d\x18",
        b"LZIP",
        b"QFI\xfb",
        b"MThd",
        b"BPG\xfb",
        b"wOF",
    ),
    *(
        b"GGUF",
        b"\x80\x02",
        b"\x80\x03",
        b"\x80\x04",
        b"zPQ",
        b"7kSt",
        b"EMF",
        b"FORM",
        b"!<arch>",
        b"icns",
        b"SIMPLE  =",
    ),
    *(
        b"BM",
        b"\x27\x05\x19\x56",
        b"hsqs",
        b"\x1bLua",
        b"\xed\xab\xee\xdb",
        b"070701",
        b"\x60\xea",
        b"\xc7\x71",
        b"\0\0\0\x20f",
    ),
)
"""First bytes of other formats that tolerate a DICOM file behind them, as known polyglots show."""
_SORTS = {
    **dict.fromkeys(("pe", "elf", "macho", "lnk", "dex", "wasm", "swf", "chm", "class", "code"), payload.PROGRAM),
    **dict.fromkeys(("script", "html", "svg", "batch", "php", "hta"), payload.SCRIPT),
    **dict.fromkeys(("pdf", "ole", "rtf", "onenote"), payload.DOCUMENT),
}
_TEXT = re.compile(rb"[\t\r\n -~]{8,}|[ -~]{1,6}/\*")
"""Text at the beginning, longer than a maker's mark by chance, or a comment's begin."""
_BEGUN = re.compile(
    rb"(?i)(?:start|msgbox|call|goto|cls|dim|sub|on error|use|puts|print|require|write-host|get-\w+|if|for|exec|set|del"
    rb"|copy|move|net|reg|sc|web|id)[\s;(\"']|\$\w+\s*=|@\w|:{1,2}\s?\w|\w+\.exe\b|<\w"
)
"""How a line begins that some interpreter takes for its own."""
_SAYS = re.compile(rb"[=({;$@<>|&]|://")
"""A sign that an interpreter acts on; notes of makers stand on one line or have none."""
_RAW_CODE = re.compile(
    rb"(?s)\xeb[\x10-\x7e][\x90\x00]|\xe9.\0|\xfa[\x31\x33]\xc0|.{0,124}\xb4[\x09\x4c]\xcd\x21|.\r\r\n[\0\1\3]\0\0\0"
)
"""Programs without a head: a jump, a start sector, a call of DOS; compiled Python (Intel 64 manual; RBIL, INT 21)."""


def preamble(part: Part, found: Dicom) -> Iterator[Finding]:
    """Yield what the preamble makes of the file."""
    others = [kind for kind in part.types if kind not in CHANCE and not _enclosed(kind, found)]
    raw = found.preamble
    start = payload.begins(raw) if raw else None
    if start:
        others.insert(0, start[0])
    elif raw.startswith(b"MZ"):  # its second head may lie anywhere in the file
        others.insert(0, "pe")
    elif raw.strip(b"\0"):
        head = raw.lstrip(b"\0 \t\r\n").lower()
        if commands.names_command(raw) or head.removeprefix(b"\xef\xbb\xbf").startswith(_CODE) or _acts(head):
            others.insert(0, "script")
        elif _RAW_CODE.match(raw):
            others.insert(0, "code")
        elif raw.startswith(FOREIGN) and not others:
            others.insert(0, raw[:4].hex(" "))
    within = None if others else next(payload.hidden(raw, 1, len(raw)), None)  # a TIFF's head may stand before it
    others += [within[0]] if within else []
    if others:
        sort = start[1] if start else _SORTS.get(others[0], "file")
        yield Finding(
            f"dicom.preamble.{sort}",
            say(
                "The file is a DICOM file and, for other readers, a {kind} too.", kind=", ".join(dict.fromkeys(others))
            ),
            0.95,
            Where(part.path, "preamble", (0, len(raw))),
        )
    elif raw.strip(b"\0") and not raw.startswith(_TIFF):
        yield Finding(
            "dicom.preamble.used",
            say("The preamble is not empty, and of no use that is known here."),
            where=Where(part.path, "preamble", (0, len(raw))),
        )


def _acts(head: bytes) -> bool:
    """Tell whether a preamble is text that an interpreter would run."""
    text = _TEXT.match(head)
    if not text:
        return False
    if b"/*" in text.group():
        return True
    lines = [line.strip() for line in text.group().splitlines() if line.strip()]
    return bool(_BEGUN.match(lines[0])) or (len(lines) > 1 and _SAYS.search(text.group()) is not None)


def _enclosed(kind: str, found: Dicom) -> bool:
    """Tell whether the other file that was recognised by its mark within lies in a value: it is judged as that."""
    if kind == "pdf":
        one = found.top.get(DOCUMENT)
        return one is not None and one.start < found.data.find(b"%PDF-") < one.end
    return kind == "zip" and not found.preamble.startswith(b"PK") and found.data.rfind(b"PK\x05\x06") < found.end
