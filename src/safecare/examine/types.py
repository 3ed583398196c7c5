"""What bytes are by their structure: all that hold at once, the main one first.

A file can be several things (a program that is a DICOM file too, an archive behind a picture), and each reader
takes it for its own. Names only decide where bytes can't: scripts and plain text formats.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import io
import re

from safecare.examine.acting import commands_before, commented
from safecare.examine.api import Part
from safecare.examine.late import ALONE, late
from safecare.formats.dicom import looks_like_dicom
from safecare.formats.discs import holds_files, virtual
from safecare.formats.extent import end_of
from safecare.formats.linear import linear
from safecare.formats.mbox import mails_of
from safecare.formats.multipart import is_store
from safecare.formats.wide import is_wide, narrowed

_UNREAD = {
    b"\x89LZO\0\r\n": "lzop",
    b"LRZI": "lrzip",
    b"7kSt": "zpaq",
    b"zPQ": "zpaq",
    b"SIT!": "stuffit",
    b"StuffIt ": "stuffit",
    b"ALZ\1": "alz",
    b"EGGA": "egg",
    b"ZOO ": "zoo",
    b"PEA\1": "pea",
    b"hsqs": "squashfs",
    b"sqsh": "squashfs",
    b"-rom1fs-": "romfs",
    b"EXBH": "locked-appx",
    b"EXPH": "locked-appx",
    b"AA01": "apple-archive",
    b"\xff\x06\0\0sNaPpY": "snappy",
}
"""Leading bytes of containers that no library of ours reads."""
UNREAD = frozenset({*_UNREAD.values(), "ace", "dmg"})
_START: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08PK\x03\x04", "zip"),
    (b"PK00PK\x03\x04", "zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"RE\x7e\x5e", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x5d\x00\x00", "lzma"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x50\x2a\x4d\x18", "zstd"),
    (b"\x1f\x9d", "compress"),
    (b"MSCF", "cab"),
    (b"ISc(", "installshield"),
    (b"\x60\xea", "arj"),
    (b"!<arch>\n", "ar"),
    (b"SZDD\x88\xf0\x27\x33", "szdd"),
    (b"KWAJ\x88\xf0\x27\xd1", "szdd"),
    (b"SZ \x88\xf0\x27\x33\xd1", "szdd"),
    (b"xar!", "xar"),
    (b"070701", "cpio"),
    (b"070702", "cpio"),
    (b"070707", "cpio"),
    (b"\xc7\x71", "cpio"),
    (b"\x71\xc7", "cpio"),
    (b"MZ", "pe"),
    (b"ZM", "pe"),
    (b"\x7fELF", "elf"),
    (b"\xfe\xed\xfa\xce", "macho"),
    (b"\xfe\xed\xfa\xcf", "macho"),
    (b"\xce\xfa\xed\xfe", "macho"),
    (b"\xcf\xfa\xed\xfe", "macho"),
    (b"\xbe\xba\xfe\xca", "macho"),
    (b"dex\n", "dex"),
    (b"\x00asm", "wasm"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"ITSF", "chm"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "lnk"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "onenote"),
    (b"MSWIM\x00\x00\x00", "wim"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jp2"),
    (b"\xff\x4f\xff\x51", "jp2"),
    (b"8BPS", "psd"),
    (b"\xd7\xcd\xc6\x9a", "wmf"),
    (b"ID3\x02", "mp3"),
    (b"ID3\x03", "mp3"),
    (b"ID3\x04", "mp3"),
    (b"fLaC", "flac"),
    (b"OggS\x00", "ogg"),
    (b"FLV\x01", "flv"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"\xd4\xc3\xb2\xa1", "pcap"),
    (b"\xa1\xb2\xc3\xd4", "pcap"),
    (b"\x4d\x3c\xb2\xa1", "pcap"),
    (b"\xa1\xb2\x3c\x4d", "pcap"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"LZIP", "lzip"),
    (b"\xed\xab\xee\xdb", "rpm"),
    *_UNREAD.items(),
    (b"FWS", "swf"),
    (b"CWS", "swf"),
    (b"ZWS", "swf"),
    (b"%FDF-", "fdf"),
    (b"%!PS", "postscript"),
    (b"\xc5\xd0\xd3\xc6", "postscript"),
    (b"SQLite format 3\x00", "sqlite"),
)
"""Leading bytes and the type that they tell."""

_BY_NAME = {
    "script": "php phtml pyw js jse vbs vbe wsf wsh hta ps1 psm1 bat cmd sh py pl rb sct reg scf inf".split(),
    "spreadsheet-text": "csv slk iqy".split(),
    "url": "url website".split(),
    "mail": "eml mbox".split(),
    "html": "html htm xhtml shtml".split(),
}
_ENDING = {ending: kind for kind, endings in _BY_NAME.items() for ending in endings}
_NO_TEXT = bytes(range(32)).translate(None, b"\t\n\r\x0c\x0b\x1b\x1c\x00")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1b]")
_MAIL_FIELDS = re.compile(
    rb"(?im)^(?:from|to|subject|date|received|return-path|message-id|mime-version|delivered-to|reply-to|cc|"
    rb"content-type|x-[a-z-]{2,40}|dkim-signature|authentication-results):"
)
_FIELD_LINE = re.compile(rb"(?:From [^\r\n]{1,200}\r?\n)?[!-9;-~]{1,76}:[ \t\r\n]")
_HTML = re.compile(rb"(?i)<(?:!doctype\s+html|html|head|body|script|iframe|meta|table|form|title|style|div)[\s>/]")
_PAGE = re.compile(rb"(?i)<(?:!doctype\s+html|html|script)[\s>/]")
"""What tells a page within text that begins like XML."""
_SHEET = re.compile(
    rb"(?s)(?>\s*<\?.{0,400}?\?>|\s*<!--.{0,3500}?-->){0,300}\s*<(?:[\w.-]{1,20}:)?(?:stylesheet|transform|schema)[\s>]"
)
"""Style sheets (XSLT), schemas and Schematron: they speak of records and pages, and are none.

