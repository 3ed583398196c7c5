"""Files that are two things at once: a picture or document here, a program, page or archive there.

Whoever checks one of them lets the other through. Source: A. Albertini, "Corkami" and "Mitra" (how such files are
built); Koch et al., "On the Abuse and Detection of Polyglot Files" (WWW 2025: 30 of them in 15 attack chains). Programs
that carry archives (installers) and packages that are archives are what they say; DICOM has an analyser of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import ANY, Context, Finding, Part, Where, analyser
from safecare.model.text import say

SHOWN = frozenset({"pdf", "png", "jpeg", "gif", "tiff", "webp", "wav", "avi", "mp4", "flac", "ogg", "psd", "jp2"})
"""Types that are only looked at or listened to. Those whose mark is two letters (BMP) are left out: met by chance."""
RUN = frozenset({"pe", "elf", "macho", "script", "swf", "html", "jar", "dex", "lnk"})
BOXES = frozenset({"zip", "rar", "7z", "tar", "iso", "cab", "ole", "rtf", "ooxml", "odf", "ace", "lzh"})
WAYS = {"run": 0.75, "box": 0.55, "shown": 0.55}
"""Weight by what the second thing is. Chosen: programs have no business there, archives are at times glued on."""
_END = {
    "png": re.compile(rb"IEND\xaeB`\x82"),
    "gif": re.compile(rb"\x00;(?=MZ|PK\x03\x04|Rar!\x1a\x07|7z\xbc\xaf|%PDF-|<\?php|<script|<html|\x7fELF|#!/)"),
    "jpeg": re.compile(rb"\xff\xd9(?=MZ|PK\x03\x04|Rar!\x1a\x07|7z\xbc\xaf|%PDF-|<\?php|<script|<html|\x7fELF|#!/)"),
}
"""Where a picture ends, and what then begins where nothing should."""
_BEGINS = re.compile(rb"\s{0,16}(MZ|PK\x03\x04|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|%PDF-|<\?php|<script|<html|\x7fELF|#!/)")
_CODE = re.compile(rb"(?i)<\?php\s|<script[\s>]|<html[\s>]|#!\s?/")
_SCRIPT_HEAD = {"gif": (6, b"/*"), "jpeg": (4, b"/*"), "bmp": (2, b"/*")}
"""Place of a number in the head of pictures that begins a script's comment: width, length of a segment, size."""


@analyser("polyglot", wants={ANY})
class Polyglots:
    """Tells what a part is besides what it is taken for."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield at most one finding, and what stands behind the end of a picture."""
        types = set(part.types)
        shown = [one for one in part.types if one in SHOWN]
        if "dicom" in types or not (shown or "bmp" in types):
            return
        raw, main = part.raw, part.types[0]
        other = _second(raw, types, shown)
        if other:
            kinds = "+".join(dict.fromkeys((*part.types, *([other[1]] if other[1] not in types else []))))
            yield _told(kinds, other[0])
            return
        mark = _SCRIPT_HEAD.get(main)
        if mark and raw[mark[0] : mark[0] + 2] == mark[1] and b"*/" in raw:
            yield _told(f"{main}+script", "run")
            return
        yield from _behind(part, main, context)


def _told(kinds: str, way: str) -> Finding:
    why = say("A file is two things at once ({kinds}): who checks the one lets the other through.", kinds=kinds)
    return Finding("file.polyglot", why, WAYS[way], kind="polyglot")


def _second(raw: bytes, types: set[str], shown: list[str]) -> tuple[str, str] | None:
    """Return way and type of the second thing that a part is, if it is one."""
    if run := sorted(types & RUN):
        return "run", run[0]
    boxes = types & BOXES
    if boxes == {"zip"} and not _whole_zip(raw):
        boxes = set()
    if boxes:
        return "box", min(boxes)
    if len(shown) > 1 and "pdf" in shown:
        return "shown", "pdf"
    start = raw[:1024].find(b"%PDF-") if shown == ["pdf"] else -1
    if start > 0:
        if _CODE.search(raw, 0, start):
            return "run", "html"
        if raw[:start].lstrip().startswith(b"/*") and b"*/" in raw[-4096:]:
            return "run", "script"
    return None


def _whole_zip(raw: bytes) -> bool:
    """Tell whether the archive's end is the file's: one that a document carries has the document's end behind it."""
    at = raw.rfind(b"PK\x05\x06")
    comment = int.from_bytes(raw[at + 20 : at + 22], "little") if at >= 0 else 0
    return at >= 0 and 0 <= len(raw) - (at + 22 + comment) <= 2


def _behind(part: Part, main: str, context: Context) -> Iterator[Finding | Part]:
    """Yield what begins behind the end of a picture."""
    pattern = _END.get(main)
    found = pattern.search(part.raw) if pattern else None
    rest = part.raw[found.end() :] if found else b""
    begins = _BEGINS.match(rest[:64])
    if not found or not begins:
        return
    way = "box" if begins[1][:2] in (b"PK", b"Ra", b"7z", b"%P") else "run"
    where = Where(bytes=(found.end(), len(part.raw)))
    why = say("Something else begins where a picture ends.")
    yield Finding("file.polyglot", why, WAYS[way], where, kind="polyglot")
    context.budget.take(len(rest), "behind a picture")
    yield part.child("behind", rest, origin="picture.behind")
