"""Leaves out, before anything is read of them, the frames that a filter in tcpdump's language does not name.

Source: pcap-filter(7) (the language; libpcap compiles it), McCanne and Jacobson, "The BSD Packet Filter" (USENIX 1993);
SO_ATTACH_FILTER of socket(7): for a live interface the kernel runs the same program.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from safecare.formats.packets.file import LONGEST, Frames
from safecare.formats.packets.headers import ETHERNET, RAW_IP

_KNOWN_AS = {RAW_IP: 12}
"""Link types that libpcap calls by another number than files do (pcap-linktype(7): DLT_RAW)."""


class FilterError(ValueError):
    """An expression that is no filter; the text says why, as libpcap puts it."""


@dataclass
class Filter:
    """A filter `expression`. Raises `FilterError` when it is made of a wrong one."""

    expression: str
    _programs: dict[int, Any] = field(default_factory=dict)
    """By link type; None where libpcap knows no program for it, so that nothing of it is let through."""

    def __post_init__(self) -> None:
        """Compile it for Ethernet, so that a wrong one is told at once."""
        self._programs[ETHERNET] = self._compile(ETHERNET)

    def keep(self, frames: Frames) -> Frames:
        """Return the frames that pass, under the numbers that they had."""
        from cypcap import Pkthdr

        raw, let = frames.raw.tobytes(), np.zeros(len(frames.sizes), np.bool_)
        rows = zip(frames.starts.tolist(), frames.sizes.tolist(), frames.links.tolist(), strict=True)
        for row, (start, size, link) in enumerate(rows):
            program = self._program(link)
            if program is not None:
                let[row] = program.offline_filter(Pkthdr(caplen=size, len=size), raw[start : start + size])
        at = np.flatnonzero(let)
        numbers = frames.first + at if frames.numbers is None else frames.numbers[at]
        return Frames(
            frames.raw, frames.first, frames.times[at], frames.starts[at], frames.sizes[at], frames.links[at], numbers
        )

    def for_socket(self) -> Attached:
        """Return the program as the kernel takes it: an option of a packet socket."""
        return Attached(b"".join(struct.pack("=HBBI", *row) for row in self._programs[ETHERNET]))

    def _program(self, link: int) -> Any:
        if link not in self._programs:
            try:
                self._programs[link] = self._compile(link)
            except FilterError:
                self._programs[link] = None
        return self._programs[link]

    def _compile(self, link: int) -> Any:
        import cypcap

        if "\0" in self.expression:
            raise FilterError(f"{self.expression!r} is no filter: it has a zero character")
        try:
            with cypcap.open_dead(cypcap.DatalinkType(_KNOWN_AS.get(link, link)), LONGEST) as dead:
                return dead.compile(self.expression)
        except (cypcap.Error, ValueError) as error:
            said = error.args[-1] if error.args else error
            raise FilterError(f"{self.expression!r} is no filter: {said}") from error


def filtered(blocks: Iterable[Frames], only: Filter | None) -> Iterator[Frames]:
    """Yield what passes of the blocks; all of them without a filter."""
    if only is None:
        yield from blocks
        return
    for frames in blocks:
        kept = only.keep(frames)
        if len(kept.sizes):
            yield kept


class Attached:
    """A program in memory, and the option value that points at it (struct sock_fprog)."""

    def __init__(self, code: bytes) -> None:
        """Keep `code`: as long as this lives, the pointer is good."""
        self._code = ctypes.create_string_buffer(code, len(code))
        self.option = struct.pack("@HP", len(code) // 8, ctypes.addressof(self._code))
