"""Macros of Office documents: their source out of an OLE file, sheets of Excel 4 macros, and what the source does.

Bounded in bytes unpacked. Source: [MS-OVBA] 2.3.4 (the list of modules), 2.4.1 (compression), [MS-XLS] 2.4.28
(BoundSheet8), 2.5.97; names of events and calls after oletools' lists (decalage2, BSD).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Any

from safecare.formats.linear import linear

MOST_CODE = 1024 * 1024
"""Letters of the macros of one document that are read. Chosen: ten times the largest add-in seen; 0.1 s."""
MOST_PROJECTS = 10
"""Projects of macros in one file. Chosen: a document has one, one with others in it some."""
MOST_MODULES = 500
"""Modules of one project that are read. Chosen: the largest add-ins have 200."""
MOST_RECORDS = 200_000
"""Records of a workbook that are looked at. Chosen: a sheet of 50,000 rows and its text."""
LONGEST_CACHE = 256 * 1024
"""Bytes of compiled code before a module's source that are searched. Chosen: that of 2,000 lines."""
_BOUND_SHEET, _NAME, _END_OF_FILE = 0x0085, 0x0018, 0x000A
_MACRO_SHEET, _BUILT_IN, _AUTO = 1, 0x20, (b"\x01", b"\x02")
"""[MS-XLS] 2.4.28 (dt), 2.4.150 (Lbl: fBuiltin, and the names Auto_Open and Auto_Close as one letter)."""

_RUNS = linear(
    rb"(?i)\b(?:auto_?(?:exec|open|ope|exit|close|new)|document_?(?:open|close|new|change|beforeclose)|document_beforeclose|newdocument|"
    rb"workbook_(?:open|activate|close|beforeclose)|worksheet_calculate|\w{1,60}_(?:painted|painting|gotfocus|lostfocus|"
    rb"mousehover|click|change|resize|beforenavigate2|beforescriptexecute|documentcomplete|downloadbegin|downloadcomplete|"
    rb"filedownload|navigatecomplete2|navigateerror|progresschange|propertychange|setsecurelockicon|statustextchange|"
    rb"titlechange|mousemove|mouseenter|mouseleave|layout|onconnecting|followhyperlink|contentcontrolonenter))\b"
)
"""Events at which a macro runs without being asked for."""
_EXECUTE = linear(
    rb"(?i)\b(?:shell|wscript\.shell|shell\.application|shellexecute(?:a)?|exec|powershell|createprocess(?:a|w)?|winexec|"
    rb"createthread|createremotethread|win32_process|virtualalloc(?:ex)?|rtlmovememory|queueapcthread|writeprocessmemory|"
    rb"macscript|applescript|popen|invokeverb(?:ex)?)\b"
)
"""``Call``, ``Run`` and ``system`` are left out: macros call each other so."""
_DOWNLOAD = linear(
    rb"(?i)\b(?:urldownloadtofile[aw]?|msxml2\.(?:server)?xmlhttp|microsoft\.xmlhttp|net\.webclient|downloadfile|downloadstring|"
    rb"winhttp\.winhttprequest|internetopen[aw]?)\b"
)
_WRITE = linear(
    rb"(?i)\b(?:adodb\.stream|savetofile|write|put|output|binary|createtextfile|print #|filecopy|copyfile|writetext)\b"
)
_SUSPECT = linear(
    rb"(?i)\b(?:createobject|getobject|environ|kill|callbyname|sendkeys|executeexcel4macro|vbproject|vbcomponents|codemodule|"
    rb"addfromstring|accessvbom|vbawarnings|regread|regopenkeyexa?|setwindowpos|showwindow|settimer|enum(?:date|system|time)\w{3,30}|"
    rb"lib|chrw?|strreverse|xor|open|copyhere|mkdir|vbhide|user-agent|activedocument\.variables)\b"
)
_HIDES = linear(rb"(?i)\bstrreverse\b")
_TOOLS = linear(
    rb"(?i)\b(?:powershell|pwsh|mshta|certutil|bitsadmin|regsvr32|rundll32|wmic|cscript|msbuild|installutil|curl\s|"
    rb"cmd(?:\.exe)?\s{0,4}/[ck]\b|winmgmts:)"
)
_LETTER = linear(rb"(?i)\bchrw?\$?\s{0,4}\(\s{0,4}(?:\d|&h)")
_CODED = linear(rb'"(?:[0-9A-Fa-f]{60,}|[A-Za-z0-9+/]{100,}={0,2})"')
MOST_LETTERS = 12
"""Letters written as numbers that are no disguise. Chosen: line ends, tabs and quotes of a large form."""
_TELLING = linear(
    rb"(?i)wscript\.shell|shell\.application|powershell|mshta|certutil|xmlhttp|adodb\.stream|urldownloadtofile"
)
"""What a compiled module holds as text, and its source as well, unless one of them was exchanged (VBA stomping)."""
_LITERAL = re.compile(rb"(?s)[\xb6\xb9]\x00([\x06-\xff])\x00([\x20-\x7e]{6,255})")
"""A string of compiled code: LitStr of VBA 6 and 7, its length, its letters. Measured: in 78 honest projects of 32 with
any, some 1,000 strings, every one stands in the source as well; six letters keep chance away."""
_CONTINUED = re.compile(rb" _\r?\n")


