"""What OLE files hold inside: packaged files, embedded documents, attachments of Outlook items, installers' cabinets.

Source: [MS-OLEDS] 2.3 (Ole10Native), [MS-PPT] 2.10.34 (ExOleObjStg), [MS-OXMSG] 2.2 (storages of a message).
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.types import ending, recognise
from safecare.model.text import say

MOST_STREAMS = 2000
"""Streams that are looked at. Chosen: mail items with many attachments stay below 300."""
INSTALLERS = frozenset({"000C1084-0000-0000-C000-000000000046", "000C1086-0000-0000-C000-000000000046"})
"""Class of Windows Installer packages and patches (Microsoft, "OLE Limitations on Streams"): they carry programs."""
_STRINGS = "\u4840\u3f3f\u4577\u446c\u3b6a\u45e4\u4824"
"""Name of the stream with all strings of an installer's tables (``_StringData``, coded), its commands among them."""
EQUATION = "0002CE02-0000-0000-C000-000000000046"
"""Class of the old equation editor (CVE-2017-11882)."""
MOST_READ = 4
"""Bytes of all streams together, over those of the file. Chosen: honest streams share no sectors."""
MOST_TRIED = 4
"""Passwords tried on one document. Chosen: each one takes 0.1 s, as its makers wanted."""
DEFAULT_PASSWORD = "VelvetSweatshop"  # noqa: S105 - published: [MS-XLS] 2.2.10 opens such files without asking
READ = 0.1
"""Weight of a package that holds text, a picture or a document: it is judged itself. As any embedded object."""
_READ = frozenset("txt csv log png jpg jpeg gif bmp tif tiff pdf docx xlsx pptx odt ods odp doc xls ppt".split())  # noqa: SIM905
_READ_TYPES = frozenset("text spreadsheet-text png jpeg gif bmp tiff pdf ooxml odf ole zip empty".split())  # noqa: SIM905
_PACKED_NAME = re.compile(rb"(?<=[\x00\\/])[\w .()&,;+~@#=\x80-\xff-]{1,200}\.\w{1,12}(?=\x00)")
MOST_NAMES = 2048
"""Bytes at the start of a package in which its names stand."""
PACKAGE = say("A document holds a file as a package, which a click opens.")
_STORED = 0x1011
"""Record type ExOleObjStg and its like ([MS-PPT] 2.13.24)."""
_HEADS = (
    b"MZ",
    b"MSCF",
    b"PK\x03\x04",
    b"%PDF-",
    b"\xd0\xcf\x11\xe0",
    b"FWS",
    b"CWS",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x7fELF",
)
"""How streams begin that are files of their own."""
_SKIPPED = frozenset(
    "workbook book worddocument 1table 0table data pictures encryptedpackage encryptioninfo".split()  # noqa: SIM905
)


@analyser("ole", wants={"ole"}, needs=("msoffcrypto", "olefile"))
class Ole:
    """Unpacks what stands in the streams of an OLE file."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield packaged files and embedded documents."""
        import olefile

        try:
            ole = olefile.OleFileIO(io.BytesIO(part.raw), raise_defects=olefile.DEFECT_FATAL)
            paths = ole.listdir(streams=True, storages=False)
        except Exception as error:
            raise UnreadableError(f"its structure is damaged ({type(error).__name__})") from error
        if len(paths) > MOST_STREAMS:
            raise LimitError("members", part.path)
        names = {"/".join(path).lower() for path in paths}
        with ole:
            streams = Streams(ole, MOST_READ * len(part.raw))
            if any(name.startswith("__substg1.0_") or "/__substg1.0_" in name for name in names):
                yield from _message(streams, paths, part, context)
            for path in paths:
                yield from self._stream(streams, path, part, context)
        if streams.damaged:
            yield Finding("office.broken", say("A document is damaged, or is not what it says."))
        last = {name.rsplit("/", 1)[-1] for name in names}
        if last & {"encryptedpackage", "encryptioninfo"} or "workbook" in last:
            yield from _unlocked(part, context)

    def _stream(self, streams: Streams, path: list[str], part: Part, context: Context) -> Iterator[Finding | Part]:
        name = path[-1].lower()
        if name in _SKIPPED or name.startswith("__substg1.0_"):
            return
        raw = streams.read(path)
        if name == "\x01ole10native":
            yield from package(raw, part, context, equation=streams.class_of(path) == EQUATION)
        elif name == _STRINGS and streams.kind in INSTALLERS:
            context.budget.take(len(raw), "strings")
            yield part.child("actions", raw, origin="text.coded", types=("script",))
        elif name == "powerpoint document":
            yield from _slides(raw, part, context)
        elif name == "equation native":
            yield Finding("office.equation", say("A document holds an equation of the old, unsafe editor."), 0.3)
        elif raw.startswith(_HEADS):
            context.budget.take(len(raw), name)
            origin = "installer.file" if streams.kind in INSTALLERS else "ole.stream"
            yield part.child(_clean(path[-1]), raw, origin=origin)
        elif raw[4:6] in (b"x\x9c", b"x\x01", b"x\xda"):  # storages in Word XML of 2003 are packed so
            inner = context.budget.inflate(raw[4:], name, zlib.MAX_WBITS)
            if inner.startswith(_HEADS):
                yield part.child(_clean(path[-1]), inner, origin="ole.stream")
        elif name == "contents" and raw[4:8] in (b"FWS\x06", b"CWS\x06"):
            yield Finding("office.flash", say("A document holds a Flash film."), 0.6)


