"""Facts of Office documents: macros, fields that start programs, outside templates, embedded objects, encryption.

OOXML containers are opened by the bounded reader of `safecare.formats.zips`, OLE files by
olefile. A document is judged by its structure, never by its name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from safecare.formats.linear import linear
from safecare.formats.macros import MacroLimitError, code_of, macro_facts, sheet_facts
from safecare.formats.office_links import asks_abroad, relation_facts, sheet_links
from safecare.formats.zips import Zip, ZipError

OFFICE_FACTS: dict[str, str] = {
    "office.action.program": "A click or a move of the mouse over a slide starts a program.",
    "office.broken": "The structure is damaged or can't be read as what it says it is.",
    "office.dde": "A field that starts another program (DDE, DDEAUTO).",
    "office.embedded.executable": "An embedded object holds a program or a script.",
    "office.embedded.object": "An embedded OLE object or package.",
    "office.encrypted": "The content is encrypted: nothing inside can be judged.",
    "office.external.object": "An OLE object that is loaded from outside.",
    "office.external.data": "Data is fetched from a bare number outside, or by commands that a data base runs.",
    "office.external.link": "An outside relation other than a hyperlink (image, OLE link, data).",
    "office.external.starts": "A link starts a program of Windows that was misused so, instead of leading to a page.",
    "office.external.template": "The template is loaded from outside (template injection).",
    "office.external.named-share": "Something is loaded from a share of a server with a full name.",
    "office.external.share": "Something is loaded from a share at a public address.",
    "office.limit": "A limit of size, number or inflation was reached: judged only in part.",
    "office.macro": "A VBA macro project.",
    "office.macro.autoexec": "A macro that runs by itself when the document is opened or closed.",
    "office.macro.download": "A macro names a way to fetch something from the network.",
    "office.macro.execute": "A macro names a way to run a program.",
    "office.macro.obfuscated": "A macro hides its strings or was stomped (code without matching source).",
    "office.macro.shell": "A macro names a program by which attackers run code (PowerShell, mshta, certutil).",
    "office.macro.suspicious": "A macro uses a call that olevba lists as suspicious.",
    "office.macro.write-file": "A macro names a way to write a file.",
    "office.macro.xlm": "An Excel 4 macro sheet.",
}
"""Meaning by fact name."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_RELATIONS = 200
"""Relation files read of one document. Chosen: large presentations have about 150."""
MAX_OLE_STREAMS = 2000
"""Directory entries of an OLE file that are looked at. Chosen: mail items with attachments stay below 300."""
MAX_OLE_BYTES = 16 * 1024 * 1024
"""Bytes of an OLE document that macros are looked for in. Chosen: as `safecare.formats.zips.MAX_MEMBER`."""

MOST_RECORDS = 200_000
"""Records of a workbook that are looked at. Chosen: a sheet of 50,000 rows and its text."""
_SUPBOOK = 0x01AE