class MacroLimitError(ValueError):
    """A project unpacks to more than is read."""


def code_of(ole: Any, paths: list[list[str]]) -> tuple[bytes, bytes] | None:
    """Return source and compiled code of the macros in an open OLE file; None if there are none.

    Raises `MacroLimitError`.
    """
    projects = [
        path[:-1] for path in paths if path[-1].lower() == "dir" and len(path) > 1 and path[-2].lower() == "vba"
    ]
    sources, caches, left = list[bytes](), list[bytes](), MOST_CODE
    if len(projects) > MOST_PROJECTS:
        raise MacroLimitError("projects")
    for project in projects:
        for raw, offset in _modules(ole, project, paths):
            code = decompress(raw[offset:], left)
            left -= len(code)
            if left <= 0:
                raise MacroLimitError("macros")
            sources.append(code)
            caches.append(raw[: min(offset, LONGEST_CACHE)])
    return (b"\n".join(sources), b"\n".join(caches)) if projects else None


def _modules(ole: Any, project: list[str], paths: list[list[str]]) -> Iterator[tuple[bytes, int]]:
    """Yield stream and place of the source of each module: as listed, or, where the list is damaged, as it looks."""
    listed = dict(offsets(decompress(_read(ole, [*project, "dir"]), MOST_CODE)))
    for path in paths:
        if path[:-1] != project or path[-1].lower() in ("dir", "_vba_project"):
            continue
        raw = _read(ole, path)
        at = listed.get(path[-1].lower(), -1)
        if at < 0 or raw[at : at + 1] != b"\x01":
            at = raw.find(b"\x00Attribut") - 3
        if at >= 0:
            yield raw, at


def _read(ole: Any, path: list[str]) -> bytes:
    raw = bytes(ole.openstream(path).read(4 * MOST_CODE))
    if len(raw) >= 4 * MOST_CODE:
        raise MacroLimitError("module")
    return raw


def offsets(raw: bytes) -> Iterator[tuple[str, int]]:
    """Yield name of the stream (lower case) and place of the source in it, for each module in the list `raw`."""
    place, name, page = 0, "", "cp1252"
    for _ in range(20 * MOST_MODULES):
        if place + 6 > len(raw):
            return
        kind, size = struct.unpack_from("<HI", raw, place)
        data = raw[place + 6 : place + 6 + size]
        place += 6 + size + (2 if kind == 0x0009 else 0)  # the version has a field that its size leaves out
        if kind == 0x0003 and len(data) == 2:
            page = f"cp{int.from_bytes(data, 'little')}"
        elif kind == 0x001A:
            name = _text(data, page).lower()
        elif kind == 0x0032 and data:
            name = data.decode("utf-16-le", "replace").lower()
        elif kind == 0x0031 and len(data) == 4 and name:
            yield name, int.from_bytes(data, "little")