class Streams:
    """The streams of an open OLE file; `most` bytes are read of all together. Damaged ones are empty, and counted."""

    def __init__(self, ole: Any, most: int) -> None:
        self._ole, self._left = ole, most
        self.kind = str(ole.root.clsid).upper()
        self.damaged = 0

    def read(self, path: list[str]) -> bytes:
        """Return a stream. Raises `LimitError`: streams that share their sectors are read again and again."""
        try:
            self._left -= int(self._ole.get_size(path))
            raw = bytes(self._ole.openstream(path).read()) if self._left >= 0 else b""
        except Exception:  # noqa: BLE001 - olefile raises anything; it is counted, and the others are read
            self.damaged += 1
            return b""
        if self._left < 0:
            raise LimitError("members", "streams")
        return raw

    def class_of(self, path: list[str]) -> str:
        """Return the class of the storage in which a stream stands; empty where that can't be told."""
        try:
            return str(self._ole.getclsid(path[:-1])).upper() if len(path) > 1 else self.kind
        except Exception:  # noqa: BLE001 - a damaged directory
            return ""

    def holds(self, path: list[str]) -> bool:
        """Tell whether there is a stream of that name."""
        return bool(self._ole.exists(path))


def package(raw: bytes, part: Part, context: Context, *, equation: bool = False) -> Iterator[Finding | Part]:
    """Yield the file in an Ole10Native stream, and that there is one.

    What has no names is data of another program of OLE 1 (a picture, a sound) and opens as nothing else ([MS-OLEDS]
    2.3.6); of that, only the old `equation` editor runs what it is given.
    """
    label, data = unpack_native(raw)
    if data.startswith(b"\xd0\xcf\x11\xe0") and not label:  # an embedded document, no package
        yield part.child("embedded", data, origin="ole.embedded")
        return
    if not data and not label:
        return
    context.budget.take(len(data), label)
    inside = part.child(label or "package", data, origin="ole.package")
    if not label and not equation:
        yield inside
        return
    weight = READ if is_read(raw, inside) else 0.55
    yield Finding("office.embedded.package", PACKAGE, weight, Where(tag=label[:80]), kind="office.content")
    yield inside


def is_read(raw: bytes, inside: Part) -> bool:
    """Tell whether a package only opens something to be read: by all of its names, and by what it is.

    It has three names (shown, source, temporary file); Windows goes by the last one.
    """
    told = [one for one in _PACKED_NAME.findall(raw[:MOST_NAMES]) if one]
    plain = bool(told) and all(ending(one.decode("latin-1")) in _READ for one in told)
    return plain and not set(recognise(inside)) - _READ_TYPES


def unpack_native(raw: bytes) -> tuple[str, bytes]:
    """Return the file name and the bytes in an Ole10Native stream; a bare block of data has no name."""
    if len(raw) < 8:
        return "", b""
    if raw[4:6] != b"\x02\x00":
        return "", raw[4:]
    fields = raw[6:].split(b"\x00", 2)
    if len(fields) < 3:
        return "", raw[4:]
    label, source, rest = fields
    name = re.split(r"[\\/]", (source or label).decode("latin-1"))[-1]
    place = 4  # two unknown fields: [MS-OLEDS] leaves them open; olefile and oletools read them so
    if len(rest) < place + 4:
        return name, b""
    size = struct.unpack_from("<I", rest, place)[0]
    place += 4 + min(size, 4096)
    if len(rest) < place + 4:
        return name, b""
    length = struct.unpack_from("<I", rest, place)[0]
    return name, rest[place + 4 : place + 4 + length]


