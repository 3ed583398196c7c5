"""DICOMDIR: files that lie outside of the set or run, and records that lead back to themselves.

Source: PS3.10 section 8.5 (File IDs), PS3.3 F.3.2.2 (a record names the next one and the first one below it by offset:
a reader that follows a ring never ends); CVE-2026-32711.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import Finding, Part, Where
from safecare.formats.dicom import Dicom, Element, shown
from safecare.formats.dicom.model import ITEM
from safecare.model.text import say

FILE_ID = 0x00041500
_RECORDS, _ROOT, _NEXT, _LOWER = 0x00041220, 0x00041200, 0x00041400, 0x00041420
"""Directory Record Sequence; offsets of the first record, of the next one, of the first one below."""
_DEVICE = re.compile(rb"(?i)(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\.[^\\/]*)?")
"""Names that Windows opens as a device, in any folder."""
_RUNS = re.compile(rb"(?i)\.(?:exe|dll|scr|com|bat|cmd|ps1|vbs|jse?|hta|msi|lnk|jar|sh|inf)$")


def file_id(part: Part, found: Dicom, one: Element, where: Where) -> Iterator[Finding]:
    """Yield what is wrong with the name of a file of the set."""
    raw = found.body[one.value : one.end].rstrip(b"\0 ")
    text = raw[:60].decode("latin-1")
    names = re.split(rb"[\\/]", raw)
    if (
        b".." in names
        or any(_DEVICE.fullmatch(each.strip()) for each in names)
        or raw[:1] in (b"/", b"\\")
        or b":" in raw
        or b"\0" in raw
    ):
        why = say("A file of the directory lies outside of it: {text}.", text=text)
        yield Finding("dicom.directory.path", why, 0.9, where)
    elif _RUNS.search(raw):
        why = say("The directory names a file that runs as one of its images: {text}.", text=text)
        yield Finding("dicom.directory.program", why, 0.7, where)


def directory(part: Part, found: Dicom) -> Iterator[Finding]:
    """Yield that records of a directory lead back to one before them."""
    sequence = next((at for at, one in enumerate(found.elements) if one.tag == _RECORDS and one.parent < 0), -1)
    if sequence < 0 or found.syntax.deflated:
        return
    items = {at: one.start for at, one in enumerate(found.elements) if one.tag == ITEM and one.parent == sequence}
    leads: dict[int, list[int]] = {start: [] for start in items.values()}
    for one in found.elements:
        if one.parent in items and one.tag in (_NEXT, _LOWER) and one.length == 4:
            to = int.from_bytes(found.body[one.value : one.end], "big" if found.syntax.big else "little")
            if to in leads:
                leads[items[one.parent]].append(to)
    reached: dict[int, int] = dict.fromkeys(leads, 0)
    for pointers in leads.values():
        for to in pointers:
            reached[to] += 1
    free = [start for start, count in reached.items() if not count]
    done = 0
    while free:  # records that nothing leads to, then what only they led to: what is left stands in a ring
        done += 1
        for to in leads[free.pop()]:
            reached[to] -= 1
            if not reached[to]:
                free.append(to)
    if done < len(leads):
        why = say("Records of the directory lead back to themselves: a reader that follows them never ends.")
        yield Finding("dicom.directory.ring", why, 0.7, Where(part.path, shown(_RECORDS)))