def _text(data: bytes, page: str) -> str:
    try:
        return data.decode(page, "replace")
    except LookupError:
        return data.decode("cp1252", "replace")


def decompress(raw: bytes, most: int) -> bytes:
    """Return a compressed container of [MS-OVBA] 2.4.1 unpacked, at most `most` bytes; what is damaged ends it."""
    out, place = bytearray(), 1
    if not raw.startswith(b"\x01"):
        return b""
    while place + 2 <= len(raw) and len(out) < most:
        head = int.from_bytes(raw[place : place + 2], "little")
        end = min(len(raw), place + (head & 0x0FFF) + 3)
        if head >> 12 & 7 != 3:
            break
        if head & 0x8000:
            _chunk(raw, place + 2, end, out)
        else:
            out += raw[place + 2 : place + 2 + 4096]
            end = place + 2 + 4096
        place = end
    return bytes(out[:most])


def _chunk(raw: bytes, place: int, end: int, out: bytearray) -> None:
    start = len(out)
    while place < end:
        flags = raw[place]
        place += 1
        for bit in range(8):
            if place >= end:
                return
            if not flags >> bit & 1:
                out.append(raw[place])
                place += 1
                continue
            if place + 2 > end:
                return
            token = raw[place] | raw[place + 1] << 8
            place += 2
            width = max(4, (len(out) - start - 1).bit_length())
            count, distance = (token & 0xFFFF >> width) + 3, (token >> 16 - width) + 1
            if distance > len(out) - start:
                return
            piece = out[len(out) - distance : len(out) - distance + count]
            out += piece if count <= distance else (piece * (count // distance + 1))[:count]
            if len(out) - start > 4096:
                return


def sheet_facts(stream: bytes) -> set[str]:
    """Return the facts of Excel 4 macros in the stream of a workbook: sheets of them, and names that run them."""
    facts, place = set[str](), 0
    for _ in range(MOST_RECORDS):
        if place + 4 > len(stream):
            break
        kind, size = struct.unpack_from("<HH", stream, place)
        data = stream[place + 4 : place + 4 + size]
        if kind == _BOUND_SHEET and data[5:6] == bytes((_MACRO_SHEET,)):
            facts.add("office.macro.xlm")
        elif kind == _NAME and data[:1] and data[0] & _BUILT_IN and (data[15:16] or data[14:15]) in _AUTO:
            facts.add("office.macro.autoexec")
        elif kind == _END_OF_FILE:  # sheets and names stand in the first part
            break
        place += 4 + size
    else:
        facts.add("office.limit")
    return facts if "office.macro.xlm" in facts else set()


def macro_facts(source: bytes, compiled: bytes = b"") -> set[str]:
    """Return the facts (`safecare.formats.office.OFFICE_FACTS`) that the source of macros tells."""
    text = _CONTINUED.sub(b" ", source)
    facts = {name for name, pattern in _FACTS if pattern.search(text)}
    if len(_LETTER.findall(text)) > MOST_LETTERS or _CODED.search(text) or _HIDES.search(text):
        facts.add("office.macro.obfuscated")
    low = text.lower()
    hidden = {one.lower() for one in _TELLING.findall(compiled)}
    if any(one not in low for one in hidden) or _stomped(source, compiled):  # what runs is not what is shown
        facts |= {"office.macro.obfuscated", "office.macro.execute"}
    return facts


def _stomped(source: bytes, compiled: bytes) -> bool:
    """Tell whether compiled code says what its source doesn't (VBA stomping): Office runs it where the version fits."""
    strings = (found[2][: found[1][0]] for found in _LITERAL.finditer(compiled) if len(found[2]) >= found[1][0])
    return any(one.replace(b'"', b'""') not in source for one in set(strings))


_FACTS = (
    ("office.macro.autoexec", _RUNS),
    ("office.macro.execute", _EXECUTE),
    ("office.macro.download", _DOWNLOAD),
    ("office.macro.write-file", _WRITE),
    ("office.macro.suspicious", _SUSPECT),
    ("office.macro.shell", _TOOLS),
)