def _slides(raw: bytes, part: Part, context: Context) -> Iterator[Finding | Part]:
    """Yield the OLE objects stored in a PowerPoint stream; instance 1 is packed by zlib after its size."""
    place, count = 0, 0
    mark = struct.pack("<H", _STORED)
    while (place := raw.find(mark, place)) >= 0 and count < 200:
        start, place = place - 2, place + 2
        if start < 0 or start + 8 > len(raw):
            continue
        head, length = struct.unpack_from("<H2xI", raw, start)
        if head & 15 or not 8 < length <= len(raw) - start - 8:
            continue
        data = raw[start + 8 : start + 8 + length]
        count += 1
        if head >> 4 == 1:
            data = context.budget.inflate(data[4:], "object", zlib.MAX_WBITS)
        elif not data.startswith(b"\xd0\xcf\x11\xe0"):
            continue
        yield part.child(f"object-{count}", data, origin="ole.embedded")
        place = start + 8 + length


def _unlocked(part: Part, context: Context) -> Iterator[Finding | Part]:
    """Yield the document if it opens with Office's built-in password, or with one that its mail tells."""
    for word in dict.fromkeys((DEFAULT_PASSWORD, *context.passwords[:MOST_TRIED])):
        raw = _decrypted(part.raw, word)
        if not raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            continue
        context.budget.take(len(raw), "decrypted")
        if word == DEFAULT_PASSWORD:
            why = say(
                "A document is encrypted with the password that Office tries by itself: only filters can't read it."
            )
            yield Finding("office.default-password", why, 0.4, kind="office.content")
        yield part.child(f"decrypted-{part.name}", raw, origin="ole.decrypted")
        return


def _decrypted(raw: bytes, word: str) -> bytes:
    """Return the document `raw` decrypted with `word`; empty where it is not encrypted, or not so."""
    import msoffcrypto

    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(raw))
        if not office.is_encrypted():
            return b""
        office.load_key(password=word)
        out = io.BytesIO()
        office.decrypt(out)
    except Exception:  # noqa: BLE001 - another password, or damaged: msoffcrypto raises anything
        return b""
    return out.getvalue()


def _message(streams: Streams, paths: list[list[str]], part: Part, context: Context) -> Iterator[Finding | Part]:
    """Yield an Outlook item as a mail (header, text, page), and its attachments."""
    values: dict[str, bytes] = {}
    for path in paths:
        name = path[-1].lower()
        if not name.startswith("__substg1.0_"):
            continue
        if len(path) == 1 and name[12:16] in ("007d", "1000", "1013", "0037", "0c1f"):
            values[name[12:20]] = streams.read(path)
        if name[12:16] == "3701" and len(path) > 1:
            raw = streams.read(path)
            context.budget.take(len(raw), name)
            yield part.child(_attached(streams, path), raw, origin="mail.attachment")
    header = values.get("007d001f", b"").decode("utf-16-le", "replace").encode() or values.get("007d001e", b"")
    subject = values.get("0037001f", b"").decode("utf-16-le", "replace")
    page = values.get("10130102", b"")
    text = page or values.get("1000001f", b"").decode("utf-16-le", "replace").encode() or values.get("1000001e", b"")
    if not header:
        header = b"Subject: " + subject.replace("\n", " ").encode() + b"\nMIME-Version: 1.0\n"
    lines = [one for one in re.split(rb"\r?\n(?![ \t])", header.strip()) if not one.lower().startswith(b"content-")]
    kind = b"text/html" if page else b"text/plain"
    mail = b"\n".join([*lines, b"Content-Type: " + kind + b"; charset=utf-8", b"", text])
    yield part.child("message", mail, origin="msg.message", types=("mail",))


def _attached(streams: Streams, path: list[str]) -> str:
    for name in ("__substg1.0_3707001F", "__substg1.0_3704001F", "__substg1.0_3707001E"):
        if streams.holds([*path[:-1], name]):
            raw = streams.read([*path[:-1], name])
            return raw.decode("utf-16-le" if name.endswith("F") else "latin-1", "replace")
    return "attachment"


def _clean(name: str) -> str:
    return re.sub(r"[^\w. -]", "", name) or "stream"