_TAG = re.compile(rb"<[^<>]{0,4000}>")
_FIELD = linear(rb"w:instr\s*=\s*[\"']|<w:instrText\b[^>]{0,200}>")
LONGEST_FIELD = 2000
"""Letters of one field that are read. Chosen: addresses with their switches stay below."""
MOST_FIELDS = 20_000
"""Fields of one part that are read. Chosen: an index of a book has 10,000."""
_PROGRAM_LINK = linear(
    rb"(?i)Target\s*=\s*[\"'][^\"']{0,200}\b(?:cmd|powershell|pwsh|mshta|wscript|cscript|rundll32|regsvr32|certutil|bitsadmin)\b"
)
_LOADED = linear(rb"(?i)\bon(?:Load|Action)\s*=\s*[\"'](?:https?:|\\\\|file:)")
_FETCHED = linear(
    rb"(?i)\b(?:INCLUDEPICTURE|INCLUDETEXT|LINK|IMPORT)\b[^\x13\x15]{0,80}?(?:\\{2,4}|file:/{2,5})[\w-]+\.[\w.-]+[\\/]"
)
_QUOTED = linear(rb"(?i)\bQUOTE((?:\s+\d{2,3}){4,300})")
"""Letters of a field's code given as numbers: only what hides is written so."""
_DDE = re.compile(rb"\bDDE(?:AUTO)?\b\s*[\"&\w\\]", re.IGNORECASE)
_STARTED = linear(
    rb"(?i)\b(?:cmd|powershell|pwsh|mshta|wscript|cscript|rundll32|regsvr32|certutil|bitsadmin|msexcel|winword|explorer|msiexec|"
    rb"curl)\b|\.exe\b|\.\.[\\/]|https?:|\s/[ck]\b"
)
"""Programs that attackers have started for data (DDE); those of plants and markets are linked honestly."""
_DDE_LINK = linear(rb"(?i)<(?:\w{1,20}:)?ddeLink\b([^>]{0,1000})")
_OLE_DDE = re.compile(rb"\x13\s*(?:D\x00?D\x00?E\x00?(?:A\x00?U\x00?T\x00?O\x00?)?)", re.IGNORECASE)
_RTF_TEMPLATE = re.compile(rb"\\\*\\template\b([^{}]{0,2000})")
_RTF_FIELD = re.compile(rb"\\fldinst\b([^{}]{0,400}(?:\{[^{}]{0,400}\}?)?)")
_RTF_WORD = re.compile(rb"\\'([0-9a-f]{2})|\\u(-?\d{1,6})\s?\??|\\([\\{}])|\\[a-z]{1,32}-?\d{0,10} ?|[\r\n]")
_PROGRAM_NAME = re.compile(
    rb"[\w\\./ -]{1,200}\.(?:exe|scr|com|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|lnk|dll|jar|msi)\x00", re.IGNORECASE
)


def office_facts(raw: bytes) -> set[str]:
    """Return the facts of an OOXML, OLE or RTF document; empty for other bytes. Never raises for bad bytes."""
    if raw.startswith(b"PK\x03\x04"):
        return _ooxml(raw)
    if raw.startswith(_OLE):
        return _ole(raw)
    if raw[:64].lstrip().startswith(b"{\\rt"):
        return _rtf(raw)
    return set()


def is_ooxml(names: list[str]) -> bool:
    """Tell whether an archive with these members is an Office document."""
    return "[Content_Types].xml" in names


def _ooxml(raw: bytes) -> set[str]:
    facts: set[str] = set()
    try:
        archive = Zip(raw)
    except ZipError as error:
        return {"office.limit" if str(error).startswith("limit") else "office.broken"}
    if not is_ooxml(archive.names):
        return set()
    if archive.bomb:
        return {"office.limit"}
    if any("/macrosheets/" in name.lower() for name in archive.names):
        facts.add("office.macro.xlm")
    for name in archive.find((".rels",))[:MAX_RELATIONS]:
        facts |= relation_facts(_member(archive, name, facts))
    for name in archive.find((".bin",)):
        facts |= _binary(_member(archive, name, facts), name.lower())
    for name in archive.find((".xml",)):
        low = name.lower()
        if low.startswith(("word/document", "word/header", "word/footer", "word/footnotes", "xl/externallinks/")):
            facts |= _fields(_pieces(archive, name, facts))
        elif low.startswith("customui/") and _LOADED.search(_member(archive, name, facts)):
            facts.add("office.external.template")
        elif low.startswith("ppt/slides/slide") and _starts_program(archive, name, facts):
            facts.add("office.action.program")
        elif low.startswith("xl/worksheets/"):
            facts |= sheet_links(_pieces(archive, name, facts))
        elif low.startswith(("xl/connections", "xl/webextensions/")) and asks_abroad(_member(archive, name, facts)):
            facts.add("office.external.data")
    return facts


