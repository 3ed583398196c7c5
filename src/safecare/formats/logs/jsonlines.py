"""Records as JSON: one on each line, or one after the other over several lines, or in one list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO

import msgspec

from safecare.formats.logs.record import Fields, LogRecord, Read, Unread, flat
from safecare.formats.logs.windows import FORMS, windows_fields

LINE = 1 << 20
"""Longest record, bytes (chosen: the largest audit records have some 100 kB)."""
WHOLE = 256 << 20
"""Most bytes of JSON that does not stand line by line (chosen: it must be in memory as a whole)."""
BLANK = b" \t\r\n\xef\xbb\xbf"
"""Bytes around a record that say nothing: blanks, line ends, the mark at the start of some files."""
WRAPPERS = ("_source", "result", "log")
"""Under which exports of Elasticsearch, Splunk and container runtimes put the record."""
ODD = FORMS.union(WRAPPERS)
"""Names without which a record is as flat as it looks."""

LISTS = ("Records", "records", "value")
"""Under which AWS (CloudTrail), Azure (diagnostic settings) and Microsoft Graph put a list of records."""

_OPENING = re.compile(rf"""\{{\s*(?:"@odata\.[^"]*"\s*:\s*"[^"]*"\s*,\s*)*"(?:{"|".join(LISTS)})"\s*:\s*\[""")

_decoder = msgspec.json.Decoder()
_text = json.JSONDecoder()


class NoRecordError(ValueError):
    """JSON that is no object, but what `kind` says."""

    def __init__(self, kind: str) -> None:
        """Name the kind."""
        super().__init__(f"a record must be an object, not {kind}")


def json_fields(value: Any) -> Fields:
    """Return the flat fields of one record. Raises `ValueError`."""
    if type(value) is not dict:
        raise NoRecordError(type(value).__name__)
    if ODD.isdisjoint(value):
        return flat(value)
    for name in WRAPPERS:
        inner = value.get(name)
        if isinstance(inner, dict) and (name == "_source" or len(value) == 1):
            value = inner
    return windows_fields(value) or flat(value)


def read_json(file: BinaryIO) -> Iterator[Read]:
    """Yield the records of `file`, and what of it can't be read. One record on each line is the usual form."""
    lines = lines_of(file)
    first = next(lines, None)
    if first is None:
        return
    if isinstance(first, Unread) or first[1].startswith(b"[") or not _is_json(first[1]):
        file.seek(0)
        raw = file.read(WHOLE + 1)
        if len(raw) > WHOLE:
            yield Unread(f"byte {WHOLE}", f"JSON that is not line by line is read up to {WHOLE} bytes")
        yield from _list(raw) if raw.lstrip(BLANK).startswith(b"[") else _spread(raw)
        return
    if _listed(_decoder.decode(first[1])) is not None:
        yield from _lists(chain((first,), lines))
        return
    for number, one in enumerate(chain((first,), lines), 1):
        yield one if isinstance(one, Unread) else json_record(one[1], number, one[0])


def _listed(value: Any) -> list[Any] | None:
    """Return the records of a list that stands under a name of `LISTS`, None if `value` is no such thing."""
    if type(value) is dict:
        own = [name for name in value if not name.startswith("@odata.")]
        if len(own) == 1 and own[0] in LISTS and isinstance(some := value[own[0]], list):
            return some
    return None


def _lists(lines: Iterable[tuple[int, bytes] | Unread]) -> Iterator[Read]:
    """Read lines each of which holds a list of records."""
    number = 0
    for one in lines:
        if isinstance(one, Unread):
            yield one
            continue
        try:
            value = _decoder.decode(one[1])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield Unread(f"line {one[0]}", str(error)[:300], one[1])
            continue
        for read in _records(value, number, one[0]):
            number += 1
            yield read


def _records(value: Any, number: int, line: int) -> Iterator[Read]:
    """Yield the record that `value` is, or those that it lists; `number` records stand before."""
    listed = _listed(value)
    for count, one in enumerate([value] if listed is None else listed, number + 1):
        try:
            yield made(json_fields(one), count, line)
        except ValueError as error:
            yield Unread(f"line {line}", str(error)[:300])


def lines_of(file: BinaryIO) -> Iterator[tuple[int, bytes] | Unread]:
    """Yield number and bytes of each line that is not blank; one that is too long is passed over and told."""
    number = 0
    while raw := file.readline(LINE):
        number += 1
        if len(raw) == LINE and not raw.endswith(b"\n"):
            size = len(raw)
            while (more := file.readline(LINE)) and not more.endswith(b"\n"):
                size += len(more)
            yield Unread(f"line {number}", f"{size + len(more)} bytes are over the limit of {LINE}")
        elif bare := raw.strip(BLANK):
            yield number, bare


def json_record(bare: bytes, number: int, line: int) -> Read:
    """Return the record on one line, or why it can't be read."""
    try:
        fields = json_fields(_decoder.decode(bare))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return Unread(f"line {line}", str(error)[:300], bare)
    return made(fields, number, line)


def made(fields: Fields, number: int, line: int) -> LogRecord:
    """Return the record of `fields`; a Windows event keeps its own number."""
    own = fields.get("EventRecordID")
    if isinstance(own, str) and own.isdecimal():
        own = int(own[:18])
    return LogRecord(fields, own if isinstance(own, int) else number, line)


def _is_json(line: bytes) -> bool:
    try:
        _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _list(raw: bytes) -> Iterator[Read]:
    """Read one list of records; where it is cut, those before the cut."""
    start = raw.lstrip(BLANK)
    try:
        values = _decoder.decode(start)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield from _spread(start[1:], inside=True)
        return
    for number, value in enumerate(values, 1):
        try:
            yield made(json_fields(value), number, 0)
        except ValueError as error:
            yield Unread(f"record {number}", str(error)[:300])


def _spread(raw: bytes, *, inside: bool = False) -> Iterator[Read]:
    """Read objects that stand one after the other over several lines, and go on at the next after a broken one."""
    text = raw.decode("utf-8", "replace")
    at, number, line, counted = 0, 0, 1, 0
    while True:
        skip = " \t\r\n,\ufeff" if inside else " \t\r\n\ufeff"
        while at < len(text) and text[at] in skip:
            at += 1
        if at >= len(text) or (inside and text[at] == "]"):
            return
        line += text.count("\n", counted, at)
        counted = at
        try:
            value, end = _text.raw_decode(text, at)
            if not isinstance(value, dict):
                raise NoRecordError(type(value).__name__)
            for read in _records(value, number, line):
                number += 1
                yield read
            at = end
        except (ValueError, RecursionError) as error:
            if opening := _OPENING.match(text, at):  # a list of records that is cut: those before the cut are whole
                at, inside = opening.end(), True
                continue
            number += 1
            after = text.find("\n{", at + 1)
            yield Unread(f"line {line}", str(error)[:300], text[at : after if after > 0 else at + LINE].encode()[:LINE])
            if after < 0:
                return
            at = after + 1
