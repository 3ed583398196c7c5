"""A log file of any known form: EVTX, JSON, syslog, CEF, Zeek's or a web server's, told by its first bytes."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, islice
from typing import BinaryIO

from safecare.formats.logs.cef import START
from safecare.formats.logs.evtx import MAGIC, read_evtx
from safecare.formats.logs.jsonlines import BLANK, WHOLE, json_record, lines_of, made, read_json
from safecare.formats.logs.record import Fields, LogRecord, Read, Unread
from safecare.formats.logs.syslog import SyslogError, read_syslog
from safecare.formats.logs.web import FIELD_LINE as W3C
from safecare.formats.logs.web import read_access, read_w3c
from safecare.formats.logs.zeek import FIELD_LINE as ZEEK
from safecare.formats.logs.zeek import read_zeek

HEAD = 4096
"""Bytes by which the form is told (chosen: one page)."""
PROBE = 20
"""Lines looked at to tell whether a file is syslog (chosen)."""


def read_log(file: BinaryIO, now: datetime | None = None) -> Iterator[Read]:
    """Yield the records of a log file, and what of it can't be read. `now` as for `read_syslog`. Raises `OSError`."""
    head = file.read(HEAD)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        yield from _packed(file, now)
        return
    start = head.lstrip(BLANK)
    if head.startswith(MAGIC):
        yield from read_evtx(file)
    elif head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raw = file.read(WHOLE)
        yield from read_log(io.BytesIO(raw.decode("utf-16", "replace").encode()), now)
    elif not start:
        yield Unread("byte 0", "the file is empty, or begins with nothing but blanks")
    elif start[:1] in (b"{", b"["):
        yield from read_json(file)
    elif start.startswith(b"#") and ZEEK in head:
        yield from read_zeek(lines_of(file))
    elif start.startswith(b"#") and W3C in head:
        yield from read_w3c(lines_of(file))
    elif b"\x00" in head:
        yield Unread("byte 0", "neither an event log (EVTX) nor text")
    else:
        yield from _lines(file, now)


def _packed(file: BinaryIO, now: datetime | None) -> Iterator[Read]:
    """Read a gzip file up to `WHOLE` unpacked bytes."""
    raw = b""
    try:
        with gzip.GzipFile(fileobj=file) as packed:
            raw = packed.read(WHOLE + 1)
    except (OSError, EOFError, zlib.error) as error:
        yield Unread("byte 0", f"can't be unpacked: {error}")
        return
    if raw.startswith(b"\x1f\x8b"):
        yield Unread("byte 0", "packed twice")
        return
    if len(raw) > WHOLE:
        yield Unread(f"byte {WHOLE}", f"unpacks to more than {WHOLE} bytes: the rest is not read")
    yield from read_log(io.BytesIO(raw[:WHOLE]), now)


def _lines(file: BinaryIO, now: datetime | None) -> Iterator[Read]:
    """Read a syslog or CEF message, a web request or JSON on each line; a file that begins with none is named once."""
    lines = lines_of(file)
    probe = list(islice(lines, PROBE))
    if not any(_known(one[1]) for one in probe if isinstance(one, tuple)):
        yield Unread("line 1", f"none of the first {PROBE} lines is JSON, syslog, CEF or a web server's")
        return
    for count, one in enumerate(chain(probe, lines), 1):
        yield one if isinstance(one, Unread) else _line(one[1], count, one[0], now)


def _line(raw: bytes, count: int, number: int, now: datetime | None) -> Read:
    if raw.startswith(b"{"):
        return json_record(raw, count, number)
    try:
        fields, at = _access(raw) or read_syslog(raw, now)
    except SyslogError as error:
        return Unread(f"line {number}", str(error), raw[:4096])
    own = made(fields, count, number)
    return LogRecord(own.fields, own.number, number, at)


def _access(raw: bytes) -> tuple[Fields, datetime | None] | None:
    return read_access(raw.decode("utf-8", "replace")) if b'] "' in raw else None


def _known(line: bytes) -> bool:
    if line.lstrip().startswith(b"{") or START.search(line.decode("utf-8", "replace")):
        return True
    try:
        return bool(_access(line) or read_syslog(line))
    except SyslogError:
        return False
