"""Numbers of heads, and how many steps a walk takes at most."""

from __future__ import annotations

import struct
from collections.abc import Callable

MOST_STEPS = 100_000
"""Chunks, members or tables of sectors that one walk reads. Chosen: 0.1 s; longer files stay without an end."""


def field(form: str, raw: bytes, at: int) -> int:
    """Return the number at `at` (`form` of `struct`)."""
    return int(struct.unpack_from(form, raw, at)[0])


def total(form: str, raw: bytes, at: int) -> int:
    """Return the sum of the numbers at `at`: mostly a place and a length."""
    return sum(int(one) for one in struct.unpack_from(form, raw, at))


def said(place: int, form: str, more: int = 0) -> Callable[[bytes], int]:
    """Return a reader of a length that stands in the head."""
    return lambda raw: field(form, raw, place) + more
