"""Programs: packed, and what stands in them or is appended. Signatures are the rules' part, behaviour nobody's here.

Source: Microsoft PE format; names of sections that packers leave: public lists (e.g. hexacorn.com, 2012-2020).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from safecare.examine.acting import MOST_ARCHIVES, MOST_ENDS, archives
from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, Where, analyser
from safecare.examine.late import COMPILED, attaches
from safecare.formats.linear import linear
from safecare.model.text import say

MOST_SECTIONS = 96
"""Sections that Windows loads (PE format, COFF header)."""
_PACKERS = (
    b"UPX", b".aspack", b".adata", b"ASPack", b"FSG!", b"MEW", b".MPRESS", b".petite", b"petite", b".yP", b"yC",
    b".nsp", b"nsp", b".Upack", b".ByDwing", b"PEC2", b"pec1", b".themida", b".vmp", b".enigma", b".wwpack",
    b"WWP32", b"PESpin", b".pklstb", b".perplex", b".packed", b".RLPack", b".sforce", b".svkp", b"kkrunchy",
    b".boom", b".neolit", b".spack", b".winapi", b".taz",
)  # fmt: skip
_WRITE_EXECUTE = 0xA0000000
"""Flags of a section that may be written and run: IMAGE_SCN_MEM_WRITE and _EXECUTE (PE format, section flags)."""
_CARRIED = linear(rb"ISc\(|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""Volumes of InstallShield and compound documents (packages of Windows' installer)."""
MOST_CARRIED = 20
"""Such documents of one program that are opened. Chosen: installers carry some."""


class Section(NamedTuple):
    """One section: name, address and size in memory, place and size in the file, flags."""

    name: bytes
    address: int
    memory: int
    at: int
    size: int
    flags: int


@analyser("program", wants={"pe"})
class Programs:
    """Tells packers."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield findings."""
        try:
            entry, sections = layout(part.raw)
        except struct.error:
            return
        except UnreadableError:
            return
        packed = [one.name for one in sections if one.name.startswith(_PACKERS)]
        open_source = bool(packed) and all(name.startswith(b"UPX") for name in packed)
        if packed:
            where = Where(tag=packed[0].decode("latin-1"))
            yield Finding(
                "program.packed", say("A program is packed."), 0.2 if open_source else 0.5, where, kind="program"
            )
        odd = _oddities(part.raw, entry, sections)
        if len(odd) >= 2 and not open_source:
            why = say("A program is built as packers and crypters of malware build theirs.")
            yield Finding("program.crypted", why, 0.55, Where(tag=", ".join(odd)), kind="program")


def layout(raw: bytes) -> tuple[int, list[Section]]:
    """Return entry address and sections. Raises `UnreadableError`, `struct.error` for what is no PE file."""
    start = struct.unpack_from("<I", raw, 60)[0]
    if raw[start : start + 4] != b"PE\x00\x00":
        raise UnreadableError("no PE header")
    count, optional = struct.unpack_from("<H12xH", raw, start + 6)
    entry = struct.unpack_from("<I", raw, start + 40)[0]
    sections: list[Section] = []
    for index in range(min(count, MOST_SECTIONS)):
        at = start + 24 + optional + 40 * index
        name, memory, address, size, place, flags = struct.unpack_from("<8sIIII12xI", raw, at)
        sections.append(Section(name.rstrip(b"\x00"), address, memory, place, size, flags))
    return entry, sections


def _oddities(raw: bytes, entry: int, sections: list[Section]) -> list[str]:
    """Return what linkers never do."""
    found: list[str] = []
    if not sections:
        return found
    home = [one for one in sections if one.address <= entry < one.address + max(one.memory, one.size)]
    if entry and not home and len(raw) > 1024:
        found.append("entry outside of sections")
    if home and home[0].flags & _WRITE_EXECUTE == _WRITE_EXECUTE:
        found.append("entry is writable")
    if home and not home[0].flags & 0x20000020:
        found.append("entry is no code")
    if home and len(sections) > 1 and home[0] is sections[-1]:
        found.append("entry in last section")
    if any(one.size == 0 and one.memory > 4096 and one.flags & 0x20000000 for one in sections):
        found.append("empty section that is run")
    if any(not one.name or re.search(rb"[^\x20-\x7e]", one.name) for one in sections):
        found.append("section without a name")
    start = struct.unpack_from("<I", raw, 60)[0]
    if start < 0x40:
        found.append("headers overlap")
    return found


@analyser("inside", wants=COMPILED | {"pdf"})
class Inside:
    """Unpacks what stands in a program as a resource, or behind it; of a PDF, what is no attachment."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield archives and documents of installers. Raises `LimitError` where there are too many."""
        if "pdf" in part.types and attaches(part.raw):
            return
        if part.raw.count(b"PK\x05\x06") > MOST_ENDS:
            raise LimitError("members", "archives")
        whole = part.raw.rfind(b"PK\x05\x06") if "zip" in part.types else -1
        for number, (kind, begin, end) in enumerate(archives(part.raw, 1), 1):
            if number > MOST_ARCHIVES:
                raise LimitError("members", "archives")
            if kind == "zip" and begin < whole < end and part.raw.find(b"PK\x05\x06", whole + 1, end) < 0:
                continue  # readers of ZIP take the whole file for this one
            context.budget.take(end - begin, f"byte {begin}")
            yield part.child(f"{kind}-{begin}", part.raw[begin:end], origin="installer.appended")
        if "pe" in part.types:
            yield from _carried(part, context)


def _carried(part: Part, context: Context) -> Iterator[Part]:
    places = (found.start() for found in _CARRIED.finditer(part.raw, 512))
    for number, place in enumerate(places, 1):
        if number > MOST_CARRIED:
            raise LimitError("members", "appended")
        raw = part.raw[place:]
        context.budget.take(min(len(raw), context.budget.room), "appended")
        yield part.child(f"appended-{number}", raw, origin="installer.appended")