Groups give nothing back: with many short comments the search would never end."""
_SHEBANG = re.compile(rb"#![ \t]*/[^\r\n]{1,120}")
_HL7 = re.compile(rb"(?:MSH|FHS|BHS)([^\w\s])[^\w\s]{1,5}(?:\1|[\r\n])")
_CPIO = re.compile(
    rb"(?s)07070[12][0-9A-Fa-f]{88}(?!0{8})[0-9A-Fa-f]{16}|070707[0-7]{53}(?!0{6})[0-7]{17}|\xc7\x71.{18}(?!\0\0)"
)
"""Heads of cpio archives (newc, odc, binary) whose first name is not empty: libarchive's binding dies of one."""
_BITMAPS = frozenset({12, 40, 52, 56, 64, 108, 124})
"""Sizes of the second head of bitmaps, in bytes ([MS-WMF] 2.2.2, OS/2's of 12 and 64)."""
_OBJECTS = linear(rb"\d\s+obj\b|\bstartxref\b|\btrailer\b")
_CAPTURES = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\n\r\r\n", b"SQLite f", b"!<arch>\n", b"07070")
"""Heads of what holds other files from its first bytes on."""
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[?!a-zA-Z]|(?:MIME-Version|Content-Type):", re.IGNORECASE)
"""How text begins that is read as such, whatever stands behind it."""
HOLDERS = frozenset(
    {
        *("tar", "cpio", "ar", "iso", "disc", "ole", "rar", "7z", "cab", "gzip", "bzip2", "xz", "zstd", "lz4"),
        "onenote",
        "sqlite",
        "pcap",
        "pcapng",
    }
)
"""What holds other files: a ZIP archive within is one of them."""
_UUE = re.compile(rb"(?m)^begin [0-7]{3,4} [^\r\n]{1,200}\r?\n[!-`]")
MAIL = "message/rfc822"
"""Media type of one mail (RFC 2046, section 5.2.1), also where its text holds lines that stand between mails."""
_HEAD = 4096
_TAIL = 66_000
"""Bytes at the end in which a ZIP directory's end must lie: 22 + 65,535 (APPNOTE 4.3.16)."""


