"""Codes (QR) with links in what a mail carries: pictures of documents, pages of PDFs, pictures within attached pages.

Phones read them, past every filter of the hospital. Tickets and flyers hold such codes, too: a code alone is a hint,
one that leads where lures lead is more.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator

from safecare.examine.api import Context, Finding, Part, analyser
from safecare.examine.mail.hosts import doubtful
from safecare.examine.mail.pictures import coded_links
from safecare.formats.domains import host_of, registered
from safecare.model.text import say

CARRIED = 12
"""Pictures of one submission, beyond those that its mail itself shows, in which a code is looked for. Chosen."""
RAW = 8_000_000
"""Bytes of one picture without a format of its own. Chosen: a scanned page in grey at 300 dots per inch."""
_WIDTH = re.compile(rb"/Width\s+(\d{1,5})\b")
_HEIGHT = re.compile(rb"/Height\s+(\d{1,5})\b")
_PREDICTED = re.compile(rb"/Predictor\s+1[0-5]\b")
_FAX = re.compile(rb"/(?:CCITTFaxDecode|CCF)\b")
_KIND = re.compile(rb"/K\s+(-?\d{1,9})\b")
_BLACK_IS_1 = re.compile(rb"/BlackIs1\s+true\b")
_HEADED = re.compile(rb"(P[56]) (\d{1,5}) (\d{1,5}) 255\n")
LARGEST_HALF = 1000
"""Pixels of the longest side of half a code. Chosen: at 300 dots per inch, 8 cm."""
_DEPTH = re.compile(rb"/BitsPerComponent\s+(\d{1,2})\b")


@analyser("codes", wants={"png", "jpeg", "gif", "bmp"}, needs=("cv2",))
class Codes:
    """Reads codes in pictures that came within a file of a mail; those of the mail itself are its analyser's."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield at most one finding."""
        if context.mail and part.depth > 1:
            yield from told([part.raw], context)


def told(pictures: Iterable[bytes], context: Context) -> Iterator[Finding]:
    """Yield what the codes in `pictures` of a mail's files lead to."""
    yield from told_of(coded(pictures, context))


def coded(pictures: Iterable[bytes], context: Context) -> list[str]:
    """Return where the codes in `pictures` of files lead, but to the house itself."""
    room = CARRIED - context.pictures
    looked = [raw for raw, _ in zip(pictures, range(max(0, room)), strict=False)]
    context.pictures += len(looked)
    home = {registered(one) for one in context.own}
    return [one for one in coded_links(looked) if registered(host_of(one)) not in home]


def told_of(links: list[str]) -> Iterator[Finding]:
    """Yield what it means that codes in a mail's files lead to `links`."""
    if any(map(doubtful, links)):
        why = say("A code (QR) in a file of the mail leads where lures lead.")
        yield Finding("code.doubtful", why, 0.5, kind="mail.code")
    elif links:
        yield Finding("code.link", say("A file of the mail holds a code (QR) with a link."), 0.2, kind="mail.code")


def picture_of(keys: bytes, data: bytes) -> bytes:
    """Return the unpacked picture of a PDF, whose dictionary is `keys`, in a format of its own; empty if it has none.

    Grey and colour of 8 bits and black and white become PGM and PPM (Netpbm), pictures packed as facsimiles TIFF.
    Source: ISO 32000-1, 8.9.5.
    """
    sizes = [found[1] for pattern in (_WIDTH, _HEIGHT, _DEPTH) if (found := pattern.search(keys))]
    if len(sizes) != 3 or len(data) > RAW:
        return b""
    width, height, depth = map(int, sizes)
    if _FAX.search(keys):
        return _tiff(width, height, keys, data)
    colours = 3 if b"RGB" in keys or b"/Colors 3" in keys else 1
    row = -(-width * depth * colours // 8) + 1
    if _PREDICTED.search(keys) and depth in (1, 8) and len(data) >= row * height:
        return _png(width, height, depth, colours, data[: row * height])
    if depth == 8 and len(data) >= 3 * width * height:
        return b"P6 %d %d 255\n" % (width, height) + data[: 3 * width * height]
    if depth == 8 and len(data) >= width * height:
        return b"P5 %d %d 255\n" % (width, height) + data[: width * height]
    row = -(-width // 8)
    if depth == 1 and len(data) >= row * height:
        return b"P4 %d %d\n" % (width, height) + data[: row * height].translate(_INVERTED)
    return b""


def joined(first: bytes, second: bytes) -> Iterator[bytes]:
    """Yield two pictures (PGM or PPM) of one height side by side, and of one width one below the other.

    Codes are cut in two to get past filters (Barracuda, "Split and nested QR codes", 2025).
    """
    one, other = _HEADED.match(first), _HEADED.match(second)
    if not one or not other or one[1] != other[1]:
        return
    (width, height), (further, deeper) = (tuple(int(side) for side in found.group(2, 3)) for found in (one, other))
    if max(width, height, further, deeper) > LARGEST_HALF:
        return
    left, right, size = first[one.end() :], second[other.end() :], 3 if one[1] == b"P6" else 1
    if height == deeper:
        row, next_row = width * size, further * size
        rows = (
            left[at * row : at * row + row] + right[at * next_row : at * next_row + next_row] for at in range(height)
        )
        yield b"%s %d %d 255\n" % (one[1], width + further, height) + b"".join(rows)
    if width == further:
        yield b"%s %d %d 255\n" % (one[1], width, height + deeper) + left + right


def _tiff(width: int, height: int, keys: bytes, data: bytes) -> bytes:
    """Return a TIFF of `data`, which are packed as facsimiles are.

    Source: ISO 32000-1, 7.4.6; TIFF 6.0, sections 10 and 11.
    """
    kind = _KIND.search(keys)
    dimensions = int(kind[1]) if kind else 0
    inverted = _BLACK_IS_1.search(keys) is not None  # then black is 1, which is white in a grey picture
    tags = [(256, width), (257, height), (258, 1), (259, 4 if dimensions < 0 else 3), (262, int(inverted))]
    tags += [(273, 8 + 2 + 12 * (9 + (dimensions > 0)) + 4), (277, 1), (278, height), (279, len(data))]
    tags += [(292, 1)] if dimensions > 0 else []
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return head + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags) + bytes(4) + data


def _png(width: int, height: int, depth: int, colours: int, lines: bytes) -> bytes:
    """Return a PNG of `lines`, which have the predictors of that format already (ISO 32000-1, 7.4.4.4)."""
    head = struct.pack(">IIBBBBB", width, height, depth, 2 if colours == 3 else 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 1)), (b"IEND", b""))
    written = (
        struct.pack(">I", len(raw)) + kind + raw + struct.pack(">I", zlib.crc32(kind + raw)) for kind, raw in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


_INVERTED = bytes(255 - one for one in range(256))
"""In PDF 1 is white, in PBM black."""

__all__ = ["RAW", "Codes", "coded", "picture_of", "told", "told_of"]
