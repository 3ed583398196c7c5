"""Pictures of phones: what they tell beside the picture is gone, and nothing broken is taken."""

from __future__ import annotations

import contextlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.jpeg import JpegError, stripped


def picture(side: int = 64) -> bytes:
    shades = np.arange(side * side * 3, dtype=np.uint8).reshape(side, side, 3)
    done, raw = cv2.imencode(".jpg", shades)
    assert done
    return raw.tobytes()


def with_segment(raw: bytes, marker: int, payload: bytes) -> bytes:
    return raw[:2] + bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload + raw[2:]


@pytest.mark.parametrize("marker", [0xE1, 0xE2, 0xED, 0xFE])
def test_place_owner_and_comments_are_gone_and_the_picture_is_the_same(marker: int) -> None:
    raw = picture()
    told = with_segment(raw, marker, b"Exif\0\0GPS 43.29 5.37 of somebody")
    clean = stripped(told + b"hidden behind the end")
    assert b"GPS" not in clean
    assert b"hidden" not in clean
    before, after = (cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR) for one in (raw, clean))
    assert before is not None
    assert after is not None
    assert (before == after).all()
    assert stripped(clean) == clean


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"GIF89a",
        b"\xff\xd8",
        picture()[:100],
        picture()[:-2],
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\x00\x02\xff\xd9",
    ],
)
def test_what_is_no_whole_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(JpegError):
        stripped(raw)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_come_back_as_a_jpeg(noise: bytes) -> None:
    with contextlib.suppress(JpegError):
        assert stripped(b"\xff\xd8" + noise).startswith(b"\xff\xd8")
