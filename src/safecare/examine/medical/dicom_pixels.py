"""Pixel data: as long as the image needs, frames that are images, nothing behind their end.

Source: PS3.3 C.7.6.3 (Rows, Columns, Bits Allocated ...), PS3.5 section 8.1 (native), A.4 (encapsulated).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Literal

from safecare.examine.api import Context, Finding, Part, Where
from safecare.examine.medical import commands, payload
from safecare.formats.dicom import Dicom, Element, shown
from safecare.formats.dicom.frames import Segment, begins, codec, ends, markers, notes, size
from safecare.formats.dicom.model import ITEM, PIXEL_DATA
from safecare.model.text import say

_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS, _BITS = (
    *(0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100),
)
_STORED, _HIGH = 0x00280101, 0x00280102
_TABLES, _TABLE = (0x00281101, 0x00281102, 0x00281103), 0x100
"""Descriptors of the tables of colours, and how far behind each its table lies: PS3.3 C.7.6.3.1.5, C.7.6.3.1.6."""
_OVERLAY, _OVERLAY_ROWS, _OVERLAY_COLUMNS = 0x60003000, 0x60000010, 0x60000011
DEFLATED = "1.2.840.10008.1.2.8.1"
"""Deflated Image Frame Compression: PS3.5 section A.4.13."""
MOST_BITS = 64
"""Bits of a sample: PS3.5 section 8.1.1, Double Float Pixel Data."""
_CHANCE = frozenset({"gzip", "class"})
"""Kinds that four bytes tell, which pixels may hold."""
HEAD = 512
"""Bytes at the beginning of native pixels that are read as text. Chosen."""
LARGEST = 4 << 30
"""Bytes of all frames together. Chosen: whole-slide images reach 3 GB a level."""
BLOWN = 1000
"""Image bytes per byte of pixel data: the best codecs of plain frames stay below 300. Chosen."""
UNKNOWN = 1024
"""Bytes behind the pixels that are of no known kind and still a finding: writers' own padding stays below. Chosen."""
SLACK = 64
"""Bytes behind the pixels or behind a frame's end that nobody wonders about. Chosen: below EICAR's 68."""
FEW_MARKERS, BYTES_EACH = 20_000, 128
"""Markers and frames that are looked at one by one, and bytes for each further one. Chosen: a tile of a slide has 10
and 2,000 bytes at least."""
LEAST = 16
"""Bytes that hold anything that is looked for. Chosen."""
TIMES, MOST_PIXELS = 4, 1 << 26
"""Pixels of a frame over those that its file declares, and those that any frame may claim. Chosen: 64 million are the
largest detector there is."""


def pixels(part: Part, found: Dicom, context: Context) -> Iterator[Finding | Part]:
    """Yield what is wrong with the pixel data."""
    yield from _within(part, found)
    one = found.top.get(PIXEL_DATA)
    if one is None:
        return
    wrong = _unsound(found)
    if wrong:
        why = say("The image describes itself in a way that no reader can follow: {detail}.", detail=wrong)
        yield Finding("dicom.pixels.unsound", why, 0.2, _where(part, found, one), unreadable=True)
    needed = _needed(found)
    if needed > LARGEST and needed > BLOWN * max(one.length, 1):
        why = say("The image claims {count} bytes of pixels, and holds {size}.", count=needed, size=one.length)
        yield Finding("dicom.bomb.pixels", why, 0.6, _where(part, found, one))
        return
    if one.length <= 0:
        return
    if found.body[one.value - 4 : one.value] == b"\xff\xff\xff\xff":
        yield from _frames(part, found, one)
        if found.syntax.uid == DEFLATED:
            yield from _deflated(part, found, one, needed, context)
    else:
        yield from _native(part, found, one, needed)


def _within(part: Part, found: Dicom) -> Iterator[Finding]:
    """Tell of an image in an item (icons: PS3.3 F.7) that claims far more bytes than it holds."""
    for one in found.elements:
        if one.tag != PIXEL_DATA or one.parent < 0 or one.length < 0:
            continue
        said = {
            each.tag: each for each in found.elements if each.parent == one.parent and each.tag in (_ROWS, _COLUMNS)
        }
        order: Literal["big", "little"] = "big" if found.syntax.big else "little"
        sides = [int.from_bytes(found.body[each.value : each.end][:4], order) for each in said.values()]
        if len(sides) == 2 and sides[0] * sides[1] > max(BLOWN * max(one.length, 1), MOST_PIXELS):
            why = say(
                "The image claims {count} bytes of pixels, and holds {size}.",
                count=sides[0] * sides[1],
                size=one.length,
            )
            yield Finding("dicom.bomb.pixels", why, 0.6, _where(part, found, one))
            return


