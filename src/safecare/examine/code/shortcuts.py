"""Shortcuts: Windows LNK, internet shortcuts, desktop entries, and notebooks that carry files.

Source: [MS-SHLLINK] 2.1-2.5; [MS-ONESTORE] 2.6.13 (FileDataStoreObject).
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, analyser
from safecare.formats.linear import linear
from safecare.formats.reach import is_here
from safecare.formats.wide import narrowed
from safecare.model.text import say

_STARTERS = re.compile(
    r"(?i)powershell|pwsh|cmd(?:\.exe)?|mshta|wscript|cscript|rundll32|regsvr32|certutil|bitsadmin|msiexec|forfiles|conhost|"
    r"curl|wmic|explorer\.exe\s+\\\\|finger|ssh\.exe|odbcconf|pcalua|hh\.exe"
)
_REACHES = re.compile(
    r"(?i)https?://|\\\\[\w.-]+\\|-enc?\b|frombase64|iex\b|downloadstring|javascript:|vbscript:|/c\s|-c(?:ommand)?\s|%\w+%\\|-w\s+h"
)
_WEB_SHARE = re.compile(r"(?i)\\\\[\w.-]+@(?:SSL|\d{2,5})(?:@\d{2,5})?\\|\\DavWWWRoot\\")
"""Paths by which Windows reaches files over HTTP ([MS-WDV]): within a house shares have no need of it."""
_NOTE_FILE = b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"
"""GUID {BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC} of a FileDataStoreObject."""
_NAME = linear(rb"((?:[\w .()-]\x00){1,80}\.\x00(?:\w\x00){2,4})\x00")
_JOB_WORDS = 70
"""Place of the first word of a planned task: behind the fixed part and the number of running instances."""
MOST_FILES = 200
"""Files of one notebook. Chosen: a notebook of a year holds some dozens."""


@analyser("lnk", wants={"lnk"})
class Lnk:
    """Judges where a Windows shortcut leads and with which words."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield what it starts."""
        words = " ".join(strings(part.raw))
        if _WEB_SHARE.search(words):
            why = say("A shortcut leads to a share that lies on a web server.")
            yield Finding("shortcut.foreign", why, 0.7, kind="shortcut")
        if _STARTERS.search(words) and _REACHES.search(words):
            yield Finding(
                "shortcut.starts", say("A shortcut starts a program with commands of its own."), 0.85, kind="shortcut"
            )
        elif _STARTERS.search(words) or len(words) > 1000:
            yield Finding(
                "shortcut.starts", say("A shortcut starts a program with commands of its own."), 0.5, kind="shortcut"
            )
        if len(part.raw) > 64 * 1024:
            yield Finding(
                "shortcut.large", say("A shortcut carries far more than shortcuts need."), 0.5, kind="shortcut.size"
            )


@analyser("job", wants={"job"})
class Jobs:
    """Judges what a task of Windows' scheduler starts ([MS-TSCH] 2.4: program and parameters behind the fixed part)."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield at most one finding."""
        place, words = _JOB_WORDS, []
        for _ in range(3):  # program, parameters, folder
            count = int.from_bytes(part.raw[place : place + 2], "little")
            words.append(part.raw[place + 2 : place + 2 + 2 * count].decode("utf-16-le", "replace").rstrip("\0"))
            place += 2 + 2 * count
        text = " ".join(words)
        if _STARTERS.search(text) and _REACHES.search(text):
            why = say("A planned task starts a program with commands of its own.")
            yield Finding("shortcut.starts", why, 0.75, kind="shortcut")


def strings(raw: bytes) -> list[str]:
    """Return the texts of a shortcut: name, path, folder, arguments, icon, and its local path."""
    if len(raw) < 76:
        return []
    flags = struct.unpack_from("<I", raw, 20)[0]
    place, found = 76, []
    if flags & 1 and place + 2 <= len(raw):
        place += 2 + struct.unpack_from("<H", raw, place)[0]
    if flags & 2 and place + 4 <= len(raw):
        size = struct.unpack_from("<I", raw, place)[0]
        found.append(raw[place : place + min(size, 4096)].decode("latin-1"))
        place += size
    for bit in (4, 8, 16, 32, 64):
        if flags & bit and place + 2 <= len(raw):
            count = struct.unpack_from("<H", raw, place)[0]
            wide = 2 if flags & 128 else 1
            found.append(
                raw[place + 2 : place + 2 + count * wide].decode("utf-16-le" if wide == 2 else "latin-1", "replace")
            )
            place += 2 + count * wide
    return found


