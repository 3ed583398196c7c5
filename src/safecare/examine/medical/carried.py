"""Files that a health record carries: judged by what they must never be, then handed on."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, Part, Where
from safecare.examine.medical import commands, payload
from safecare.examine.medical.spelled import spelled
from safecare.examine.types import recognise
from safecare.formats.embedded import Embedded
from safecare.model.text import say

_WBITS = {"DF": (-15, 15), "ZL": (15, -15), "GZ": (31, 15)}
"""How zlib reads each compression of CDA (HL7 V3 data types, CompressionAlgorithm); senders mix up the first two."""
_TEXTUAL = 4096
"""Bytes that decide whether a file is text."""
_PROGRAMS = re.compile(
    r"(?i)(?:application|text)/(?:x-)?(?:ms-?download|dosexec|msdos-program|ms-?dos-executable|executable|elf|sh|shellscript|"
    r"msi|bat|ms-shortcut|vnd\.microsoft\.portable-executable|hta|vbscript|powershell)\b"
)
"""Media types of programs: no record has a use for one, whatever its bytes are."""
_RUNS = frozenset({"text/html", "text/xhtml", "application/xhtml+xml"})


def carried(part: Part, one: Embedded, context: Context, *, twice: bool = False) -> Iterator[Finding | Part]:
    """Yield what the embedded file `one` is, and the file itself."""
    where = Where(part.path, one.place, (one.start, one.end))
    raw = one.raw
    if one.compression in _WBITS:
        unpacked = _inflated(raw, one, context)
        if unpacked is None:
            why = say("A document is not packed as it says ({name}): no reader can open it.", name=one.compression)
            yield Finding("record.packed", why, 0.1, where)
        raw = unpacked or raw
    begun = payload.begins(raw)
    if begun and begun[1] in (payload.PROGRAM, payload.SCRIPT):
        why = say(
            "The record carries a file that runs ({kind}), declared as {media}.", kind=begun[0], media=one.media or "-"
        )
        yield Finding(f"record.carries.{begun[1]}", why, 0.95, where)
    elif payload.EICAR in raw[:_TEXTUAL]:
        yield Finding("record.carries.eicar", say("The record carries the EICAR test file."), 0.95, where)
    elif _is_page(raw, one.media):
        why = say("The record carries a page with a script, declared as {media}.", media=one.media or "-")
        yield Finding("record.carries.page", why, 0.7, where)
    elif _PROGRAMS.match(one.media.replace("^", "/")):
        why = say("The record carries a file that it calls a program ({media}).", media=one.media)
        yield Finding("record.carries.named", why, 0.6, where)
    if twice:
        why = say("A document stands twice under one name: readers differ on which one counts.")
        yield Finding("record.twice", why, 0.6, where)
    types = ("zlib",) if payload.zlib_packed(raw[:512]) else ()
    if not begun and not types and not one.compression and recognise(Part(raw)) == ("data",):
        types = ("deflate",) if payload.inflates(raw[:512], -15) else ()
    yield part.child(one.place, raw, media=one.media, origin="record.document", types=types)


def in_plain(part: Part, text: bytes, start: int, between: bytes = b"") -> Iterator[Finding | Part]:
    """Yield files that stand coded in plain values of `text`, which begins at `start`; `between` as for `spelled`."""
    for low, high, inner in coded(text, between):
        where = Where(part.path, "text", (start + low, start + high))
        yield Finding("record.coded", say("A plain value holds a file, spelled in letters."), 0.4, where)
        yield part.child("text", inner, origin="record.document")


def coded(text: bytes, between: bytes = b"") -> Iterator[tuple[int, int, bytes]]:
    """Yield (start, end, bytes) of files that stand in letters in `text`: as Base64, hexadecimal, or otherwise."""
    ends: list[tuple[int, int]] = []
    for low, high, inner in payload.coded(text):
        ends.append((low, high))
        yield low, high, inner
    for low, high, inner in spelled(text, between):
        if not any(start < high and low < end for start, end in ends):
            yield low, high, inner


def _inflated(raw: bytes, one: Embedded, context: Context) -> bytes | None:
    """Return the unpacked file; None where it is not packed so. Raises `LimitError`."""
    for wbits in _WBITS[one.compression]:
        try:
            zlib.decompressobj(wbits).decompress(raw[:512], 64)
        except zlib.error:
            continue
        return context.budget.inflate(raw, one.place, wbits)
    return None


def _is_page(raw: bytes, media: str) -> bool:
    """Tell whether this is a page (not another record, whose own analyser judges it) that runs a script."""
    head = raw[:_TEXTUAL].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    page = head.startswith((b"<html", b"<!doctype html", b"<script", b"<svg", b"<body", b"<head"))
    return (page or media.lower() in _RUNS) and any(commands.scripted(raw))
