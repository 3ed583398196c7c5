"""Facts of one attached file: what it is by its structure, what its name claims, what it holds.

Archives are opened to a fixed depth and number of members; Office documents are judged by
`safecare.formats.office`. PDF and script facts are read from the plain bytes only: streams that are
packed inside a PDF are not opened here, so the absence of a PDF fact proves nothing.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import re
from pathlib import PurePosixPath

from safecare.formats.office import OFFICE_FACTS, is_ooxml, office_facts
from safecare.formats.wording import has_bidi
from safecare.formats.zips import Zip, ZipError

FILE_FACTS: dict[str, str] = {
    "file.archive.bomb": "An archive that inflates far beyond its size.",
    "file.archive.broken": "An archive that can't be opened.",
    "file.archive.encrypted": "An archive with encrypted members: nothing inside can be judged.",
    "file.archive.executable": "An archive that holds a program, script or shortcut.",
    "file.archive.limit": "An archive over a limit of depth, number or size: judged only in part.",
    "file.archive.nested": "An archive within an archive.",
    "file.extension.double": "A harmless ending before the real one (invoice.pdf.exe).",
    "file.extension.mismatch": "The ending claims another kind of file than the bytes are.",
    "file.html.form": "An attached page with an input form.",
    "file.html.link": "An attached page that leads elsewhere by itself.",
    "file.html.script": "An attached page with a script.",
    "file.html.smuggling": "An attached page that builds a file out of its own text.",
    "file.name.reversed": "A name with characters that reverse the direction of writing.",
    "file.pdf.action": "A PDF that acts when it is opened.",
    "file.pdf.embedded": "A PDF with a file inside.",
    "file.pdf.encrypted": "An encrypted PDF.",
    "file.pdf.javascript": "A PDF with a script.",
    "file.pdf.launch": "A PDF that starts a program.",
    "file.type.archive": "An archive (ZIP, RAR, 7z, gzip, CAB, ACE, ARJ, tar).",
    "file.type.disk-image": "A disk image (ISO, VHD, IMG).",
    "file.type.executable": "A program (PE, ELF, Mach-O, Java class, installer).",
    "file.type.html": "A web page.",
    "file.type.office": "An Office document.",
    "file.type.onenote": "A OneNote section.",
    "file.type.pdf": "A PDF.",
    "file.type.rtf": "A rich text document.",
    "file.type.script": "A script, by its ending or its first line.",
    "file.type.shortcut": "A shortcut (LNK, URL, desktop entry).",
} | OFFICE_FACTS
"""Meaning by fact name; those of Office documents included."""

MAX_DEPTH = 3
"""Archives within archives that are opened. Chosen: a real sender needs one; more is hiding."""
MAX_OPENED = 200
"""Members of one archive that are opened. Chosen: time; every member is counted and named all the same."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "archive"),
    (b"PK\x05\x06", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\x1f\x8b\x08", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"MSCF", "archive"),
    (b"\x60\xea", "archive"),
    (b"MZ", "executable"),
    (b"\x7fELF", "executable"),
    (b"\xca\xfe\xba\xbe", "executable"),
    (b"\xcf\xfa\xed\xfe", "executable"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
    (b"{\\rt", "rtf"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "shortcut"),
    (b"[InternetShortcut]", "shortcut"),
    (b"[Desktop Entry]", "shortcut"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "onenote"),
    (b"conectix", "disk-image"),
    (b"vhdxfile", "disk-image"),
    (b"#!", "script"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
)
_BY_ENDING = {
    "script": "js jse vbs vbe wsf wsh hta ps1 psm1 bat cmd sh py sct chm reg jar xll scr.js slk iqy".split(),
    "executable": "exe scr com dll pif cpl msi msix appx lnk.exe".split(),
    "shortcut": "lnk url desktop website library-ms".split(),
    "disk-image": "iso img vhd vhdx udf".split(),
    "onenote": ["one", "onepkg"],
    "archive": "zip rar 7z gz tgz bz2 xz cab ace arj tar lzh z".split(),
    "office": (
        "doc docx docm dot dotx dotm xls xlsx xlsm xlsb xlt xltm xlam ppt pptx pptm pps ppsx ppsm rtf "
        "odt ods odp".split()
    ),
    "pdf": ["pdf"],
    "html": "html htm xhtml shtml mht mhtml svg".split(),
    "image": "png jpg jpeg gif bmp tif tiff webp".split(),
}
_ENDING = {ending: kind for kind, endings in _BY_ENDING.items() for ending in endings}
_HARMLESS = frozenset("pdf doc docx xls xlsx ppt pptx txt jpg jpeg png csv rtf odt".split())
_DANGEROUS = frozenset({"executable", "script", "shortcut", "disk-image"})
_NAME_TOKEN = re.compile(rb"#([0-9a-fA-F]{2})")


def file_facts(name: str, raw: bytes, media: str = "", depth: int = 0) -> set[str]:
    """Return the facts of the file `raw` that its sender calls `name` and `media`. Never raises for bad bytes."""
    kind = structure(raw)
    claimed = _ENDING.get(ending(name), "")
    facts = _name_facts(name, kind, claimed)
    if kind == "archive":
        facts |= _archive(raw, depth)
        kind = "" if "file.type.office" in facts else kind
    elif kind in ("office", "rtf"):
        facts |= office_facts(raw)
    elif kind == "pdf":
        facts |= _pdf(raw)
    elif kind == "html" or (claimed == "html" and not kind) or (media == "text/html" and not kind):
        kind = "html"
        facts |= _html(raw)
    if not kind or (kind == "html" and claimed == "script"):
        kind = claimed if claimed in ("script", "shortcut", "disk-image", "onenote") else kind
    if kind and kind != "image":
        facts.add(f"file.type.{kind}")
    return facts


def structure(raw: bytes) -> str:
    """Return the kind of file that the bytes are, empty if none of the known ones."""
    for magic, kind in _MAGIC:
        if raw.startswith(magic) and (magic != b"MZ" or len(raw) > 64):
            return kind
    head = raw[:1024]
    if b"%PDF-" in head:
        return "pdf"
    if raw[257:262] == b"ustar":
        return "archive"
    if raw[0x8001:0x8006] == b"CD001":
        return "disk-image"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<svg")) or b"<html" in start:
        return "html"
    if start.startswith(b"{\\rt"):
        return "rtf"
    return ""


def ending(name: str) -> str:
    """Return the last ending of `name`, lower case, without the dot and without what Windows ignores."""
    last = name.replace("\\", "/").rstrip(". ").rpartition("/")[2]
    stem, dot, end = last.rpartition(".")
    return end.lower() if dot and stem else ""


def _name_facts(name: str, kind: str, claimed: str) -> set[str]:
    facts: set[str] = set()
    if has_bidi(name):
        facts.add("file.name.reversed")
    stem = ending(PurePosixPath(name.replace("\\", "/").rstrip(". ")).stem)
    if stem in _HARMLESS and (claimed in _DANGEROUS or kind in _DANGEROUS):
        facts.add("file.extension.double")
    if kind and claimed and kind != claimed and not _same(kind, claimed):
        facts.add("file.extension.mismatch")
    return facts


def _same(kind: str, claimed: str) -> bool:
    """Tell whether bytes of `kind` may honestly carry an ending of `claimed`."""
    honest = {
        ("archive", "office"),
        ("rtf", "office"),
        ("office", "executable"),
        ("archive", "script"),
        ("html", "office"),
    }
    return (kind, claimed) in honest or (kind == "office" and claimed == "onenote")


def _archive(raw: bytes, depth: int) -> set[str]:
    if not raw.startswith(b"PK"):
        return set()  # RAR, 7z and the rest: recognised, not opened
    try:
        archive = Zip(raw)
    except ZipError as error:
        return {"file.archive.limit" if str(error).startswith("limit") else "file.archive.broken"}
    if is_ooxml(archive.names):
        return office_facts(raw) | {"file.type.office"}
    facts: set[str] = set()
    if "mimetype" in archive.names and any(name.startswith("Basic/") for name in archive.names):
        facts |= {"file.type.office", "office.macro"}
    if archive.encrypted:
        facts.add("file.archive.encrypted")
    if archive.bomb:
        return facts | {"file.archive.bomb"}
    if depth >= MAX_DEPTH:
        return facts | {"file.archive.limit"}
    return facts | _members(archive, depth)


def _members(archive: Zip, depth: int) -> set[str]:
    facts: set[str] = set()
    for name in archive.names:
        if _ENDING.get(ending(name), "") in _DANGEROUS:
            facts.add("file.archive.executable")
    if archive.encrypted:
        return facts
    if len(archive.names) > MAX_OPENED:
        facts.add("file.archive.limit")
    for name in archive.names[:MAX_OPENED]:
        if name.endswith("/"):
            continue
        try:
            inner = file_facts(name, archive.read(name), depth=depth + 1)
        except ZipError as error:
            facts.add("file.archive.limit" if str(error).startswith("limit") else "file.archive.broken")
            if "file.archive.limit" in facts:
                break
            continue
        facts |= {fact for fact in inner if not fact.startswith("file.type.")}
        if "file.type.archive" in inner:
            facts.add("file.archive.nested")
        if inner & {f"file.type.{kind}" for kind in _DANGEROUS}:
            facts.add("file.archive.executable")
    return facts


def _pdf(raw: bytes) -> set[str]:
    plain = _NAME_TOKEN.sub(lambda found: bytes([int(found.group(1), 16)]), raw) if b"#" in raw else raw
    facts = {
        fact
        for fact, marks in (
            ("file.pdf.javascript", (b"/JavaScript", b"/JS ", b"/JS(", b"/JS<")),
            ("file.pdf.launch", (b"/Launch",)),
            ("file.pdf.embedded", (b"/EmbeddedFile",)),
            ("file.pdf.encrypted", (b"/Encrypt",)),
        )
        if any(mark in plain for mark in marks)
    }
    # /OpenAction with a plain destination only chooses the first page; with an action it does something.
    if re.search(
        rb"/(?:OpenAction|AA)\s*(?:<<[^>]{0,300}/S\s*/(?:JavaScript|Launch|URI|SubmitForm|GoToR|ImportData))", plain
    ):
        facts.add("file.pdf.action")
    return facts


def _html(raw: bytes) -> set[str]:
    head = raw[: 4 * 1024 * 1024].lower()
    facts: set[str] = set()
    if b"<script" in head or re.search(rb"\bon(?:load|error)\s*=", head):
        facts.add("file.html.script")
    if b"<form" in head or b'type="password"' in head:
        facts.add("file.html.form")
    if re.search(rb"http-equiv\s*=\s*[\"']?refresh|location\s*(?:\.href)?\s*=", head):
        facts.add("file.html.link")
    if (
        b"<script" in head
        and (b"atob(" in head or b"fromcharcode" in head)
        and (b"blob(" in head or b"mssaveblob" in head)
    ):
        facts.add("file.html.smuggling")
    return facts
