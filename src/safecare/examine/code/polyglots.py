"""Files that are two things at once: a picture or document here, a program, page or archive there.

Whoever checks one of them lets the other through. Source: A. Albertini, "Corkami" and "Mitra" (how such files are
built); Koch et al., "On the Abuse and Detection of Polyglot Files" (WWW 2025: 30 of them in 15 attack chains). Programs
that carry archives (installers) and packages that are archives are what they say; DICOM has an analyser of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import ANY, Context, Finding, Part, Where, analyser
from safecare.examine.late import ALONE, COMPILED, PROSE, acts, attaches, late
from safecare.formats.linear import linear
from safecare.model.text import say

SHOWN = (ALONE | {"pdf", "postscript"}) - {"lnk"}
"""Types that are only looked at or listened to."""
RUN = frozenset({"pe", "elf", "macho", "script", "swf", "html", "jar", "dex", "lnk", "class", "chm"})
BOXES = frozenset(
    {
        *("zip", "rar", "7z", "tar", "iso", "cab", "arj", "ole", "rtf", "ooxml", "odf", "ace", "lzh", "onenote"),
        *("gzip", "bzip2", "xz", "zstd", "lz4", "ar", "cpio", "pcap", "pcapng", "sqlite"),
    }
)
PACKAGES = frozenset({"ooxml", "odf", "jar", "apk", "zip"})
"""One thing: packages are archives."""
ARCHIVES = frozenset({"zip", "7z", "rar", "cab"})
PROGRAMS = frozenset({"pe", "elf", "macho", "script"})
MODULES = frozenset({"class", "wasm", "swf", "dex"})
INSTALLED = frozenset({*PACKAGES, "rar", "7z", "cab", "arj", "html", "elf", "pe"})
"""What stands behind or within programs that install something. An image of a disc has its mark at a fixed place:
what boots begins with plain machine code there (ECMA-119, 6.2.1), not with the head of a program."""
WAYS = {"run": 0.75, "box": 0.55, "shown": 0.55}
"""Weight by what the second thing is. Chosen: programs have no business there, archives are at times glued on."""
_CODE = re.compile(rb"(?i)<\?php\s|<script[\s>]|<html[\s>]|#!\s?/")


_LAUNCHES = linear(rb"(?i)j\x00?v\x00?m\x00?\.|j\x00?a\x00?v\x00?a\x00?(?:w|\.|h|_|-|\s)")
"""What a program holds that starts the Java archive behind it: the names of Java's machine, in either width."""


@analyser("polyglot", wants={ANY})
class Polyglots:
    """Tells what a part is besides what it is taken for."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield at most one finding, and what begins late in the part."""
        types = set(part.types)
        if "dicom" in types or not types:
            return
        begun = list(late(part.raw, part.types)) if len(types) > 1 else []
        way = _way(part, types, begun)
        if way:
            kinds = "+".join(part.types)
            why = say("A file is two things at once ({kinds}): who checks the one lets the other through.", kinds=kinds)
            where = Where(bytes=(begun[0][1], len(part.raw))) if begun else Where()
            yield Finding("file.polyglot", why, WAYS[way], where, kind="polyglot")
        for kind, at in begun:
            carried = kind in ARCHIVES and (part.types[0] in COMPILED or part.types[0] == "pdf")
            if kind not in ("html", "script") and not carried:  # pages are read from the whole part, those by `inside`
                context.budget.take(len(part.raw) - at, f"byte {at}")
                yield part.child(f"{kind}-{at}", part.raw[at:], origin="file.behind")


def _way(part: Part, types: set[str], begun: list[tuple[str, int]]) -> str:
    """Return by what the second thing is dangerous, if the part is two things; else nothing."""
    raw, main = part.raw, part.types[0]
    boxes = types & BOXES
    if main in PROGRAMS:
        return _with_program(part, types, begun)
    if main == "pdf" and boxes & PACKAGES and not boxes - PACKAGES and not _whole_zip(raw) and attaches(raw):
        boxes = set()  # an archive that a document carries
    if types & SHOWN or main in ALONE:
        return _with_shown(raw, main, types, boxes)
    if main in PROSE:
        if main == "rtf" and types & {"html", "script"}:
            return "run"
        return "box" if boxes - {main, "rtf"} else ""
    if main in BOXES | PACKAGES | MODULES:
        if (types - {main, "jar"}) & RUN:
            return "run"
        return "box" if len(boxes - PACKAGES) + bool(boxes & PACKAGES) > (main not in MODULES) else ""
    return ""


def _with_shown(raw: bytes, main: str, types: set[str], boxes: set[str]) -> str:
    if (types - {main}) & RUN or (types & RUN and main not in RUN):
        return "run"
    if boxes:
        return "box"
    if "pdf" in types and (len(types & SHOWN) > 1 or main in ALONE | PROSE | MODULES):
        return "shown"
    start = raw[:1024].find(b"%PDF-") if "pdf" in types else -1
    return "run" if start > 0 and _CODE.search(raw, 0, start) else ""


def _with_program(part: Part, types: set[str], begun: list[tuple[str, int]]) -> str:
    """Tell what no installer does: a document or tape in front, an archive between its heads, a page that acts."""
    main = part.types[0]
    second = int.from_bytes(part.raw[60:64] if main == "pe" else part.raw[32:36], "little")
    if main in ("pe", "elf") and any(at < second for _, at in begun):
        return "box"
    if main != "script" and "jar" in types and not _LAUNCHES.search(part.raw, 0, part.raw.find(b"PK\x03\x04")):
        return "run"
    if "script" in types - {main} or any(kind == "html" and acts(part.raw, at) for kind, at in begun):
        return "run"
    return "box" if types & (BOXES | SHOWN) - INSTALLED else ""


def _whole_zip(raw: bytes) -> bool:
    """Tell whether the archive's end is the file's: one that a document carries has the document's end behind it."""
    at = raw.rfind(b"PK\x05\x06")
    comment = int.from_bytes(raw[at + 20 : at + 22], "little") if at >= 0 else 0
    return at >= 0 and 0 <= len(raw) - (at + 22 + comment) <= 2
