"""Archives whose members stand plainly one after the other: tar and cpio.

Members are cut out by their places; nothing is unpacked. Source: POSIX.1-2017 pax (ustar, odc), cpio(5) (binary, newc).
"""

from __future__ import annotations

import io
import re
import struct
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, analyser
from safecare.examine.unpack.archives import is_traversal, traversal

_NEWC = re.compile(rb"07070[12]([0-9A-Fa-f]{104})")
_ODC = re.compile(rb"070707([0-7]{70})")
_BINARY = {b"\xc7\x71": "<13H", b"\x71\xc7": ">13H"}
_END = "TRAILER!!!"


@analyser("tape", wants={"tar", "cpio"})
class Tapes:
    """Cuts out the members."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield them with their names."""
        members = _tar(part.raw) if "tar" in part.types else _cpio(part.raw)
        for number, (name, start, size) in enumerate(members):
            if number >= context.budget.limits.members:
                raise LimitError("members", part.path)
            if is_traversal(name):
                yield traversal(name)
            raw = part.raw[start : start + size]
            if raw:
                context.budget.take(len(raw), name)
                yield part.child(name, raw, origin="archive.member")


def _tar(raw: bytes) -> Iterator[tuple[str, int, int]]:
    links: set[str] = set()
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            for one in archive:
                if one.issym() and (one.linkname.startswith("/") or ".." in one.linkname.split("/")):
                    links.add(one.name.rstrip("/"))
                elif one.islnk() and is_traversal(one.linkname):
                    yield one.linkname, 0, 0  # a second name for a file that lies outside
                elif one.isreg():
                    through = links and any(str(above) in links for above in PurePosixPath(one.name).parents)
                    yield f"../{one.name}" if through else one.name, one.offset_data, one.size
    except (tarfile.TarError, ValueError, OverflowError, RecursionError, EOFError, OSError) as error:
        raise UnreadableError(f"the tape archive is damaged ({type(error).__name__})") from error


def _cpio(raw: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield (name, start, size); each form has its own head, and its own rounding of places."""
    place = 0
    while place + 26 <= len(raw):
        if found := _NEWC.match(raw, place):
            values = [int(found[1][at : at + 8], 16) for at in range(0, 104, 8)]
            size, name_size, head, step = values[6], values[11], 110, 4
        elif found := _ODC.match(raw, place):
            digits = found[1]
            size, name_size, head, step = int(digits[59:70], 8), int(digits[53:59], 8), 76, 1
        elif form := _BINARY.get(raw[place : place + 2]):
            words = struct.unpack_from(form, raw, place)
            size, name_size, head, step = words[11] << 16 | words[12], words[10], 26, 2
        else:
            return
        name = raw[place + head : place + head + name_size].split(b"\x00")[0].decode("utf-8", "replace")
        start = _round(head + name_size, step) + place
        if name == _END:
            return
        yield name, start, size
        place = start + _round(size, step)


def _round(size: int, step: int) -> int:
    return -(-size // step) * step
