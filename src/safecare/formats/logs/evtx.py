"""Windows event log files (EVTX). The parser is the Rust crate `evtx`; a chunk that is broken does not end the file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from safecare.formats.logs.record import LogRecord, Read, Unread, read_time
from safecare.formats.logs.windows import windows_fields

MAGIC = b"ElfFile\x00"
"""First bytes of an EVTX file (libevtx documentation, 3.1)."""
HEADER, CHUNK = 4096, 65536
"""Bytes of the header and of each chunk; the header tells at 42 how many there are (libevtx documentation, 3)."""
FAULTS = 200
"""Broken chunks after which a file is given up (chosen: 13 MB of nothing but broken ones)."""

_decoder = msgspec.json.Decoder()


def read_evtx(file: BinaryIO) -> Iterator[Read]:
    """Yield the records of `file`, and what of it can't be read."""
    from evtx import PyEvtxParser

    cut = _cut(file)
    try:
        records = PyEvtxParser(file, number_of_threads=1).records_json()
    except (OSError, RuntimeError, ValueError) as error:
        yield Unread("byte 0", f"no event log: {error}")
        return
    faults = 0
    last = 0
    while True:
        try:
            found: Any = next(records)
        except StopIteration:
            if cut:
                yield Unread(f"after record {last}", cut)
            return
        except Exception as error:  # noqa: BLE001 - the parser tells broken chunks and records in several ways
            faults += 1
            yield Unread(f"after record {last}", str(error)[:300])
            if faults >= FAULTS:
                yield Unread(f"after record {last}", f"given up after {faults} broken parts")
                return
            continue
        try:
            last, data = found["event_record_id"], found["data"]
            value = _decoder.decode(data)
            fields = windows_fields(value) if isinstance(value, dict) else None
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            yield Unread(f"record {last}", str(error)[:300])
            continue
        if fields is None:
            yield Unread(f"record {last}", "has no System part")
            continue
        at, own = fields.get("SystemTime"), fields.get("EventRecordID")
        yield LogRecord(
            fields, own if isinstance(own, int) else last, 0, read_time(at) if isinstance(at, str) else None
        )


def _cut(file: BinaryIO) -> str:
    """Return in words that the file ends too early; empty if it does not. The parser says nothing of it."""
    head = file.read(HEADER)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    chunks, rest = divmod(max(0, size - HEADER), CHUNK)
    promised = int.from_bytes(head[42:44], "little")
    if chunks < promised:
        return f"the file is cut: {chunks} of its {promised} chunks are whole"
    return f"the file ends within a chunk, after {rest} of its {CHUNK} bytes" if rest and any(head) else ""
