"""Inert Office documents with real macro projects: examiners must see them, nobody can be harmed by them.

The macro of `document_with_macro` runs by itself when the document is opened, shows a message, and does nothing
else. Source: [MS-OVBA] 2.3 (project streams), 2.4.1 (compression); ECMA-376 part 2 (packaging).
"""

from __future__ import annotations

import io
import struct
import zipfile
from xml.sax.saxutils import escape

from safecare.scenarios.make.cfb import compound_file

INERT_MACRO = (
    'Attribute VB_Name = "ThisDocument"\r\n'
    "Sub AutoOpen()\r\n"
    '    MsgBox "Exercise document of Safecare. Nothing was done."\r\n'
    "End Sub\r\n"
)
"""Runs when the document is opened, shows a message, ends."""
MAX_PLAIN = 3640
"""Longest text (bytes) that one chunk of literal tokens can hold: 4,096 x 8 / 9 (2.4.1.1.5)."""

_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
    '<Override PartName="/word/document.xml" ContentType="{main}"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inner}</Relationships>'
)
_RELATION = '<Relationship Id="{id}" Type="{type}" Target="{target}"/>'
_MAIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_VBA = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
_PLAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_MACRO_TYPE = "application/vnd.ms-word.document.macroEnabled.main+xml"


def document(*paragraphs: str) -> bytes:
    """Return a plain Word document (.docx) with these paragraphs."""
    return _package(paragraphs, None)


def document_with_macro(*paragraphs: str, macro: str = INERT_MACRO) -> bytes:
    """Return a Word document (.docm) with a macro. Raises `ValueError` for a macro of more than `MAX_PLAIN` bytes."""
    return _package(paragraphs, vba_project(macro))


def vba_project(source: str) -> bytes:
    """Return a macro project (vbaProject.bin) with one module ``ThisDocument``."""
    name = "ThisDocument"
    project = (
        'ID="{00000000-0000-0000-0000-000000000000}"\r\n'
        f"Document={name}/&H00000000\r\n"
        'Name="Project"\r\nHelpContextID="0"\r\nVersionCompatible32="393222000"\r\n'
        'CMG="0000"\r\nDPB="0000"\r\nGC="0000"\r\n\r\n[Host Extender Info]\r\n'
        "&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000\r\n\r\n"
        f"[Workspace]\r\n{name}=0, 0, 0, 0, C\r\n"
    )
    return compound_file(
        {
            "PROJECT": project.encode("cp1252"),
            "PROJECTwm": name.encode("cp1252") + b"\0" + name.encode("utf-16-le") + b"\0\0\0\0",
            "VBA/_VBA_PROJECT": b"\xcc\x61\xff\xff\x00\x00\x00",
            "VBA/dir": compress(_directory(name)),
            f"VBA/{name}": compress(source.encode("cp1252")),
        }
    )


def compress(plain: bytes) -> bytes:
    """Return a compressed container of one chunk made of literal tokens only ([MS-OVBA] 2.4.1). Raises `ValueError`."""
    if not 0 < len(plain) <= MAX_PLAIN:
        raise ValueError(f"{len(plain)} bytes; 1 to {MAX_PLAIN} are possible")
    data = b"".join(b"\0" + plain[at : at + 8] for at in range(0, len(plain), 8))
    header = (len(data) + 2 - 3) | 0b011 << 12 | 1 << 15
    return b"\x01" + struct.pack("<H", header) + data


def _record(id: int, data: bytes) -> bytes:
    return struct.pack("<HI", id, len(data)) + data


def _directory(module: str) -> bytes:
    """Return the plain ``dir`` stream (2.3.4.2): project information, no references, one module."""
    name = module.encode("cp1252")
    wide = module.encode("utf-16-le")
    records = (
        _record(0x01, struct.pack("<I", 3)),  # 64-bit Windows
        *(_record(id, struct.pack("<I", 0x0409)) for id in (0x02, 0x14)),
        _record(0x03, struct.pack("<H", 1252)),
        _record(0x04, b"Project"),
        *(_record(id, b"") for id in (0x05, 0x40, 0x06, 0x3D)),
        *(_record(id, bytes(4)) for id in (0x07, 0x08)),
        struct.pack("<HIIH", 0x09, 4, 1, 0),
        *(_record(id, b"") for id in (0x0C, 0x3C)),
        _record(0x0F, struct.pack("<H", 1)),
        _record(0x13, b"\xff\xff"),
        *(_record(0x19, name), _record(0x47, wide), _record(0x1A, name), _record(0x32, wide)),
        *(_record(id, b"") for id in (0x1C, 0x48)),
        *(_record(0x31, bytes(4)), _record(0x1E, bytes(4)), _record(0x2C, b"\xff\xff")),
        *(_record(id, b"") for id in (0x22, 0x2B, 0x10)),
    )
    return b"".join(records)


def _package(paragraphs: tuple[str, ...], macro: bytes | None) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{escape(one)}</w:t></w:r></w:p>" for one in paragraphs)
    text = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body>{body}</w:body></w:document>"
    )
    members = {
        "[Content_Types].xml": _TYPES.format(main=_MACRO_TYPE if macro else _PLAIN_TYPE).encode(),
        "_rels/.rels": _relations("rId1", _MAIN, "word/document.xml"),
        "word/document.xml": text.encode(),
    }
    if macro:
        members["word/_rels/document.xml.rels"] = _relations("rId1", _VBA, "vbaProject.bin")
        members["word/vbaProject.bin"] = macro
    return archive(members)


def _relations(id: str, type: str, target: str) -> bytes:
    return _RELATIONS.format(inner=_RELATION.format(id=id, type=type, target=target)).encode()


def archive(members: dict[str, bytes]) -> bytes:
    """Return a ZIP archive of `members`, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, raw in members.items():
            packed.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), raw, zipfile.ZIP_DEFLATED)
    return out.getvalue()