@analyser("url", wants={"url", "desktop"})
class Links:
    """Judges internet shortcuts and desktop entries."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield where they lead."""
        raw = narrowed(part.raw)
        targets = (one[1].decode("utf-8", "replace") for one in _URL.finditer(raw))
        if any(map(_leads_away, targets)):
            yield Finding(
                "shortcut.foreign",
                say("An internet shortcut leads to a file or a program on a foreign server."),
                0.75,
                kind="shortcut",
            )
        if _SHARED.search(raw):
            yield Finding(
                "shortcut.foreign",
                say("An internet shortcut leads to a file or a program on a foreign server."),
                0.6,
                kind="shortcut",
            )
        if any(_SHELL.search(one[1]) and _FROM.search(one[1]) for one in _EXEC.finditer(raw)):
            yield Finding(
                "shortcut.starts", say("A shortcut starts a program with commands of its own."), 0.75, kind="shortcut"
            )


_URL = linear(rb"(?im)^[ \t]*URL[ \t]*=[ \t]*(\S[^\r\n]*)")
_SHARED = linear(rb"(?im)^[ \t]*(?:IconFile|WorkingDirectory)[ \t]*=[ \t]*(?:\\\\|file:)")
_EXEC = linear(rb"(?im)^[ \t]*Exec[ \t]*=[ \t]*(\S[^\r\n]*)")
_SHELL = linear(rb"(?i)\b(?:curl|wget|base64|nc|python\d?\s+-c|bash\s+-c|sh\s+-c)\b")
_FROM = linear(rb"https?://|base64|/dev/tcp")
_ACTS = re.compile(r"(?i)javascript:|vbscript:|data:|search(?:-ms)?:|ms-|mhtml:|smb:|.{0,300}(?:@SSL|!x-usc:)")
_HOST = re.compile(r"(?i)(?:file:[/\\]{0,5}|\\\\)([^/\\]{0,253})")


def _leads_away(target: str) -> bool:
    """Tell whether a link acts, or leads to a file of a server that is not within the house."""
    if _ACTS.match(target):
        return True
    found = _HOST.match(target)
    host = found[1].encode("utf-8", "replace") if found else b""
    return bool(found) and not re.match(rb"(?:[A-Za-z][:|]|%|localhost$|$)", host) and not is_here(host)


@analyser("onenote", wants={"onenote"})
class OneNote:
    """Unpacks the files that a notebook carries."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield the files."""
        place, count = 0, 0
        names = _names(part.raw)
        while (place := part.raw.find(_NOTE_FILE, place)) >= 0:
            if count >= MOST_FILES:
                raise LimitError("members", "notebook")
            if place + 36 > len(part.raw):
                return
            size = struct.unpack_from("<Q", part.raw, place + 16)[0]
            data = part.raw[place + 36 : place + 36 + min(size, len(part.raw))]
            place += 36
            if not size or size > len(part.raw):
                continue
            count += 1
            context.budget.take(len(data), f"file {count}")
            name = names[count - 1] if count <= len(names) else ""
            yield part.child(name or f"file-{count}", data, origin="onenote.file")
            if re.match(
                rb"(?i)\s*(?:<script|<hta|<job|@echo|set |wscript|dim |var |function |powershell|\xef\xbb\xbf@?echo)",
                data,
            ) or (name and re.search(r"(?i)\.(?:hta|js|jse|vbs|wsf|bat|cmd|ps1|lnk|exe|scr)$", name)):
                why = say("A program, script or shortcut is hidden inside a file of another kind.")
                yield Finding("hidden.program", why, 0.85, kind="hidden")


def _names(raw: bytes) -> list[str]:
    """Return the names of the files as far as the notebook tells them plainly, in its order."""
    found = itertools.islice(_NAME.finditer(raw[: 4 << 20]), MOST_FILES)
    return [one[1].decode("utf-16-le", "replace").strip() for one in found]