def _unsound(found: Dicom) -> str:
    """Return the attribute that can't be true of any image, on which readers were made to leave their bounds, or none.

    Source: PS3.3 C.7.6.3 (image), C.9.2 (overlay); CVE-2024-22391 (a table shorter than its descriptor says).
    """
    for tag in (_STORED, _HIGH):
        if found.number(tag) > MOST_BITS:  # less than that, and more than Bits Allocated, is a slip that readers take
            return f"{shown(tag)} {found.number(tag)} > {MOST_BITS}"
    if found.top.get(_SAMPLES) is not None and found.bytes_of(_SAMPLES, 4) == b"\0\0":
        return f"{shown(_SAMPLES)} 0"
    frames = found.text(_FRAMES)
    if frames.startswith("-"):
        return f"{shown(_FRAMES)} {frames[:20]}"
    for tag in _TABLES:
        table, said = found.top.get(tag + _TABLE), found.top.get(tag)
        if table is not None and said is not None and said.length >= 2 and table.length >= 0:
            order: Literal["big", "little"] = "big" if found.syntax.big else "little"
            entries = int.from_bytes(found.body[said.value : said.value + 2], order) or 1 << 16
            if table.length < entries:
                return f"{shown(tag)} {entries} > {table.length}"
    overlay = found.top.get(_OVERLAY)
    if overlay is not None and overlay.length >= 0:
        dots = found.number(_OVERLAY_ROWS) * found.number(_OVERLAY_COLUMNS)
        if dots > max(overlay.length, SLACK) * 8 * TIMES:
            return f"{shown(_OVERLAY)} {dots} > {overlay.length * 8}"
    return ""


def _needed(found: Dicom) -> int:
    """Return the bytes that the native image needs; 0 where the file does not say."""
    rows, columns, bits = found.number(_ROWS), found.number(_COLUMNS), found.number(_BITS)
    frames, samples = max(found.number(_FRAMES, 1), 1), max(found.number(_SAMPLES, 1), 1)
    needed = (rows * columns * bits * samples * frames + 7) // 8
    halved = samples == 3 and "422" in found.text(_PHOTOMETRIC)
    return needed * 2 // 3 if halved else needed


