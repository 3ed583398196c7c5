"""Files that are two things at once: a picture or document here, a program, page or archive there.

Whoever checks one of them lets the other through. Source: A. Albertini, "Corkami" and "Mitra" (how such files are
built); Koch et al., "On the Abuse and Detection of Polyglot Files" (WWW 2025: 30 of them in 15 attack chains). Programs
that carry archives (installers) and packages that are archives are what they say; DICOM has an analyser of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import ANY, Context, Finding, Part, Where, analyser
from safecare.examine.late import ALONE, PROSE, acts, late
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
PROGRAMS = frozenset({"pe", "elf", "macho", "script"})
MODULES = frozenset({"class", "wasm", "swf", "dex"})
INSTALLED = frozenset({*PACKAGES, "rar", "7z", "cab", "arj", "html", "elf", "pe"})
"""What stands behind or within programs that install something. An image of a disc has its mark at a fixed place:
what boots begins with plain machine code there (ECMA-119, 6.2.1), not with the head of a program."""
WAYS = {"run": 0.75, "box": 0.55, "shown": 0.55}
"""Weight by what the second thing is. Chosen: programs have no business there, archives are at times glued on."""
_CODE = re.compile(rb"(?i)<\?php\s|<script[\s>]|<html[\s>]|#!\s?/")
_COMMENT = 16
"""Bytes at the start in which a script's comment may begin: widths and lengths of heads, the preamble of a document."""
_AFTER_COMMENT = linear(rb"\*/[\t\r\n -~]{8}")
"""What makes a comment's end one of a script: chance seldom writes eight letters behind it."""


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
            kinds = "+".join(dict.fromkeys((*part.types, *(["script"] if way == "comment" else []))))
            why = say("A file is two things at once ({kinds}): who checks the one lets the other through.", kinds=kinds)
            where = Where(bytes=(begun[0][1], len(part.raw))) if begun else Where()
            yield Finding("file.polyglot", why, WAYS.get(way, WAYS["run"]), where, kind="polyglot")
        for kind, at in begun:
            if kind not in ("html", "script"):  # those are read from the whole part
                context.budget.take(len(part.raw) - at, f"byte {at}")
                yield part.child(f"{kind}-{at}", part.raw[at:], origin="file.behind")


def _way(part: Part, types: set[str], begun: list[tuple[str, int]]) -> str:
    """Return by what the second thing is dangerous, if the part is two things; else nothing."""
    raw, main = part.raw, part.types[0]
    boxes = types & BOXES
    if main in PROGRAMS:
        return _with_program(part, types, begun)
    if main == "pdf" and boxes & PACKAGES and not boxes - PACKAGES and not _whole_zip(raw):
        boxes = set()  # an archive that a document carries
    if types & SHOWN or main in ALONE:
        return _with_shown(raw, main, types, boxes)
    if main in PROSE:
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
    if "pdf" in types and (len(types & SHOWN) > 1 or main in ALONE | PROSE):
        return "shown"
    return _by_comment(raw, types, main)


def _with_program(part: Part, types: set[str], begun: list[tuple[str, int]]) -> str:
    """Tell what no installer does: a document or tape in front, an archive between its heads, a page that acts."""
    main = part.types[0]
    second = int.from_bytes(part.raw[60:64] if main == "pe" else part.raw[32:36], "little")
    if main in ("pe", "elf") and any(at < second for _, at in begun):
        return "box"
    if "script" in types - {main} or any(kind == "html" and acts(part.raw, at) for kind, at in begun):
        return "run"
    return "box" if types & (BOXES | SHOWN) - INSTALLED else ""


def _by_comment(raw: bytes, types: set[str], main: str) -> str:
    """Tell the picture or document whose head begins a script's comment."""
    if "pdf" in types:
        start = raw[:1024].find(b"%PDF-")
        if start > 0 and _CODE.search(raw, 0, start):
            return "run"
        begun = b"/*" in raw[: max(start, 0)]
    else:
        begun = main in ALONE and b"/*" in raw[:_COMMENT]
    return "comment" if begun and _AFTER_COMMENT.search(raw) else ""


def _whole_zip(raw: bytes) -> bool:
    """Tell whether the archive's end is the file's: one that a document carries has the document's end behind it."""
    at = raw.rfind(b"PK\x05\x06")
    comment = int.from_bytes(raw[at + 20 : at + 22], "little") if at >= 0 else 0
    return at >= 0 and 0 <= len(raw) - (at + 22 + comment) <= 2
