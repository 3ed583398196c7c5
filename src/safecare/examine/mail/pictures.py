"""Links in codes (QR) of a mail's pictures: they are read by phones, which no filter of the hospital sees.

A picture is measured by its own header before it is decoded; what is read is bounded in number, bytes and pixels.
"""

from __future__ import annotations

import binascii
import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from safecare.examine.mail.hosts import doubtful

if TYPE_CHECKING:
    from numpy.typing import NDArray

PICTURES = 8
"""Pictures of one mail in which a code is looked for. Chosen: a signature with its logos has five."""
BYTES = 4_000_000
"""Largest picture (bytes) that is decoded. Chosen: a photograph of a phone."""
PIXELS = 12_000_000
"""Most pixels of one picture, and of all of a mail together. Chosen: 12 megapixels take 0.5 s of processor time."""
SIDES = (50, 1600)
"""Shortest side (pixels) that a code needs (21 modules of 2 pixels, and a margin); longest one at full size."""
SMALL = 500
"""Longest side (pixels) of pictures that are looked at once more at double size. Chosen: codes in signatures."""
DARK = 128
"""Mean lightness below which a picture is looked at once more with light and dark changed, as phones do."""

_WRITTEN = re.compile(r"data:image/(?:png|jpe?g|gif|bmp);base64,([A-Za-z0-9+/=\s%]{60,6000000})", re.IGNORECASE)
_ADDRESS = re.compile(r"(?i)https?://[^\s]{3,2000}")
_BARE = re.compile(r"(?i)(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}/\S{0,500}")
_NETPBM = re.compile(rb"P[456] (\d{1,5}) (\d{1,5})\s")
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Segments of JPEG that begin with the picture's size (ITU-T T.81, table B.1)."""


def coded_links(files: Iterable[bytes]) -> list[str]:
    """Return the addresses in codes of the pictures among `files`, each once."""
    found: dict[str, None] = {}
    left, room = PICTURES, PIXELS
    for raw in files:
        width, height = size_of(raw)
        if len(raw) > BYTES or min(width, height) < SIDES[0] or width * height > room:
            continue
        left, room = left - 1, room - width * height
        text = _read(raw)
        if _ADDRESS.fullmatch(text):
            found[text] = None
        elif _BARE.fullmatch(text):
            found[f"http://{text}"] = None
        if not left:
            break
    return list(found)


def written_in(html: str) -> Iterator[bytes]:
    """Yield the pictures that are written into a page itself (``data:`` addresses), at most `PICTURES`."""
    for number, found in enumerate(_WRITTEN.finditer(html)):
        if number == PICTURES:
            return
        digits = re.sub(r"[^A-Za-z0-9+/]", "", found[1])
        with contextlib.suppress(binascii.Error):
            yield binascii.a2b_base64(digits + "=" * (-len(digits) % 4))


def size_of(raw: bytes) -> tuple[int, int]:
    """Return width and height (pixels) that a PNG, GIF, BMP, JPEG or Netpbm picture states; (0, 0) for others."""
    if raw[:8] == b"\x89PNG\r\n\x1a\n":
        return int.from_bytes(raw[16:20], "big"), int.from_bytes(raw[20:24], "big")
    if raw[:4] == b"GIF8":
        return int.from_bytes(raw[6:8], "little"), int.from_bytes(raw[8:10], "little")
    if found := _NETPBM.match(raw):
        return int(found[1]), int(found[2])
    if raw[:2] == b"BM":
        return tuple(abs(int.from_bytes(raw[at : at + 4], "little", signed=True)) for at in (18, 22))  # type: ignore[return-value]
    if raw[:8] == b"II*\0\x08\0\0\0":
        return _tiff_size(raw)
    return _jpeg_size(raw) if raw[:2] == b"\xff\xd8" else (0, 0)


def _tiff_size(raw: bytes) -> tuple[int, int]:
    """Return the size of a TIFF whose first tags are width and height, of 32 bits each (TIFF 6.0, sections 2 and 8)."""
    tags = [int.from_bytes(raw[at : at + 4], "little") for at in (10, 22)]
    sizes = [int.from_bytes(raw[at : at + 4], "little") for at in (18, 30)]
    return (sizes[0], sizes[1]) if tags == [256 | 4 << 16, 257 | 4 << 16] else (0, 0)


def _jpeg_size(raw: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(raw) and raw[at] == 0xFF:
        if raw[at + 1] in _FRAMES:
            return int.from_bytes(raw[at + 7 : at + 9], "big"), int.from_bytes(raw[at + 5 : at + 7], "big")
        at += 2 + max(2, int.from_bytes(raw[at + 2 : at + 4], "big"))
    return 0, 0


def _read(raw: bytes) -> str:
    """Return the text of the code in the picture `raw`; empty if there is none, or no picture."""
    import cv2  # 30 MB: only where a mail has a picture
    import numpy as np

    cv2.setNumThreads(1)  # a confined worker may start no thread
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # damaged facsimiles are told line by line
    try:
        picture = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            return ""
        longest = max(picture.shape)
        if longest > SIDES[1]:
            picture = _scaled(cv2, picture, SIDES[1] / longest)
        edged = cv2.copyMakeBorder(picture, 16, 16, 16, 16, cv2.BORDER_CONSTANT, value=(255,))
        detector = cv2.QRCodeDetector()
        text = detector.detectAndDecode(edged)[0]  # codes without their white margin are read, too
        if not text and longest <= SMALL:
            text = detector.detectAndDecode(_scaled(cv2, edged, 2))[0]
        if not text and cv2.mean(picture)[0] < DARK:
            edged = cv2.copyMakeBorder(255 - picture, 16, 16, 16, 16, cv2.BORDER_CONSTANT, value=(255,))
            text = detector.detectAndDecode(edged)[0]
    except (cv2.error, UnicodeDecodeError):  # damaged, or no picture of its kind
        return ""
    return str(text).strip()


def _scaled(cv2: Any, picture: NDArray[Any], factor: float) -> NDArray[Any]:
    scaled: NDArray[Any] = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return scaled


def by_code(codes: list[str], facts: set[str]) -> set[str]:
    """Return the facts of codes that lead to `codes`: the reader is to leave the hospital's computer for a phone."""
    if not codes:
        return set()
    found = {"mail.code.asked"} if any(one.startswith(_BY_CODE) for one in facts) else set()
    return found | ({"mail.code.doubtful"} if any(map(doubtful, codes)) else set())


_BY_CODE = (
    "mail.lure.account",
    "mail.lure.document",
    "mail.lure.payment",
    "mail.lure.parcel",
    "mail.text.",
    "mail.order.login",
)
"""Asks for which an honest sender gives a link, not a code: whoever reads mail has the link at hand."""


__all__ = ["by_code", "coded_links", "size_of", "written_in"]