def recognise(part: Part) -> tuple[str, ...]:
    """Return all types that `part` is; what its analyser stated comes first. Empty for plain unknown bytes."""
    raw = part.raw
    if not raw:
        return (*part.types, "empty")
    found = list(part.types)
    head = raw[:_HEAD]
    for mark, kind in _START:
        if head.startswith(mark) and (kind != "cpio" or _CPIO.match(head)):
            found.append(kind)
    begun = bool(found)
    found += _placed(raw, head)
    if not begun and _MARKUP.match(head):
        found = [kind for kind in _textual(raw, head, part) if kind != "text"] + found
    if "zip" in found[1:] and found[0] in HOLDERS and not _ends_as_zip(raw, found[0]):
        found.remove("zip")
    found += [kind for kind, _ in late(raw, found)]
    if not found and is_store(head):
        return ("dicomweb",)
    if not found and looks_like_dicom(raw):  # without preamble and prefix, as old devices write
        return (*found, "dicom")
    if found and "script" not in found and _spoken(raw, found[0]):
        found.append("script")
    if found[:1] == ["zip"] or (found[:1] in (["script"], ["pe"], ["elf"], ["macho"]) and "zip" in found):
        found[found.index("zip") : 0] = _packaged(raw)
    if not found or set(found) <= {"lzma", "arj"}:
        found += _textual(raw, head, part)
        found += [kind for kind, _ in late(raw, found)]
    if not found:
        claimed = _ENDING.get(ending(part.name), "")
        found += [claimed] if claimed == "script" else []
    if found[:1] == ["mail"] and part.media != MAIL and mails_of(io.BytesIO(raw)):
        found[0] = "mbox"
    return tuple(dict.fromkeys(found)) or ("data",)


def _spoken(raw: bytes, main: str) -> bool:
    """Tell whether a script's interpreter takes the file for a script: by a comment in its head, or what is before."""
    if main == "zip" and not raw.startswith(b"PK"):
        return commands_before(raw[: max(0, raw.find(b"PK\x03\x04"))])
    return commented(raw, main, picture=main in ALONE)


def ending(name: str) -> str:
    """Return the last ending of `name`, lower case, without the dot and without what Windows ignores."""
    last = name.replace("\\", "/").rstrip(". ").rpartition("/")[2]
    stem, dot, end = last.rpartition(".")
    return end.lower() if dot and stem else ""


def _placed(raw: bytes, head: bytes) -> list[str]:
    """Return the types that a few letters at the start don't tell, or whose mark stands elsewhere."""
    found: list[str] = []
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAPS:
        found.append("bmp")
    if head.startswith(b"\xca\xfe\xba\xbe"):  # compiled Java counts its version from 45; few programs are in one file
        found.append("class" if int.from_bytes(head[4:8], "big") >= 45 else "macho")
    if head.startswith(b"\0\0\1\0") and 22 <= int.from_bytes(head[18:22], "little") < len(raw):
        found.append("ico")
    if head.startswith(b"\n\r\r\n") and head[8:12] in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d"):
        found.append("pcapng")
    if head[36:40] == b"acsp":
        found.append("icc")
    if head[2:4] == b"\1\0" and head[20:22] == b"\x46\0" and head[1:2] in (b"\4", b"\5", b"\6", b"\x0a"):
        found.append("job")
    if _SHEBANG.match(head):
        found.append("script")
    if raw[128:132] == b"DICM":
        found.append("dicom")
    if _is_document(raw, head):
        found.append("pdf")
    if raw[257:262] == b"ustar":
        found.append("tar")
    if raw[0x8001:0x8006] in (b"CD001", b"BEA01", b"NSR02", b"NSR03"):
        found.append("iso")
    if kind := virtual(raw):
        found.append(kind)
    if holds_files(raw):
        found.append("disc")
    if raw[2:5] == b"-lh" or raw[2:5] == b"-lz":
        found.append("lzh")
    if raw[7:14] == b"**ACE**":
        found.append("ace")
    if raw[-512:-508] == b"koly":
        found.append("dmg")
    if raw[4:8] == b"ftyp":
        found.append("mp4")
    if head.startswith(b"RIFF"):
        found.append({b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}.get(raw[8:12], "riff"))
    end = raw[-_TAIL:]  # one letter that text does not hold is looked for first: much faster
    if not head.startswith(b"PK") and b"\x05" in end and b"PK\x05\x06" in end and b"PK\x01\x02" in raw:
        found.append("zip")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rt"):
        found.append("rtf")
    return found


def _is_document(raw: bytes, head: bytes) -> bool:
    """Tell whether readers of PDF take it: the mark in the first 1,024 bytes (ISO 32000-1, annex H.3), objects behind.

    The first member of an archive that stores it as it is does not count: it is judged as that member.
    """
    at = head[:1024].find(b"%PDF-")
    if at <= 0:
        return at == 0
    if not _OBJECTS.search(raw, at) or head.startswith(_CAPTURES):
        return False
    if head.startswith(b"PK\x03\x04"):
        name, extra = (int.from_bytes(head[place : place + 2], "little") for place in (26, 28))
        return at != 30 + name + extra
    return at % 512 != 0 or not (raw[257:262] == b"ustar" or head.startswith(b"\xd0\xcf\x11\xe0"))