def _starts_program(archive: Zip, slide: str, facts: set[str]) -> bool:
    """Tell whether an action of a slide starts one of the programs by which attackers run code."""
    if b"ppaction://program" not in _member(archive, slide, facts):
        return False
    folder, _, name = slide.rpartition("/")
    return _PROGRAM_LINK.search(_member(archive, f"{folder}/_rels/{name}.rels", facts)) is not None


def _member(archive: Zip, name: str, facts: set[str]) -> bytes:
    try:
        return archive.read(name)
    except ZipError as error:
        facts.add("office.limit" if str(error).startswith("limit") else "office.broken")
        return b""


def _pieces(archive: Zip, name: str, facts: set[str]) -> Iterator[bytes]:
    try:
        yield from archive.pieces(name)
    except ZipError as error:
        facts.add("office.limit" if str(error).startswith("limit") else "office.broken")


def _binary(raw: bytes, name: str) -> set[str]:
    if not raw.startswith(_OLE):
        return set()
    facts = _ole(raw)
    if "vbaproject" not in name and "/embeddings/" in name:
        facts.add("office.embedded.object")
    return facts


def _fields(pieces: Iterable[bytes]) -> set[str]:
    """Tell of fields that start programs; their codes may be divided among runs, and so among pieces."""
    codes, linked, count = bytearray(), False, 0
    for xml in pieces:
        for one in islice(_instructions(xml), MOST_FIELDS + 1 - count):
            count += 1
            codes += _TAG.sub(b"", one)
        linked |= any(map(_STARTED.search, _DDE_LINK.findall(xml)))
        if count > MOST_FIELDS:
            break
    facts = {"office.limit"} if count > MOST_FIELDS else set[str]()
    told = (
        bytes(codes)
        + b" "
        + b" ".join(
            bytes(value for one in found[1].split() if 31 < (value := int(one)) < 127) + b" x"
            for found in _QUOTED.finditer(codes)
        )
    )
    if _FETCHED.search(codes.replace(b"&quot;", b'"')):
        facts.add("office.external.named-share")
    return facts | {"office.dde"} if _DDE.search(told) or linked else facts


def _instructions(xml: bytes) -> Iterator[bytes]:
    """Yield the codes of fields: between tags, or in an attribute; empty where one does not end."""
    for found in _FIELD.finditer(xml):
        code = xml[found.end() : found.end() + LONGEST_FIELD]
        close = b"</w:instrText>" if found.group().startswith(b"<") else found.group()[-1:]
        end = code.find(close)
        yield code[: max(end, 0)]


def _ole(raw: bytes) -> set[str]:
    import olefile  # the examiner loads it once; others never need it

    facts: set[str] = set()
    try:
        with olefile.OleFileIO(io.BytesIO(raw), raise_defects=olefile.DEFECT_FATAL) as ole:
            streams = ole.listdir(streams=True, storages=False)[:MAX_OLE_STREAMS]
            names = {"/".join(path).lower() for path in streams}
            last = {path[-1].lower() for path in streams}
            if last & {"encryptedpackage", "encryptioninfo"}:
                return {"office.encrypted"}
            if _flagged_encrypted(ole, last):
                facts.add("office.encrypted")
            if "\x01ole10native" in last or any(name.startswith("objectpool/") for name in names):
                facts.add("office.embedded.object")
            facts |= _packages(ole, streams)
            facts |= _macros(ole, streams)
            for book in ("workbook", "book"):
                if book not in last:
                    continue
                stream = _stream(ole, streams, book)
                facts |= {"office.dde"} if _links_dde(stream) else set()
                facts |= sheet_facts(stream)
            for story in ("worddocument", "1table"):
                if story in last and _OLE_DDE.search(_stream(ole, streams, story)):
                    facts.add("office.dde")
    except Exception:  # noqa: BLE001 - olefile raises anything on damaged files; that is the finding
        return facts | {"office.broken"}
    return facts


