"""What a file is called against what it is, and what it may be where it was found.

A program is no alarm by itself: hospitals keep thousands. In a mail, in a document or behind a false name it is.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from safecare.examine.api import ANY, Context, Finding, Part, analyser
from safecare.examine.types import ending
from safecare.formats.extent.programs import is_signed
from safecare.formats.wording import has_bidi
from safecare.model.text import Text, say

PROGRAMS = frozenset("pe elf macho dex jar apk chm swf java-class msi".split())
"""Types that run as they are."""
_RUNS = {
    "program": "exe scr com pif cpl msi msix appx appxbundle msp gadget application jar xll wll dll ocx".split(),
    "script": "js jse vbs vbe wsf wsh hta ps1 psm1 bat cmd sct reg scf slk iqy settingcontent-ms py sh".split(),
    "shortcut": "lnk url website library-ms searchconnector-ms desktop".split(),
    "image": "iso img vhd vhdx udf wim".split(),
    "notebook": "one onepkg".split(),
}
RUNS = {one: kind for kind, endings in _RUNS.items() for one in endings}
"""What a double click on a name does, by ending."""
IMAGES = frozenset("iso disc vhd vdi vmdk qcow wim".split())
"""Types of images of discs."""
_ADD_INS = frozenset("ppam ppa xlam xla xll wll".split())
"""Endings of what Office loads as a part of itself: nobody mails one but who wants it to run."""
_DISGUISED = {"pif": 0.75, "scr": 0.5, "xll": 0.5, "wll": 0.5, "cpl": 0.3}
"""Weight of programs under endings by which they pass for something else, without a signature.

Chosen: makers sign what they hand out as screen savers and add-ins; old drivers bring controls unsigned."""
_READS = frozenset(
    "pdf doc docx xls xlsx ppt pptx txt jpg jpeg png gif csv rtf odt ods mp3 mp4 avi htm html dcm xml".split()
)
"""Endings of what people read, look at or listen to."""
_PACKED = frozenset("zip rar 7z tar gz tgz cab".split())
"""Endings of archives: who opens them expects a list of files. Self-extracting ones are called programs."""
_WRITTEN = frozenset({"xml"})
"""Endings that programmers set before others (``model.xml.js``) and nobody opens by a double click."""
_CARRIED: dict[str, tuple[float, Text]] = {
    "program": (0.8, say("A program came by mail.")),
    "script": (0.75, say("A script came by mail.")),
    "shortcut": (0.75, say("A shortcut came by mail.")),
    "image": (0.6, say("A disk image came by mail.")),
    "notebook": (0.35, say("A notebook file came by mail, which can carry programs.")),
}
_SHELL = (0.3, say("A shell script came by mail, which no double click runs on Windows."))
"""Instead of ``script``. Weight chosen: administrators and programmers send them, and it takes them to run one."""
_ARCHIVES = ("archive.", "zip.", "stream.", "mail.", "msg.", "installer.")
_EMBEDDED = re.compile(r"(?i)(?:word|xl|ppt|visio)/(?:embeddings|activex|media)/|object[\w ]{0,40}/")
"""Folders of documents for the files that they hold: [ECMA-376] part 1, 15.2; OpenDocument's objects."""
_SPACES = re.compile(r"\s{8,}\.?\w{1,5}$")


@analyser("name", wants={ANY})
class Names:
    """Judges name against content, and content against where it was found."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what does not fit."""
        kind = _runs(part)
        yield from _disguises(part, kind)
        if context.mail and kind in _CARRIED and part.depth:
            shell = kind == "script" and ending(part.name) == "sh"
            weight, why = _SHELL if shell else _CARRIED[kind]
            yield Finding("carried.shell" if shell else f"carried.{kind}", why, weight, kind="carried")
        elif context.mail and part.depth and part.name and part.raw == b"" and RUNS.get(ending(part.name)) in _CARRIED:
            weight, why = _CARRIED[RUNS[ending(part.name)]]
            yield Finding(f"carried.{RUNS[ending(part.name)]}", why, weight, kind="carried")
        if context.mail and part.depth and kind != "program" and ending(part.name) in _ADD_INS:
            yield Finding("carried.program", say("A program came by mail."), 0.6, kind="carried")
        disguised = _DISGUISED.get(ending(part.name), 0.0) if "pe" in part.types and not is_signed(part.raw) else 0.0
        if disguised:
            why = say("A program without a signature is called a screen saver, an add-in or a control.")
            yield Finding("name.disguised", why, disguised, kind="name")
        embedded = part.origin == "zip.member" and _EMBEDDED.match(part.name) is not None
        inside = part.depth and (embedded or not part.origin.startswith(_ARCHIVES))
        opens = embedded or part.origin.endswith((".package", ".attachment", ".file", ".block"))
        if inside and (kind == "program" or (opens and kind in ("shortcut", "script"))):
            why = say("A program, script or shortcut is hidden inside a file of another kind.")
            yield Finding("hidden.program", why, 0.9, kind="hidden")


def _runs(part: Part) -> str:
    """Return what a double click on the part does: ``program``, ``script``, ``shortcut``, ``image``, ``notebook``."""
    if set(part.types) & PROGRAMS:
        return "program"
    if "lnk" in part.types or "url" in part.types or "desktop" in part.types:
        return "shortcut"
    if IMAGES & set(part.types):
        return "image"
    if "onenote" in part.types:
        return "notebook"
    found = RUNS.get(ending(part.name), "")
    return found if found == "script" and "script" in part.types else ""


def _disguises(part: Part, kind: str) -> Iterator[Finding]:
    name = part.name
    if not name:
        return
    last = ending(name)
    if has_bidi(name):
        yield Finding("name.reversed", say("The name of a file is written to be read backwards."), 0.8, kind="name")
    before = ending(PurePosixPath(name.replace("\\", "/").rstrip(". ")).stem)
    if (
        before in _READS - _WRITTEN
        and (RUNS.get(last) in ("program", "script", "shortcut") or kind in ("program", "shortcut"))
        and last != before
    ):
        yield Finding(
            "name.double", say("The name of a file hides its real kind behind a second ending."), 0.8, kind="name"
        )
    if _SPACES.search(name):
        yield Finding("name.spaces", say("The name of a file pushes its ending out of sight."), 0.7, kind="name")
    if last in _PACKED and part.types[:1] in (("pe",), ("elf",), ("macho",)):
        yield Finding("name.false", say("A program is named like an archive."), 0.75, kind="name")
    if part.origin == "disc.stream" and kind in ("program", "shortcut", "script"):
        why = say("A program, script or shortcut stands in a second stream of a file, which no folder shows.")
        yield Finding("name.stream", why, 0.75, kind="name")
    if last in _READS and kind in ("program", "shortcut") and "zip" not in part.types and "dicom" not in part.types:
        yield Finding("name.false", say("A program is named like a document or picture."), 0.75, kind="name")
