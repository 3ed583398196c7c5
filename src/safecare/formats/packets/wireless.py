"""Frames of IEEE 802.11 as monitors give them: to what they carry. Encrypted ones are counted, not opened.

Source: IEEE 802.11-2020, 9.2.4 (frame control, addresses, QoS and HT control); radiotap.org; IEEE 802.2
(LLC) with SNAP.
"""

from __future__ import annotations

import struct

RADIOTAP, WIRELESS = 127, 105
"""LINKTYPE registry."""
SNAP = (b"\xaa\xaa\x03\0\0\0", b"\xaa\xaa\x03\0\0\xf8")


def beyond_radiotap(frame: bytes) -> bytes:
    """Return the frame behind the monitor's own header."""
    return frame[struct.unpack_from("<H", frame, 2)[0] :]


def carried(frame: bytes) -> tuple[int, bytes] | str:
    """Return EtherType and what follows it, or why there is none. Raises `IndexError`, `struct.error` if cut off."""
    control, flags = frame[0], frame[1]
    if control & 0x0C != 0x08:
        return "802.11 frame that carries no data"
    if flags & 0x40:
        return "encrypted 802.11 frame"
    if control & 0x40:
        return "802.11 frame that carries no data"
    at = 30 if flags & 3 == 3 else 24
    if control & 0x80:
        if frame[at] & 0x80:
            return "802.11 frames put together"
        at += 6 if flags & 0x80 else 2
    if frame[at : at + 6] not in SNAP:
        return "802.11 frame of another kind"
    return int(struct.unpack_from(">H", frame, at + 6)[0]), frame[at + 8 :]