def _ends_as_zip(raw: bytes, kind: str) -> bool:
    """Tell whether a ZIP archive stands behind what holds other files, and is not one of those.

    A notebook never ends with a file that it holds ([MS-ONESTORE] 2.6.13: a mark of 16 bytes follows each), whatever
    length it says to have.
    """
    at, end = raw.rfind(b"PK\x05\x06"), end_of(kind, raw)
    comment = int.from_bytes(raw[at + 20 : at + 22], "little")
    last = 0 <= len(raw) - (at + 22 + comment) <= 2
    return at >= end or (last and kind == "onenote") if end else last


def _packaged(raw: bytes) -> list[str]:
    """Return what a ZIP archive is besides: the names stand plainly in its headers."""
    found = ["odf"] if raw[30:38] == b"mimetype" and b"opendocument" in raw[38:120] else []
    at = raw.rfind(b"PK\x05\x06")
    names = raw[max(0, at - int.from_bytes(raw[at + 12 : at + 16], "little")) : at] if at > 0 else b""
    if b"META-INF/manifest.xml" in names and b"content.xml" in names:  # its first member may be packed, or missing
        found = ["odf"]
    if b"[Content_Types].xml" in raw:  # may stand in any package, which goes by its own member
        found.append("ooxml")
    if found:
        return found
    if b"IHE_XDM/" in names and b"DICOMDIR" not in names:
        return ["xdm"]
    if b"AndroidManifest.xml" in raw[-_TAIL:]:
        return ["apk"]
    return ["jar"] if b"META-INF/MANIFEST.MF" in raw[-_TAIL:] and b".class" in raw[-_TAIL:] else []


def _textual(raw: bytes, head: bytes, part: Part) -> list[str]:
    """Return the types of text, whatever its letters are made of."""
    framed = head[1:] if head.startswith(b"\x0b") else head  # frames of MLLP are of 8 bits, whatever stands within
    if is_wide(framed):
        head = narrowed(framed)
    elif len(head) - len(head.translate(None, _NO_TEXT)) > len(head) // 50:
        if not _MARKUP.match(head):
            return []
        head = _BINARY.split(head, maxsplit=1)[0]
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x0b\x1c")
    low = start[:1024].lower()
    found: list[str] = []
    claimed = _ENDING.get(ending(part.name), "")
    if _HL7.match(start):
        found.append("hl7")
    if low.startswith(b"<?xml") or re.match(rb"<(?:!doctype\s+(?!html)|!--|[a-z_:])[\w:.-]*[\s>/]", low):
        found.append("xml")
        if _SHEET.match(start):
            found.insert(0, "xsl")
        elif b"<clinicaldocument" in start.lower() or b"urn:hl7-org:v3" in start:
            found.insert(0, "cda")
        if b"http://hl7.org/fhir" in start:
            found.insert(0, "fhir")
        if re.search(rb"<(?:\w+:)?svg[\s>]", low):
            found.insert(0, "svg")
    if low.startswith(b"{") and b'"resourcetype"' in start.lower():
        found += ["fhir", "json"]
    elif re.match(rb"[\[{]\s*[\[{\"\d\]}-]", low):
        found.append("json")
    if b"[internetshortcut]" in low and low.startswith(b"["):
        found = ["url"]
    if low.startswith(b"[desktop entry]"):
        found.append("desktop")
    if _is_mail(start, claimed):
        found.append("mail")
    elif (_HTML if found[:1] != ["xml"] else _PAGE).search(head[:2048]) and not {"cda", "svg", "xsl"} & set(found):
        found = ["html", *(kind for kind in found if kind != "xml")]
    if not found or found == ["xml"]:
        if claimed:
            found.insert(0, claimed)
        elif _UUE.search(raw[:65536]):
            found.append("uue")
    return found or ["text"]


def _is_mail(start: bytes, claimed: str) -> bool:
    if not _FIELD_LINE.match(start):
        return False
    fields: set[bytes] = set()
    for found in _MAIL_FIELDS.finditer(start.split(b"\n\n")[0].split(b"\r\n\r\n")[0]):
        fields.add(found[0].lower())
        if len(fields) >= (1 if claimed == "mail" else 2):
            return True
    return False