def _native(part: Part, found: Dicom, one: Element, needed: int) -> Iterator[Finding | Part]:
    body = found.body
    begun = payload.begins(body, one.value, one.end)
    if begun is None and any(commands.scripted(body[one.value : min(one.value + HEAD, one.end)])):
        begun = "script", payload.SCRIPT
    if begun and begun[0] not in _CHANCE:
        why = say("The pixels are a file of kind {kind}.", kind=begun[0])
        yield Finding(f"dicom.pixels.{begun[1]}", why, 0.95, _where(part, found, one))
        yield part.child("pixels", body[one.value : one.end], origin="dicom.pixels")
    if not needed:
        return
    excess = one.length - needed
    if excess < -1 and found.problem is None:
        why = say("The image needs {count} bytes of pixels, and {size} are there.", count=needed, size=one.length)
        yield Finding("dicom.pixels.short", why, 0.2, _where(part, found, one), unreadable=True)
    if excess < SLACK:
        return
    start = one.value + needed
    tail = body[start : one.end]
    if tail.count(tail[:1]) == len(tail):
        return
    where = Where(part.path, "(7FE0,0010)", None if found.syntax.deflated else (start, one.end))
    hidden = payload.begins(tail) or next(((kind, sort) for kind, sort, _ in payload.hidden(tail, 0, len(tail))), None)
    if hidden or any(commands.scripted(tail)) or any(payload.coded(tail)):
        kind, sort = hidden or ("script", payload.SCRIPT)
        why = say("Behind the pixels, where no viewer looks, lies a file of kind {kind}.", kind=kind)
        yield Finding(f"dicom.pixels.{sort}", why, 0.95, where)
        yield part.child("behind the pixels", tail, origin="dicom.pixels")
    elif excess >= UNKNOWN and excess % (needed // max(found.number(_FRAMES, 1), 1) or 1):
        why = say("{count} bytes that no viewer shows lie behind the pixels.", count=excess)
        yield Finding("dicom.pixels.excess", why, 0.55, where)


def _frames(part: Part, found: Dicom, one: Element) -> Iterator[Finding | Part]:
    """Judge each fragment; the first is the offset table."""
    index = next(place for place in range(len(found.elements) - 1, -1, -1) if found.elements[place] is one)
    fragments = [each for each in found.elements[index + 1 :] if each.parent == index and each.tag == ITEM]
    if not fragments:
        return
    kind = codec(found.syntax.uid)
    body, left = found.body, FEW_MARKERS + one.length // BYTES_EACH
    if len(fragments) > 1 and not begins(kind, body[fragments[1].value : fragments[1].value + 64]):
        why = say("The frames are not what the transfer syntax says ({kind}).", kind=kind)
        yield Finding("dicom.frames.other", why, 0.3, _where(part, found, one), unreadable=True)
    for place, each in enumerate(fragments):
        begun = payload.begins(body, each.value, each.end)
        if begun:
            yield from _foreign(part, found, place, each, each.value, begun)
            continue
        segments = list(markers(kind, body, each.value, each.end))
        left -= len(segments) + 1
        if left < 0:  # the rest at once, wherever frames end
            rest = _any(body, each.value, one.end)
            if rest:
                yield from _foreign(part, found, place, each, rest[2], rest[:2])
            return
        if place and each.length:
            yield from _inside(part, found, kind, place, each, segments)


def _deflated(part: Part, found: Dicom, one: Element, needed: int, context: Context) -> Iterator[Finding | Part]:
    """Judge what the frames of Deflated Image Frame Compression hold: no more than the image needs, and no file."""
    each = -(-needed // max(found.number(_FRAMES, 1), 1))
    for place in range(found.elements.index(one) + 2, len(found.elements)):  # behind the offset table
        fragment = found.elements[place]
        if fragment.tag != ITEM or found.elements[fragment.parent] is not one or fragment.length <= 0:
            continue
        unpack = zlib.decompressobj(-15)
        try:
            head = unpack.decompress(found.body[fragment.value : fragment.end], each + SLACK)
        except zlib.error:
            continue  # told by whoever shows it
        context.budget.take(len(head), "frame")
        if len(head) >= each + SLACK and unpack.unconsumed_tail:
            why = say("A frame inflates to more than the {count} bytes of its image.", count=each)
            yield Finding("dicom.bomb.frame", why, 0.6, _where(part, found, fragment))
            return
        begun = _any(head, 0, len(head))
        if begun and begun[0] not in _CHANCE:
            yield from _foreign(part, found, place, fragment, fragment.value, begun[:2])
            yield part.child(f"frame {place}", head, origin="dicom.frame")
        tail = unpack.unused_data
        if len(tail) >= LEAST and tail.strip(b"\0") and (rest := _any(tail, 0, len(tail))):
            yield from _foreign(part, found, place, fragment, fragment.end - len(tail), rest[:2])


def _inside(
    part: Part, found: Dicom, kind: str, place: int, each: Element, segments: list[Segment]
) -> Iterator[Finding | Part]:
    """Judge what a frame's comments hold and what stands behind its end; all of it where the end can't be told."""
    body, start, end = found.body, each.value, each.end
    if begins(kind, body[start : start + 64]):
        end = ends(kind, body, start, each.end, segments)
        for first, last in notes(kind, segments):
            begun = _any(body, first, last) if last - first >= LEAST else None
            if begun:
                yield from _foreign(part, found, place, each, begun[2], begun[:2])
        claimed, shown = size(kind, body, segments), found.number(_ROWS) * found.number(_COLUMNS)
        if claimed > max(TIMES * shown, MOST_PIXELS):
            why = say("A frame claims {count} pixels, its file {size}.", count=claimed, size=shown)
            yield Finding("dicom.bomb.frame", why, 0.6, _where(part, found, each))
        start = end if end < each.end else start
    begun = _any(body, start, each.end) if each.end - start >= LEAST else None
    if begun:
        yield from _foreign(part, found, place, each, begun[2], begun[:2])
    elif end < each.end - SLACK and body[end : each.end].strip(body[end : end + 1]):
        tail = body[end : each.end]
        why = say("{count} bytes follow the end of a frame.", count=len(tail))
        yield Finding("dicom.frames.excess", why, 0.3, _where(part, found, each, end))
        yield part.child(f"behind frame {place}", tail, origin="dicom.frame")


def _any(body: bytes, start: int, stop: int) -> tuple[str, str, int] | None:
    """Return (kind, sort, offset) of the first payload, script or coded file in ``body[start:stop]``."""
    found = payload.begins(body, start, stop)
    if found:
        return *found, start
    hidden = next(payload.hidden(body, start, stop), None)
    if hidden:
        return hidden
    text = body[start:stop]
    script = next(commands.scripted(text), None)
    if script:
        return "script", payload.SCRIPT, start + script[0]
    coded = next(payload.coded(text), None)
    return ("base64", payload.SCRIPT, start + coded[0]) if coded else None


def _foreign(
    part: Part, found: Dicom, place: int, each: Element, start: int, begun: tuple[str, str]
) -> Iterator[Finding | Part]:
    why = say("Fragment {place} of the pixel data holds a file of kind {kind}.", place=place, kind=begun[0])
    yield Finding(f"dicom.frames.{begun[1]}", why, 0.95, _where(part, found, each, start))
    yield part.child(f"fragment {place}", found.body[start : each.end], origin="dicom.frame")


def _where(part: Part, found: Dicom, one: Element, start: int | None = None) -> Where:
    begun = one.value if start is None else start
    return Where(part.path, "(7FE0,0010)", None if found.syntax.deflated else (begun, one.end))