def _flagged_encrypted(ole: Any, last: set[str]) -> bool:
    """Tell whether the binary header says encrypted: [MS-DOC] 2.5.2 FibBase.fEncrypted, [MS-XLS] 2.4.117 FilePass."""
    if "worddocument" in last:
        base = ole.openstream("WordDocument").read(12)
        return len(base) == 12 and bool(base[11] & 1)
    for book in ("Workbook", "Book"):
        if book.lower() in last and ole.exists(book):
            return b"\x2f\x00" in _record_kinds(ole.openstream(book).read(4096))
    return False


def _record_kinds(stream: bytes) -> list[bytes]:
    """Return the record types at the start of a BIFF stream ([MS-XLS] 2.1.4: type, size, data)."""
    kinds: list[bytes] = []
    place = 0
    while place + 4 <= len(stream) and len(kinds) < 30:
        kinds.append(stream[place : place + 2])
        place += 4 + int.from_bytes(stream[place + 2 : place + 4], "little")
    return kinds


def _links_dde(stream: bytes) -> bool:
    """Tell whether a workbook has a program started for data: SupBook of a DDE source ([MS-XLS] 2.4.271, 2.5.277)."""
    place = 0
    for _ in range(MOST_RECORDS):
        if place + 4 > len(stream):
            return False
        kind, size = (
            int.from_bytes(stream[place : place + 2], "little"),
            int.from_bytes(stream[place + 2 : place + 4], "little"),
        )
        data = stream[place + 4 : place + 4 + size]
        if kind == _SUPBOOK and data[:2] == b"\x00\x00" and b"\x03" in data[5:]:
            return _STARTED.search(data.replace(b"\x00", b"").replace(b"\x03", b" ")) is not None
        place += 4 + size
    return False


def _macros(ole: Any, streams: list[list[str]]) -> set[str]:
    try:
        found = code_of(ole, streams)
    except MacroLimitError:
        return {"office.macro", "office.limit"}
    return {"office.macro", *macro_facts(*found)} if found else set()


def _packages(ole: Any, streams: list[list[str]]) -> set[str]:
    for path in streams:
        if path[-1].lower() != "\x01ole10native":
            continue
        raw = ole.openstream(path).read(MAX_OLE_BYTES)
        if _PROGRAM_NAME.search(raw[:2000]) or raw[:MAX_OLE_BYTES].find(b"This program cannot be run") >= 0:
            return {"office.embedded.executable"}
    return set()


def _stream(ole: Any, streams: list[list[str]], name: str) -> bytes:
    for path in streams:
        if path[-1].lower() == name:
            return bytes(ole.openstream(path).read(MAX_OLE_BYTES))
    return b""


def _rtf(raw: bytes) -> set[str]:
    head = raw[: 4 * 1024 * 1024].lower()
    facts: set[str] = set()
    if b"\\objdata" in head or b"\\objocx" in head:
        facts.add("office.embedded.object")
    if b"\\objupdate" in head or re.search(rb"4d5a9000|546869732070726f6772616d", head):
        facts.add("office.embedded.executable" if b"4d5a9000" in head else "office.embedded.object")
    if (found := _RTF_TEMPLATE.search(head)) and re.match(rb"(?:https?:|\\\\|file:(?!/+[a-z]:))", _unescaped(found[1])):
        facts.add("office.external.template")
    if b"\\fldinst" in head and any(_FETCHED.search(_unescaped(one)) for one in _RTF_FIELD.findall(head)[:200]):
        facts.add("office.external.named-share")
    if re.search(rb"\\fldinst[^{}]{0,40}(?:\{[^{}]{0,80})?\bdde(?:auto)?\b", head):
        facts.add("office.dde")
    return facts


def _unescaped(text: bytes) -> bytes:
    """Return the text of a group in RTF: letters given by their codes, other words left out (RTF 1.9.1)."""
    return _RTF_WORD.sub(_letter, text).strip()


def _letter(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes((int(found[1], 16),))
    if found[2]:
        return bytes((int(found[2]) & 0xFF,))
    return found[3] or b""
