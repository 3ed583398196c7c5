r"""Objects in RTF files, dug out of the ways in which they are hidden.

Word skips what it does not know inside ``\objdata``; so does this reader. Source: RTF 1.9.1 specification, [MS-OLEDS]
2.2 (embedded objects of OLE 1).
"""

from __future__ import annotations

import binascii
import re
import struct
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, analyser
from safecare.examine.office.ole import is_read, package, unpack_native
from safecare.model.text import say

MOST_OBJECTS = 2000
"""Objects of one file that are opened. Chosen: long reports hold some dozens."""
_OBJECT = re.compile(rb"\\obj(?:data|html)\b", re.IGNORECASE)
_HIDDEN_IN = re.compile(rb"\\\*?[a-z]{1,32}-?\d{0,10} ?|\\'[0-9a-f]{2}|\\[^a-z]", re.IGNORECASE)
_NOT_HEX = bytes(one for one in range(256) if one not in b"0123456789abcdefABCDEF")
_BRACE = re.compile(rb"[{}]")
MOST_GROUPS = 100_000
"""Groups within the data of one object. Chosen: writers use none."""
PIECE = 256 * 1024
MOST_READ = 4
"""Times that the whole file may be read for the data of its objects. Chosen: objects within objects do that."""
_CLASSES = {
    b"package": ("rtf.package", 0.5),
    b"equation": ("office.equation", 0.6),
    b"ole2link": ("rtf.link", 0.7),
    b"otkloadr": ("rtf.loader", 0.6),
    b"shockwave": ("office.flash", 0.6),
    b"htmlfile": ("rtf.link", 0.6),
    b"scriptlet": ("rtf.link", 0.8),
}


@analyser("rtf", wants={"rtf"})
class Rtf:
    """Unpacks objects, and tells what only attackers write."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the objects and findings."""
        start = part.raw.lstrip()[:8].lower()
        if not start.startswith(b"{\\rtf1") and not start.startswith(b"{\\rtf "):
            yield Finding(
                "rtf.header", say("A rich text file begins as no program writes it, to get past filters."), 0.5
            )
        objects = [found.start() for found in _OBJECT.finditer(part.raw)]
        if objects and re.search(rb"\\objupdate|\\objautlink", part.raw, re.IGNORECASE):
            yield Finding("rtf.update", say("A rich text file loads its objects when it is opened."), 0.6)
        read = 0
        for number, place in enumerate(objects, 1):
            if number > MOST_OBJECTS:
                raise LimitError("members", "objects")
            digits, end = _hex(part.raw, place)
            read += end - place
            if read > MOST_READ * len(part.raw):
                raise LimitError("members", "objects within objects")
            raw = binascii.unhexlify(digits)
            context.budget.take(len(raw), f"object {number}")
            yield from self._object(raw, number, part, context)

    def _object(self, raw: bytes, number: int, part: Part, context: Context) -> Iterator[Finding | Part]:
        name, data = embedded(raw)
        for word, (rule, weight) in _CLASSES.items():
            if word == b"package" and name and is_read(data, part.child(*unpack_native(_native(data)))):
                continue
            if word in (name or raw[:200]).lower():
                yield Finding(rule, say("A rich text file holds an object of a class that attackers use."), weight)
        if name.lower().startswith(b"package"):
            yield from package(_native(data), part, context)
        elif data.startswith(b"\xd0\xcf\x11\xe0"):
            yield part.child(f"object-{number}", data, origin="rtf.object")
        else:
            label, inner = unpack_native(data)
            for one in (inner, data, raw):
                if one:
                    yield part.child(label or f"object-{number}", one, origin="rtf.object")


def _native(data: bytes) -> bytes:
    """Return the data of a package as an Ole10Native stream holds it: behind its length."""
    return struct.pack("<I", len(data)) + data


def embedded(raw: bytes) -> tuple[bytes, bytes]:
    """Return class name and data of an OLE 1 object: version, format, then strings with their length."""
    if len(raw) < 20 or struct.unpack_from("<I", raw, 4)[0] not in (1, 2):
        at = raw.find(b"\xd0\xcf\x11\xe0")
        return b"", raw[at:] if at >= 0 else raw
    place, strings = 8, []
    for _ in range(3):
        if place + 4 > len(raw):
            return b"", b""
        size = struct.unpack_from("<I", raw, place)[0]
        strings.append(raw[place + 4 : place + 4 + size].rstrip(b"\x00"))
        place += 4 + size
    size = struct.unpack_from("<I", raw, place)[0] if place + 4 <= len(raw) else 0
    return strings[0], raw[place + 4 : place + 4 + size] or raw[place + 4 :]


def _hex(raw: bytes, place: int) -> tuple[bytes, int]:
    """Return the hexadecimal digits of the group around `place` without inner groups and control words, and its end.

    Raises `LimitError`.
    """
    last = place + 8
    end, depth = len(raw), 0
    kept: list[bytes] = []
    for count, found in enumerate(_BRACE.finditer(raw, last, end)):
        if count > MOST_GROUPS:
            raise LimitError("members", "groups")
        if depth == 0:
            kept.append(raw[last : found.start()])
        depth += 1 if found.group() == b"{" else -1
        last = found.end()
        if depth < 0:
            break
    else:
        kept.append(raw[last:end] if depth == 0 else b"")
        last = end
    digits = b"".join(map(_digits, kept))
    return digits[: len(digits) // 2 * 2], last


def _digits(text: bytes) -> bytes:
    """Return the hexadecimal digits of `text` without its control words, piece by piece: words cost memory."""
    out, at = bytearray(), 0
    while at < len(text):
        end = text.find(b"\\", at + PIECE)
        end = len(text) if end < 0 or text[end - 1 : end] == b"\\" else end
        piece, at = text[at:end], end
        out += (_HIDDEN_IN.sub(b"", piece) if b"\\" in piece else piece).translate(None, _NOT_HEX)
    return bytes(out)
