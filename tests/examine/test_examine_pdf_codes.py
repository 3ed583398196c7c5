"""Codes (QR) in pictures of PDFs: packed as facsimiles are, and cut in two."""

from __future__ import annotations

import io

import numpy as np
import pytest
import segno
from numpy.typing import NDArray
from PIL import Image

from safecare.examine.mail.codes import joined, picture_of
from safecare.examine.mail.pictures import coded_links, size_of

TARGET = "https://mfa-renew.pages.dev/u"


def code() -> NDArray[np.uint8]:
    """Return a code in grey, 8 pixels to a square, with its margin."""
    matrix = np.array([list(row) for row in segno.make(TARGET, micro=False).matrix], np.uint8)
    drawn: NDArray[np.uint8] = np.where(np.kron(np.pad(matrix, 4), np.ones((8, 8), np.uint8)) > 0, 0, 255).astype(
        np.uint8
    )
    return drawn


def fax(picture: NDArray[np.uint8], compression: str) -> bytes:
    """Return the strip of a TIFF of `picture`, black as 0 in the picture."""
    out = io.BytesIO()
    Image.fromarray(picture).convert("1").save(out, "TIFF", compression=compression, tiffinfo={278: len(picture)})
    with Image.open(io.BytesIO(out.getvalue())) as made:
        tags = made.tag_v2  # type: ignore[attr-defined]
        begin, size, meaning = tags[273][0], tags[279][0], tags[262]
    assert meaning in (0, 1)
    return out.getvalue()[begin : begin + size]


@pytest.mark.parametrize(("compression", "kind"), [("group4", b"/K -1"), ("group3", b"/K 0"), ("group3", b"")])
def test_codes_packed_as_facsimiles_are_read(compression: str, kind: bytes) -> None:
    picture = code()
    high, wide = picture.shape
    keys = b"/Filter/CCITTFaxDecode/Width %d/Height %d/BitsPerComponent 1" % (wide, high)
    read = [picture_of(keys + kind + one, fax(picture, compression)) for one in (b"", b"/BlackIs1 true")]
    assert {size_of(one) for one in read} == {(wide, high)}
    assert TARGET in coded_links(read)


@pytest.mark.parametrize("data", [b"", b"\xff" * 40, bytes(range(256))])
def test_damaged_facsimiles_hold_no_code(data: bytes) -> None:
    keys = b"/CCITTFaxDecode/Width 60/Height 60/BitsPerComponent 1"
    assert coded_links([picture_of(keys + b"/K -1", data), picture_of(keys + b"/K 4", data)]) == []


def test_codes_that_are_light_on_dark_are_read() -> None:
    picture = 255 - code()
    wide = np.pad(picture, 60)
    assert [coded_links([b"P5 %d %d 255\n" % one.shape[::-1] + one.tobytes()]) for one in (picture, wide)] == [
        [TARGET],
        [TARGET],
    ]


@pytest.mark.parametrize("across", [True, False])
@pytest.mark.parametrize("at", [100, 132])
def test_codes_cut_in_two_are_put_together(at: int, *, across: bool) -> None:
    picture = code() if across else code().T
    halves = (picture[:, :at], picture[:, at:]) if across else (picture[:at], picture[at:])
    parts = [b"P5 %d %d 255\n" % (one.shape[1], one.shape[0]) + one.tobytes() for one in halves]
    assert coded_links(parts) == []
    assert coded_links(joined(*parts)) == [TARGET]


def test_pictures_that_do_not_fit_are_left_apart() -> None:
    small, other, colour = b"P5 2 3 255\n" + bytes(6), b"P5 4 5 255\n" + bytes(20), b"P6 2 3 255\n" + bytes(18)
    assert not [*joined(small, other), *joined(small, colour), *joined(b"", small), *joined(b"\xff\xd8", small)]
    assert not list(joined(b"P5 2000 1 255\n" + bytes(2000), b"P5 2000 1 255\n" + bytes(2000)))
