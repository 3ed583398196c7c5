"""Values of a data set: payloads, scripts, paths in identifiers, and addresses that a viewer would fetch from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import Finding, Part, Where
from safecare.examine.medical import commands, payload
from safecare.examine.medical.carried import coded
from safecare.examine.medical.dicom_directory import FILE_ID, file_id
from safecare.examine.medical.identity import named
from safecare.examine.medical.masked import masked
from safecare.examine.medical.meshes import MEDIA, meshes
from safecare.formats.dicom import Dicom, Element, shown
from safecare.formats.dicom.model import ITEM, PIXEL_DATA
from safecare.formats.linear import linear
from safecare.model.text import Text, say

DOCUMENT, _DOCUMENT_MEDIA = 0x00420011, 0x00420012
"""Encapsulated Document and its MIME Type: PS3.3 C.24.2."""
_PIXEL_URL = 0x00287FE0
_ADDRESSES = {_PIXEL_URL, 0x00081190, 0x0040E010, 0x00081196}
"""Pixel Data Provider URL, Retrieve URL, Retrieve URI, Warning-free retrieve: PS3.3 C.12.1, C.17.2; PS3.5 A.6."""
_UIDS = frozenset(
    {0x00020002, 0x00020003, 0x00020010, 0x00080014, 0x00080016, 0x00080018, 0x00080058, 0x00081150, 0x00081155}
    | {0x0020000D, 0x0020000E, 0x00200052, 0x00200200, 0x00041510, 0x00041511, 0x00041512, 0x0040A124, 0x00081195}
)
"""Attributes of VR UI where the file writes no VR; the common ones of PS3.6."""
_UID_LETTERS = b"0123456789.\0\\ "
_PATH = re.compile(rb"/|:|(?:^|[\\/])\.\.(?:[\\/]|$|\0)|[;|`$<>&]")
_NAMED = (0x00080050, 0x00080060, 0x00080080, 0x00081010, 0x00100010, 0x00100020, 0x00200010, 0x00200011, 0x00200013)
"""What archives and receivers name folders by, identifiers of VR UI apart: Accession Number, Modality, Institution
and Station Name, Patient's Name and ID, Study ID, Series and Instance Number (CVE-2022-2119, CVE-2026-56445)."""
_NAMED_WITHIN = frozenset({0x30060002, 0x30060026, 0x00620005, 0x00620020})
"""What exporters name the file of a contour or segment by, in items too: Structure Set Label, ROI Name, Segment Label,
Tracking ID."""
_CLIMBS = re.compile(rb"(?:^|[\\/=^])\.\.[\\/]")
_LONGEST = 1024
"""Bytes of such a value that are read. Chosen: names of 64 letters in three scripts take less."""
_CHARSET = 0x00080005
_SHIFTS = linear(rb"\x1b(?:\$?[()\-./*+,]?[@-Z])")
"""Escapes of ISO 2022 that choose a set of characters (PS3.3 C.12.1.1.2); a reader that knows them shows none."""
_PATIENT = (0x00100010, 0x00100020)
_SCRIPTS = {"ISO_IR 192": "utf-8", "ISO_IR 144": "iso8859_5", "ISO_IR 126": "iso8859_7", "GB18030": "gb18030"}
"""Sets of characters that hold Latin and a script with look-alikes of it: PS3.3 C.12.1.1.2."""
_RISKY_ENDING = re.compile(rb"(?i)\.(?:exe|dll|scr|bat|cmd|ps1|vbs|js|hta|msi|lnk|sh|jar)(?:[?#\0 ]|$)")
_SCHEME = re.compile(rb"(?i)\s*([a-z][a-z0-9+.-]*):")
_INNER = re.compile(rb"(?i)https?://(?:169\.254\.|metadata\.)")
"""Addresses of the services of a machine's host (server-side request forgery)."""
_MEDIA = {b"application/pdf": (b"%PDF-",), b"text/xml": (b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")}
"""How documents of a media type begin; leading white space apart."""
_WEIGHT = {"zip": 0.4, "gzip": 0.2, "pdf": 0.2, "rtf": 0.3, "ole": 0.55}
"""Weight of kinds that honest private data holds at times; a program or another archive has no such excuse. Chosen."""
_GROUP_LENGTH = 64
"""Bytes of a group length (gggg,0000), a number of 4 bytes by PS3.5 section 7.2, that no slip explains. Chosen."""
_NO_CREATOR = 0.2
"""Added where nobody reserved the private block (PS3.5 section 7.8.1). Chosen."""
SECOND = {0x5A, 0x45, 0x4B}
"""Second bytes of programs and archives: the first ones where words of 16 bits are turned."""
_BYTES = frozenset({"OB", "UN", ""})
_LZMA = 0x5D
"""First byte of LZMA as all its packers write it: properties lc 3, lp 0, pb 2 (lzma-file-format.txt)."""
_LEAST_MASKED, _MASKED_HEAD = 64, 1024
"""Bytes of a private value from which its head is read under keys, and of that head. Chosen."""
SWAPPED = 4096
"""Bytes of a value in big endian that are turned to see what they begin. Chosen."""


def values(part: Part, found: Dicom) -> Iterator[Finding | Part]:
    """Yield what the values hold."""
    body, told = found.body, set[int]()
    first = payload.FIRST | SECOND if found.syntax.big else payload.FIRST
    for source, elements in ((found.data, found.meta), (body, found.elements)):
        for place, one in enumerate(elements):
            tag, vr, _, at, length, _ = one
            if not length or tag == ITEM or (tag == PIXEL_DATA and one.parent < 0):
                continue
            if vr == "UI" or (not vr and tag in _UIDS):
                raw = source[at : at + length]
                if raw.translate(None, _UID_LETTERS):
                    yield from _uid(part, found, one, raw)
            elif tag in _ADDRESSES or vr == "UR":
                yield from _address(part, found, one)
            elif tag == FILE_ID:
                yield from file_id(part, found, one, _of(part, found, one))
            elif tag == DOCUMENT:
                told.add(at)
                yield from _document(part, found, one)
            elif not tag & 0xFFFF and length > _GROUP_LENGTH:
                why = say("A length of a group of elements holds {count} bytes, where a number belongs.", count=length)
                yield Finding("dicom.group-length", why, 0.6, _of(part, found, one))
            elif length > 15 and vr != "SQ" and source[at] in first:
                begun = payload.begins(source, at, at + length)
                if not begun and found.syntax.big and vr == "OW":
                    begun = payload.begins(_swapped(source[at : at + min(length, SWAPPED)]))
                if begun and source is found.data and elements is found.meta:
                    yield from _payload(part, found, -1, begun, at, source, at + length)
                elif begun:
                    told.add(at)
                    yield from _payload(part, found, place, begun, at)
                elif payload.zlib_packed(source[at : at + 512]):
                    yield part.child(found.path(place), source[at : at + length], origin="dicom.value", types=("zlib",))
            if tag >> 16 & 1 and length > _LEAST_MASKED and vr in _BYTES and source is body:
                yield from _packed(part, found, place)
    for start, stop in _regions(found):
        yield from _hidden(part, found, start, stop, told)
    yield from _masked(part, found)
    yield from _climbing(part, found)
    yield from _people(part, found)
    if found.syntax.deflated:
        yield from _texts(part, found, found.data[: found.start], 0)


def _climbing(part: Part, found: Dicom) -> Iterator[Finding]:
    """Tell of a value that names folders and climbs out of them."""
    pixel_data = found.top.get(PIXEL_DATA)
    stop = len(found.body) if pixel_data is None else pixel_data.start
    if found.body.find(b"../", 0, stop) < 0 and found.body.find(b"..\\", 0, stop) < 0:
        return
    within = [one for one in found.elements if one.tag in _NAMED_WITHIN]
    for one in (*(found.top.get(tag) for tag in _NAMED), *within):
        raw = found.body[one.value : one.end] if one is not None and 2 < one.length <= _LONGEST else b""
        if one is not None and b".." in raw and _CLIMBS.search(raw):
            why = say("An identifier is written as a path or command: {text}.", text=_text(raw))
            yield Finding("dicom.uid.path", why, 0.9, _of(part, found, one))


def _people(part: Part, found: Dicom) -> Iterator[Finding]:
    """Tell of a patient's name or number whose letters deceive."""
    code = _SCRIPTS.get(found.text(_CHARSET).rpartition("\\")[2].strip().replace(" 2022 IR ", "_IR "))
    raw = [(tag, found.bytes_of(tag, _LONGEST)) for tag in _PATIENT]
    if code and not all(value.isascii() for _, value in raw):
        yield from named(
            ((shown(tag), _SHIFTS.sub(b"", value).decode(code, "ignore").strip("\0 ")) for tag, value in raw), part.path
        )


def _packed(part: Part, found: Dicom, place: int) -> Iterator[Part]:
    """Yield a private value that is packed without a mark of its own, if what it begins with is a file to be judged."""
    one = found.elements[place]
    head = found.body[one.value : one.value + min(one.length, 512)]
    kind = "lzma" if head[0] == _LZMA and head[5:13] in (b"\xff" * 8, head[5:10] + b"\0\0\0") else "deflate"
    turned = found.body[one.value : one.end].rstrip(b"\0")[: -_MASKED_HEAD - 1 : -1]
    if payload.begins(turned):
        yield part.child(found.path(place), found.body[one.value : one.end].rstrip(b"\0")[::-1], origin="dicom.value")
    if kind == "lzma" or payload.holds(payload.inflates(head, -15, _MASKED_HEAD)):
        yield part.child(found.path(place), found.body[one.value : one.end], origin="dicom.value", types=(kind,))


def _masked(part: Part, found: Dicom) -> Iterator[Finding]:
    """Tell of a payload under a mask, in the pixels too: in the whole data set, and at the begin of private values."""
    hit = masked(found.body)
    at = hit[2] if hit else 0
    if not hit:
        for one in found.elements:
            if one.tag >> 16 & 1 and one.length > _LEAST_MASKED:
                hit = masked(found.body[one.value : one.value + min(one.length, _MASKED_HEAD)])
                at = one.value
                if hit:
                    break
    if hit:
        why = say("A file of kind {kind} stands here under a key that hides it ({key}).", kind=hit[0], key=hit[3].hex())
        yield Finding("dicom.value.masked", why, 0.9, _where(part, found, found.at(at), at, found.end))


def _swapped(raw: bytes) -> bytes:
    """Return words of 16 bits turned: what a reader makes of OW in big endian."""
    even = raw[: len(raw) // 2 * 2]
    out = bytearray(even)
    out[::2], out[1::2] = even[1::2], even[::2]
    return bytes(out)


def _regions(found: Dicom) -> Iterator[tuple[int, int]]:
    """Yield the stretches of the data set around documents and pixels, which are judged for themselves."""
    at = 0 if found.syntax.deflated else 132 if found.preamble else 0
    stop = len(found.body) if found.syntax.deflated else found.end
    for tag in (DOCUMENT, PIXEL_DATA):
        one = found.top.get(tag)
        if one is not None and one.length > 0 and at <= one.start:
            yield at, one.start
            at = one.end
    if at < stop:
        yield at, stop


def _hidden(part: Part, found: Dicom, start: int, stop: int, told: set[int]) -> Iterator[Finding | Part]:
    body = found.body
    for kind, sort, at in payload.hidden(body, start, stop):
        index = found.at(at)
        one = found.elements[index] if index >= 0 else None
        if one is None or not any(one.value <= known <= at for known in told if known <= at):
            told.add(at)
            yield from _payload(part, found, index, (kind, sort), at)
    yield from _texts(part, found, body[start:stop], start)


def _texts(part: Part, found: Dicom, text: bytes, start: int) -> Iterator[Finding | Part]:
    """Yield scripts, commands and coded files in `text`, which begins at `start`."""
    for low, high in commands.scripted(text):
        index = found.at(start + low)
        shown = text[low : min(high, low + 40)].decode("latin-1")
        why = say("A value holds a script or command: {text}.", text=shown)
        yield Finding("dicom.value.script", why, 0.9, _where(part, found, index, start + low, start + high))
    if b"\x1b" in text and b"2022" in found.bytes_of(_CHARSET, 128):
        plain = _SHIFTS.sub(b"", text)
        place = next(commands.scripted(plain), None) if plain != text else None
        if place and not commands.names_command(text):
            why = say("A value holds a script or command, written in escapes.")
            yield Finding("dicom.value.script", why, 0.9, _where(part, found, -1, start, start + len(text)))
    for low, high, raw in coded(text):
        index = found.at(start + low)
        test = payload.EICAR in raw
        begun = payload.begins(raw) or (("eicar", payload.TEST) if test else ("script", payload.SCRIPT))
        why = say("A value holds a file of kind {kind}, spelled in letters.", kind=begun[0])
        where = _where(part, found, index, start + low, start + high)
        yield Finding(f"dicom.value.{begun[1]}", why, _weight(found, index, begun[0]), where)
        yield part.child(found.path(index) or "data set", raw, origin="dicom.value")


def _payload(
    part: Part, found: Dicom, index: int, begun: tuple[str, str], at: int, source: bytes = b"", stop: int = 0
) -> Iterator[Finding | Part]:
    """Yield what begins at `at` of the data set; with `source`, of these bytes up to `stop`."""
    kind, sort = begun
    end = stop or (found.elements[index].end if index >= 0 else found.end)
    why = say("A value holds a file of kind {kind}.", kind=kind)
    where = _where(part, found, index, at, end)
    yield Finding(f"dicom.value.{sort}", why, _weight(found, index, kind), where)
    if sort != payload.TEST:
        yield part.child(found.path(index) or "data set", (source or found.body)[at:end], origin="dicom.value")


def _weight(found: Dicom, index: int, kind: str) -> float:
    weight = _WEIGHT.get(kind, 0.95)
    if weight < 0.5 and index >= 0 and not _reserved(found, index):
        weight += _NO_CREATOR
    return weight


def _reserved(found: Dicom, index: int) -> bool:
    """Tell whether element `index` is a standard one, or a private one whose block somebody reserved."""
    one = found.elements[index]
    if not one.tag >> 16 & 1:
        return True
    creator = one.tag & 0xFFFF0000 | (one.tag & 0xFFFF) >> 8
    return any(other.tag == creator and other.parent == one.parent for other in found.elements)


def _uid(part: Part, found: Dicom, one: Element, raw: bytes) -> Iterator[Finding]:
    if _PATH.search(raw):
        why = say("An identifier is written as a path or command: {text}.", text=_text(raw))
        yield Finding("dicom.uid.path", why, 0.9, _of(part, found, one))
    else:
        why = say("An identifier holds other things than numbers and dots: {text}.", text=_text(raw))
        yield Finding("dicom.uid.letters", why, 0.1, _of(part, found, one))


def _address(part: Part, found: Dicom, one: Element) -> Iterator[Finding]:
    raw = found.body[one.value : one.end].strip(b"\0 ")
    scheme = _SCHEME.match(raw)
    foreign = raw.startswith((b"\\\\", b"//")) or (
        scheme and scheme.group(1).lower() not in (b"http", b"https", b"urn")
    )
    why: Text
    if foreign or _RISKY_ENDING.search(raw) or payload.PLAIN_SCRIPT.search(raw.lower()):
        why = say("A viewer is told to fetch {text}, which is no image of an archive.", text=_text(raw))
        yield Finding("dicom.address.foreign", why, 0.9, _of(part, found, one))
    elif _INNER.match(raw):
        why = say("A viewer is told to fetch {text}, which is no image of an archive.", text=_text(raw))
        yield Finding("dicom.address.foreign", why, 0.7, _of(part, found, one))
    elif one.tag == _PIXEL_URL:
        why = say("The pixels are to be fetched from {text}.", text=_text(raw))
        yield Finding("dicom.address.pixels", why, 0.6, _of(part, found, one))


def _document(part: Part, found: Dicom, one: Element) -> Iterator[Finding | Part]:
    raw = found.body[one.value : one.end]
    media = found.bytes_of(_DOCUMENT_MEDIA, 64).strip(b"\0 ").lower()
    begun = payload.begins(raw)
    starts = _MEDIA.get(media)
    if begun and (begun[1] in (payload.PROGRAM, payload.SCRIPT) or (media.startswith(b"model/") and begun[0] != "zip")):
        why = say("The document of the file is a {kind}.", kind=begun[0])
        yield Finding(f"dicom.document.{begun[1]}", why, 0.95, _of(part, found, one))
    elif starts and not raw[:1024].lstrip().startswith(starts) and b"%PDF-" not in raw[:1024]:
        why = say("The document is declared as {media} and is none.", media=_text(media))
        yield Finding("dicom.document.other", why, 0.6, _of(part, found, one))
    elif begun and begun[1] == payload.ARCHIVE and not media.endswith(b"zip"):
        why = say("The document of the file is a {kind}.", kind=begun[0])
        yield Finding("dicom.document.archive", why, 0.7, _of(part, found, one))
    elif media in MEDIA:
        yield from meshes(part, raw, shown(DOCUMENT))
    yield part.child("document", raw.rstrip(b"\0") or raw, media=_text(media), origin="dicom.document")


def _of(part: Part, found: Dicom, one: Element) -> Where:
    try:
        path = found.path(found.elements.index(one))
    except ValueError:  # of the meta information
        path = f"({one.tag >> 16:04X},{one.tag & 0xFFFF:04X})"
    return Where(part.path, path, None if found.syntax.deflated else (one.value, one.end))


def _where(part: Part, found: Dicom, index: int, start: int, end: int) -> Where:
    return Where(part.path, found.path(index), None if found.syntax.deflated else (start, end))


def _text(raw: bytes) -> str:
    return raw[:60].decode("latin-1").rstrip("\0 ")
